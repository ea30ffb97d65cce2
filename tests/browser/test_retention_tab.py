"""The Likeness tab in a real Chromium: what a likeness means, the library as a check, and the latest report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import CALIBRATION, GREEN, RED, FakeFaces, fake_pack
from playwright.sync_api import Page, expect
from served import App, PatientGenerator, served
from test_accessibility import violations
from test_library_tab import saved

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.likeness import Calibration
from pipeline.variants import VariantMaker
from studio import Castbook, Models

Visit = Callable[..., Page]


def serve(store: LibraryStore, calibration: Calibration | None, reports: Path) -> Iterator[App]:
    pack, generator = fake_pack(calibration), PatientGenerator()
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)), (reports,))
    with served(castbook) as url:
        yield App(url, castbook.seen_by(LOCAL_OWNER), generator)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def reporting(store: LibraryStore, reports: Path) -> Iterator[App]:
    yield from serve(store, CALIBRATION, reports)


@pytest.fixture
def uncalibrated(store: LibraryStore, reports: Path) -> Iterator[App]:
    yield from serve(store, None, reports)


def write_report(folder: Path, title: str) -> None:
    def figure(value: float | None) -> dict[str, float | None]:
        return {"value": value, "low": value and value - 0.04, "high": value and value + 0.04}

    rows = [
        {
            "label": label,
            "pictures": 800,
            "judge_retention": figure(kept),
            "copied": figure(0),
            "adherence": figure(None),
        }
        for label, kept in (("variants", 0.83), ("strangers", 0.05))
    ]
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps({"format": 1, "title": title, "tables": {"main": rows}}))
    (folder / "report.html").write_text(f"<h1>{title} <script>alert(1)</script></h1>")


def open_likeness(page: Page, name: str = "Help") -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.locator("#likeness-colours img")).to_have_count(5)
    research = page.locator("#likeness-research > button")
    if "open" not in (research.get_attribute("class") or ""):
        research.click()
    expect(page.locator("#likeness-meaning p").first).to_be_visible()


def test_what_a_likeness_means_is_read_from_the_calibration(app: App, visit: Visit) -> None:
    page = visit(app)
    open_likeness(page)
    meaning = page.locator("#likeness-meaning")
    expect(meaning.locator("tbody tr")).to_have_text(
        ["0.501 in 10Unsure", "0.701 in 100Unsure", "0.901 in 1,000Same person"]
    )
    expect(meaning).to_contain_text("Two pictures of one person usually reach 0.90 to 1.00")
    expect(meaning).to_contain_text("fake-judge, measured on 100 pairs of one person and 1,000 of strangers: colours")


def test_a_pack_without_calibration_says_so_and_how_to_make_one(uncalibrated: App, visit: Visit) -> None:
    page = visit(uncalibrated)
    open_likeness(page)
    expect(page.locator("#likeness-meaning")).to_contain_text("Uncalibrated")
    expect(page.locator("#likeness-meaning pre")).to_contain_text("python -m evaluation calibrate --pack fake")
    expect(page.locator("#check-library")).to_be_disabled()


def test_the_library_is_checked_as_strangers(app: App, visit: Visit) -> None:
    saved(app, "Hana", RED)
    page = visit(app)
    open_likeness(page)
    page.click("#check-library")
    expect(page.get_by_test_id("toast-body")).to_contain_text("fewer than two saved characters")
    page.get_by_test_id("toast-close").click()

    saved(app, "<b>Hanna</b>", RED)
    saved(app, "Mina", GREEN)
    page.click("#check-library")
    checked = page.locator("#library-checked")
    expect(checked).to_contain_text(
        "In your library 1 of 3 pairs of different characters would be taken for the same person"
    )
    expect(page.locator("#most-alike .caption-label")).to_contain_text(["<b>Hanna</b>", "Hana · 1.00"])


def test_without_a_report_the_command_for_one_is_shown(app: App, visit: Visit) -> None:
    page = visit(app)
    open_likeness(page)
    expect(page.locator("#retention-report pre")).to_contain_text("python -m evaluation retention --pack fake")
    expect(page.locator("#retention-whole")).to_be_hidden()


def test_the_latest_report_is_shown_in_figures_and_as_a_whole(reporting: App, reports: Path, visit: Visit) -> None:
    write_report(reports / "first", "An old one")
    page = visit(reporting)
    open_likeness(page)
    expect(page.locator("#retention-report h3")).to_have_text("An old one")

    write_report(reports / "second", "Retention of fake")
    (reports / "half").mkdir()
    (reports / "half" / "report.html").write_text("half")
    (reports / "half" / "report.json").write_text("{")
    page.get_by_role("tab", name="Story", exact=True).click()
    open_likeness(page)
    expect(page.locator("#retention-report h3")).to_have_text("Retention of fake")
    expect(page.locator("#retention-report tbody tr").first).to_have_text("variantsn = 80083%79% to 87%0%0% to 0%–")
    page.locator("#retention-whole > button").click()
    inside = page.frame_locator("#retention-page iframe")
    expect(inside.locator("h1")).to_contain_text("Retention of fake")
    # Its script was not run: the sandbox says so on the console, and no dialog stands in the way.
    reporting.troubles[:] = [trouble for trouble in reporting.troubles if "sandboxed" not in trouble]


def test_in_korean_it_is_korean(app: App, visit: Visit) -> None:
    saved(app, "서연", RED)
    saved(app, "지우", GREEN)
    page = visit(app, locale="ko-KR")
    open_likeness(page, "도움말")
    expect(page.locator("#likeness-meaning tbody tr").last).to_have_text("0.901,000명 중 1명같은 사람")
    page.click("#check-library")
    expect(page.locator("#library-checked")).to_contain_text("서로 다른 캐릭터 1쌍 중 0쌍이 같은 사람으로 보일 거예요")


@pytest.mark.parametrize("query", ["", "?__theme=dark"], ids=["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(reporting: App, reports: Path, visit: Visit, query: str) -> None:
    write_report(reports / "first", "Retention of fake")
    saved(reporting, "Hana", RED)
    saved(reporting, "Mina", GREEN)
    page = visit(reporting, query=query)
    open_likeness(page)
    page.click("#check-library")
    expect(page.locator("#library-checked table")).to_be_visible()
    assert violations(page) == []

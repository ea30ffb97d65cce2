"""The page in a Korean browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from served import App
from test_page import box, create, problem, toast, write

Visit = Callable[..., Page]


def test_a_korean_creator_makes_saves_and_finds_seoyeon_in_korean(app: App, visit: Visit) -> None:
    page = visit(app, locale="ko-KR")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    for tab in ("스토리", "라이브러리"):
        expect(page.get_by_role("tab", name=tab, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="캐릭터 불러오기")).to_be_visible()
    expect(page.locator("#models")).to_have_text("Fake 준비됨")

    page.get_by_role("button", name="2장 그리기").click()
    expect(problem(page, "new-name")).to_contain_text("캐릭터 이름이 비어 있어요.")

    create(page, "서연")
    expect(page.locator("#run-report")).to_contain_text("서연 새 그림 2장")
    page.click(".do-save")
    expect(page.locator("#save-form")).to_contain_text("라이브러리에 저장")
    page.click("#save-confirm")
    expect(toast(page)).to_contain_text("서연 캐릭터를 라이브러리에 저장했어요.")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("라이브러리에 있음")

    page.get_by_role("tab", name="라이브러리", exact=True).click()
    write(page, "people-search", "지우")
    expect(page.locator("#people-note")).to_contain_text("“지우” 검색 결과가 없어요.")
    box(page, "people-search").fill("서연")
    expect(page.locator("#people-gallery .thumbnail-item")).to_have_count(1)
    page.locator("#people-gallery .thumbnail-item", has_text="서연").click()
    expect(page.locator("#character-name")).to_have_text("서연")
    expect(page.locator("#character-strip")).to_contain_text("대표 그림")

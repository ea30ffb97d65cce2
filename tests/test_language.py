"""The page in Korean: every text that a person sees has an entry, and what deeper layers say is recognised there."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import gradio as gr
import pytest
from fakes import (
    BLACK,
    CALIBRATION,
    GREEN,
    JUDGE,
    RED,
    STEERING,
    Asked,
    FakeFaces,
    FakeGenerator,
    fake_maker,
    fake_pack,
    flat,
)
from fakes import reference_of as reference
from gradio.context import LocalContext
from PIL import Image

import errors
from errors import CastbookError, InvalidRequest, NotFound
from library_store import schema
from library_store.store import LibraryStore
from pipeline.faces import InsightFaces
from pipeline.likeness import judge
from pipeline.packs import load_pack
from pipeline.references import outliers
from pipeline.values import Band
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui import build_page
from ui.language import language, say, told, translations
from ui.messages import APOLOGY, told_to_people, told_to_programs
from ui.words import ORIGIN, STRENGTHS, rejected

ROOT = Path(__file__).parent.parent
PAGE = sorted(
    set((ROOT / "ui").rglob("*.py")) - set((ROOT / "ui/endpoints").glob("*.py"))
)  # programs are told in English
DEEPER = [ROOT / "errors.py", *ROOT.glob("studio/*.py"), *ROOT.glob("pipeline/*.py"), *ROOT.glob("library_store/*.py")]
KOREAN = translations("ko")
HANGUL = re.compile("[가-힣]")
NO_TEXT = {  # names, and what only the log says
    "Castbook", "# Castbook", "A handler failed", "Callable[..., Any]", "Callable[[Any], bool]",
    "IBM Plex Sans", "Quicksand", "Consolas",
}  # fmt: skip
A_TERM = "picture"  # stands for whatever an f-string fills in


@pytest.fixture
def korean() -> Iterator[None]:
    yield from visited_by("ko-KR,ko;q=0.9,en;q=0.8")


def visited_by(accept_language: str) -> Iterator[None]:
    token = LocalContext.request.set(gr.Request(headers={"accept-language": accept_language}))
    yield
    LocalContext.request.reset(token)


def module_of(file: Path) -> ModuleType:
    return importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text))


def sentences(node: ast.expr, module: ModuleType) -> list[str]:
    """All that an expression can say: of literals, constants of its module, conditions and f-strings of these."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp():
            return [*sentences(node.body, module), *sentences(node.orelse, module)]
        case ast.Name(id=name):
            constant = getattr(module, name, None)
            return [constant] if isinstance(constant, str) else []
        case ast.Subscript(value=ast.Name(id=name)):
            constants = getattr(module, name, None)
            return list(constants.values()) if isinstance(constants, dict) else []
        case ast.JoinedStr():
            parts = [sentences(part, module) or [A_TERM] for part in node.values]
            return ["".join(choice) for choice in product(*parts)]
        case ast.FormattedValue():
            return sentences(node.value, module)
        case _:
            return []


def calls(file: Path, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in names:
            yield node


def texts_of_the_page() -> set[str]:
    """What is passed to `t`, `say` and `counted`."""
    return {
        text
        for file in PAGE
        for call in calls(file, "t", "say", "counted")
        for argument in call.args
        for text in sentences(argument, module_of(file))
    }


def texts_that_read_like_one() -> set[str]:
    """Literals of the page that begin like a sentence or a label, wherever they stand."""
    found: set[str] = set()
    for file in PAGE:
        tree = ast.parse(file.read_text("utf-8"))
        told_to_readers = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in told_to_readers | parts
            ):
                found |= {node.value} if re.match(r"[#*☆★ ]*[A-Z][a-z ]", node.value) else set()
    return found - NO_TEXT


def errors_told() -> set[str]:
    """Causes and remedies, an f-string filled with `A_TERM`."""
    of_two_sentences = [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CastbookError) and "__init__" not in vars(kind)
    ]
    return {
        text
        for file in [*DEEPER, *PAGE]
        for call in calls(file, *of_two_sentences, *(["__init__"] if file.name == "errors.py" else []))
        for argument in call.args
        if len(call.args) == 2
        for text in sentences(argument, module_of(file))
    }


def words_within_errors() -> set[str]:
    """What the library's own helpers get, to make a sentence of."""
    handed = {
        text
        for file in DEEPER
        for call in calls(file, "_explained", "_check_project", "NotFound")
        for text in sentences(call.args[0], module_of(file))
    }
    return handed | {table.kind for table in vars(schema).values() if isinstance(getattr(table, "kind", None), str)}


def translated_by_the_browser(config: object) -> Iterator[str]:
    """The texts of `t` in a page's configuration, where it is one or has one within."""
    if isinstance(config, dict | list | tuple):
        for value in config.values() if isinstance(config, dict) else config:
            yield from translated_by_the_browser(value)
    else:
        for marker in re.findall(r"__i18n__(\{.*?\})", str(config)):
            yield json.loads(marker)["key"]


def told_in_korean_alone(sentence: str, *names: str) -> bool:
    korean = told(sentence)
    for name in names:
        korean = korean.replace(name, "")
    return bool(HANGUL.search(korean)) and not re.search("[A-Za-z]{2,}", korean)


@pytest.mark.parametrize("text", sorted(texts_of_the_page() | texts_that_read_like_one()))
def test_every_text_of_the_page_has_a_korean_entry(text: str):
    assert text in KOREAN


def test_what_the_page_shows_from_the_start_has_a_korean_entry(store: LibraryStore):
    castbook = Castbook(store, fake_pack(), Models(lambda: fake_maker()))

    shown = set(translated_by_the_browser(build_page(castbook).get_config_file()))

    assert len(shown) > 100
    assert shown <= set(KOREAN)


@pytest.mark.parametrize("band", [*get_args(Band), *ORIGIN.values(), *STRENGTHS.values()])
def test_every_verdict_and_origin_has_a_korean_entry(band: str):
    assert band[0].upper() + band[1:] in KOREAN or band in KOREAN


@pytest.mark.parametrize("text", KOREAN)
def test_a_translation_has_the_placeholders_of_its_text(text: str):
    assert placeholders(KOREAN[text]) == placeholders(text)


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize("sentence", sorted(errors_told() | words_within_errors()))
def test_every_error_is_told_in_korean(sentence: str):
    assert HANGUL.search(told(sentence))


@pytest.mark.usefixtures("korean")
def test_every_verdict_on_a_likeness_is_told_in_korean():
    """Of somebody else, of a half alike one, of the very person, and of nobody."""
    calibrations = [None, CALIBRATION, replace(CALIBRATION, copy_threshold=-1.0)]
    usual = replace(CALIBRATION, genuine_quantiles={0.05: 1.01})
    people = [flat(colour) for colour in (RED, (255, 190, 0), GREEN, BLACK)]
    for calibration, picture, steering in product([*calibrations, usual], people, (STEERING, JUDGE)):
        face = next(iter(FakeFaces().faces(picture)), None)
        likeness = judge(
            face, reference(flat(RED)), picture,
            judge_encoder=JUDGE, steering_encoder=steering, calibration=calibration,
        )  # fmt: skip
        assert told_in_korean_alone(likeness.reason, JUDGE), likeness.reason


class Wishes:
    """A prompt reader that misses two things in green pictures and one in all others."""

    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...]:
        return ("“hat”", "coat") if picture.getpixel((5, 5)) == GREEN else ("hat",)


@pytest.mark.usefixtures("korean")
def test_every_reason_for_a_rejection_is_told_in_korean():
    pack = fake_pack(replace(CALIBRATION, copy_threshold=-1.0))
    maker = VariantMaker(FakeGenerator(lambda _, seed: flat((GREEN, BLACK)[seed % 2])), FakeFaces(), pack, Wishes())
    request = Asked("hat, coat", 0, 2, reference(flat(RED)), 0.7, 4, 5.0)

    for variant in maker.generate(*request, lambda _: None).ranked:
        said = rejected(variant.rejection)
        assert said.startswith("**탈락**")
        assert not re.search("[A-Za-z]{2,}", re.sub("hat|coat", "", said)), said


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    "damage",
    [
        lambda faces: (faces / "det_10g.onnx").unlink(),
        lambda faces: (faces / "w600k_r50.onnx").unlink(),
        lambda faces: [file.unlink() for file in faces.glob("*.onnx")],
        lambda faces: (faces / "w600k_r50.onnx").write_bytes(b""),
        lambda faces: (faces / "faces").mkdir() or (faces / "det_10g.onnx").rename(faces / "faces" / "det_10g.onnx"),
        lambda faces: (faces / "det_10g.onnx").rename(faces / "buffalo_l.zip"),
    ],
)
@pytest.mark.parametrize("downloaded", [False, True])
def test_what_is_wrong_with_face_models_is_told_in_korean(
    toy_packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, downloaded: bool, damage: Any
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    (tmp_path / "lora").mkdir()
    shutil.copy(toy_packs / "lora" / "pack.toml", tmp_path / "lora")
    faces = tmp_path / (".insightface/models/faces" if downloaded else "lora/faces")
    shutil.copytree(toy_packs / "lora" / "faces", faces)
    damage(faces)

    with pytest.raises(CastbookError) as refused:
        InsightFaces.load(load_pack("lora", [tmp_path]))

    for sentence in (refused.value.cause, refused.value.remedy):
        korean = re.sub(r"\(ProxyError.*\)|'\w+'|/[\w/.-]+|\w*\.\w+|Castbook|insightface", "", told(sentence))
        assert not re.search("[A-Za-z]{2,}", korean), korean


@pytest.mark.usefixtures("korean")
def test_an_outlier_is_told_in_korean():
    pictures = {"one": RED, "two": RED, "other": GREEN}
    identities = {id: FakeFaces((JUDGE,)).faces(flat(colour))[0].identities[0] for id, colour in pictures.items()}

    [outlier] = outliers(identities, CALIBRATION)

    assert told_in_korean_alone(outlier.reason)


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    ("sentence", "translated"),
    [
        (NotFound("story", "ab").cause, "ID가 'ab'인 스토리 항목을 찾을 수 없어요."),
        ("The story has no name.", "스토리 이름이 비어 있어요."),
        ("The picture cannot be kept (disk full).", "그림을 보관할 수 없어요 (disk full)."),
        ("The character 'Hana' is in another project of this Castbook already.",
         "캐릭터 'Hana' 항목이 이 Castbook의 다른 프로젝트에 이미 있어요."),
        ("The picture ab.png is damaged (cut off).", "그림 ab.png 파일이 손상됐어요 (cut off)."),
        ("Not one of ours.", "Not one of ours."),
    ],
)  # fmt: skip
def test_our_own_words_within_a_sentence_are_told_as_well(sentence: str, translated: str):
    assert told(sentence) == translated


@pytest.mark.usefixtures("korean")
def test_what_people_typed_stays_as_it_is():
    assert told("Saved is in the trash.") == "Saved 캐릭터는 휴지통에 있어요."
    assert told("{name} is in the trash.") == "{name} 캐릭터는 휴지통에 있어요."
    assert say("{name} is deleted.", name="Saved {x}") == "Saved {x} 캐릭터를 삭제했어요."


@pytest.mark.parametrize(
    ("asked", "spoken"), [("ko", "ko"), ("ko-KR,ko;q=0.9", "ko"), ("en-US,ko;q=0.5", "en"), ("de", "en"), ("", "en")]
)
def test_the_first_language_of_the_browser_counts(asked: str, spoken: str):
    for _ in visited_by(asked):
        assert language() == spoken


def test_outside_of_an_event_it_is_english():
    assert language() == "en"
    assert say("Saved") == "Saved"
    assert told("The prompt is empty.") == "The prompt is empty."


@pytest.mark.usefixtures("korean")
def test_people_are_told_in_their_language_and_programs_in_english():
    error = InvalidRequest("The prompt is empty.", "Describe the picture in a few words.")
    with pytest.raises(gr.Error) as to_people, told_to_people():
        raise error
    with pytest.raises(gr.Error) as to_programs, told_to_programs():
        raise error

    assert to_people.value.message == "프롬프트가 비어 있어요.<br>그림을 몇 마디로 묘사해 주세요."
    assert to_people.value.title == "잘 안됐어요"
    assert to_programs.value.message == str(error)


@pytest.mark.usefixtures("korean")
def test_a_fault_is_apologised_for_in_korean():
    with pytest.raises(gr.Error) as apology, told_to_people():
        raise ZeroDivisionError
    assert apology.value.message == KOREAN[APOLOGY]

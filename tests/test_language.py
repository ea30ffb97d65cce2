"""The page in Korean: every text that a person sees has an entry, and messages of deeper layers are found by theirs."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import gradio as gr
import pytest
from fakes import (
    BLACK,
    CALIBRATION,
    DECIDER,
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
    studio_of,
)
from fakes import reference_of as reference
from gradio.context import LocalContext
from PIL import Image

import errors
from errors import CastbookError, InvalidRequest, NotFound
from library_store.records import NewPicture
from library_store.schema import Kind
from library_store.store import LibraryStore
from message import Message
from pipeline.faces import InsightFaces
from pipeline.likeness import Decider, Drawings, ManyHands, TooFew, judge
from pipeline.packs import load_pack
from pipeline.references import Outlier, outliers
from pipeline.strangers import ObservedRate
from pipeline.values import Against, AnotherFace, Band, Likeness, Missing
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui import build_page
from ui.endpoints.results import images_json, outlier_json
from ui.language import alphabet_language, language, said, say, translations
from ui.messages import APOLOGY, told_to_people, told_to_programs
from ui.words import ORIGIN, STRENGTHS, long_likeness, verdict_line
from verdicts import measured_on, objection, observed, reason_for, reason_of, verdict_on, why_not_known

ROOT = Path(__file__).parent.parent
PAGE = sorted(
    set((ROOT / "ui").rglob("*.py")) - set((ROOT / "ui/endpoints").glob("*.py"))
)  # programs are told in English
DEEPER = [
    ROOT / "errors.py",
    ROOT / "verdicts.py",
    *(file for package in ("studio", "pipeline", "library_store") for file in (ROOT / package).rglob("*.py")),
]
KOREAN = translations("ko")
HANGUL = re.compile("[가-힣]")
NO_TEXT = {  # names, and what only the log says
    "Castbook", "# Castbook", "Bearer", "Hugging Face", "Nobody was signed in by %s",
    "Callable[..., Any]", "Callable[[Any], bool]",
    "IBM Plex Sans", "Quicksand", "Consolas",
}  # fmt: skip


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
    """All that an expression can say: of literals, constants of its module, and conditions of these."""
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
        case _:
            return []


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def calls(file: Path, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(parsed(file)):
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
        tree = parsed(file)
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


def templates_in(file: Path) -> Iterator[ast.expr]:
    """What stands in the code as the template of an error or a message, or is handed to what makes one of it."""
    of_two_sentences = [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CastbookError) and "__init__" not in vars(kind)
    ]
    for call in calls(file, *of_two_sentences, *(["__init__"] if file.name == "errors.py" else [])):
        yield from call.args[:2] if len(call.args) > 1 else ()
    for call in calls(file, "CastbookError", "Message", "NotFound"):
        yield call.args[0]
    for call in calls(file, "required"):
        yield call.args[1]


def templates() -> set[str]:
    """Of errors, verdicts, and the terms within them."""
    found = {
        text for file in [*DEEPER, *PAGE] for node in templates_in(file) for text in sentences(node, module_of(file))
    }
    return found | set(get_args(Kind))


def translated_by_the_browser(config: object) -> Iterator[str]:
    """The texts of `t` in a page's configuration, where it is one or has one within."""
    if isinstance(config, dict | list | tuple):
        for value in config.values() if isinstance(config, dict) else config:
            yield from translated_by_the_browser(value)
    else:
        for marker in re.findall(r"__i18n__(\{.*?\})", str(config)):
            yield json.loads(marker)["key"]


def said_in_korean_alone(message: Message | str, *names: str) -> bool:
    korean = said(message)
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


@pytest.mark.parametrize("text", sorted(templates()))
def test_every_error_and_verdict_has_a_korean_entry(text: str):
    assert text in KOREAN


def test_a_template_stands_in_the_code_as_it_is_looked_up():
    """Never put together, which the type checker holds as well: these are LiteralStrings."""
    nodes = [node for file in [*DEEPER, *PAGE] for node in templates_in(file)]
    assert not [ast.unparse(node) for node in nodes if isinstance(node, ast.JoinedStr | ast.BinOp)]
    assert len(templates()) > 100


def test_nothing_is_translated_that_is_never_said():
    code = [*DEEPER, *PAGE, *(ROOT / "evaluation").rglob("*.py")]  # whose report has its labels
    literals = {
        node.value
        for file in code
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in KOREAN if not {text, text[0].lower() + text[1:]} & literals} == set()


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
            judge_encoder=JUDGE, steering_encoder=steering, decider=calibration and Decider(calibration),
        )  # fmt: skip
        assert said_in_korean_alone(reason_of(likeness), JUDGE), reason_of(likeness)


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize("band", ["same person", "unsure", "another person", "cannot tell"])
@pytest.mark.parametrize(("own", "usual"), [(0, True), (34, False)])
def test_every_verdict_among_strangers_is_told_in_korean(band: Band, own: int, usual: bool):
    against = Against(2900, 110, own)
    likeness = Likeness(0.9, JUDGE, band, 0.01, False, usual=usual, loosest_rate=0.1, score=5.0, against=against)

    assert said_in_korean_alone(reason_of(likeness))
    assert said_in_korean_alone(long_likeness(likeness))
    assert said_in_korean_alone(objection(AnotherFace(0.2, 0.1, -1.0)))
    assert said_in_korean_alone(reason_for(Outlier("a", 0.2, 0.1, 2.0, -1.0)))


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
        line = verdict_line(variant.likeness, variant.rejection)
        assert line.startswith("**따로 둠**")
        assert not re.search("[A-Za-z]{2,}", re.sub("hat|coat", "", line)), line


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

    for message in (refused.value.cause_message, refused.value.remedy_message):
        korean = re.sub(r"\(ProxyError.*\)|'\w+'|/[\w/.-]+|\w*\.\w+|Castbook|insightface", "", said(message))
        assert not re.search("[A-Za-z]{2,}", korean), korean


@pytest.mark.usefixtures("korean")
def test_an_outlier_is_told_in_korean():
    pictures = {"one": RED, "two": RED, "other": GREEN}
    identities = {id: FakeFaces((JUDGE,)).faces(flat(colour))[0].identities[0] for id, colour in pictures.items()}

    [outlier] = outliers(identities, DECIDER)

    assert said_in_korean_alone(reason_for(outlier))


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize("interval", [(0.0, 0.0), (0.0, 0.5), (0.5, 0.6)])
def test_a_library_check_is_told_in_korean(interval: tuple[float, float]):
    rate = ObservedRate(0.1, 0.5, pairs=1000, passed=100, interval=interval)

    assert said_in_korean_alone(observed(rate)) and said_in_korean_alone(verdict_on(rate))


@pytest.mark.usefixtures("korean")
def test_what_a_calibration_was_measured_on_is_told_in_korean():
    drawn = replace(CALIBRATION, data=Drawings(looks=4), pictures=1200, faces=1199)

    assert said(measured_on(drawn)) == (
        "학습에 쓰지 않은 사람들을 각각 4가지 모습으로 그린 그림. 그림 1,200장 중 1,199장에서 얼굴을 찾음"
    )
    assert said(measured_on(replace(CALIBRATION, data="{x}: strangers"))) == "{x}: strangers"
    assert said_in_korean_alone(why_not_known(TooFew(3, 10)))
    assert said_in_korean_alone(measured_on(replace(CALIBRATION, data=ManyHands(110), pictures=900, faces=880)))


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    ("message", "translated"),
    [
        (NotFound("story", "ab").cause_message, "ID가 'ab'인 스토리 항목을 찾을 수 없어요."),
        (Message("The {of} has no name.", of=Message("story")), "스토리 이름이 비어 있어요."),
        (Message("{what} ({error}).", what=Message("The picture cannot be kept"), error=OSError("disk full")),
         "그림을 보관할 수 없어요 (disk full)."),
        (Message("Not one of ours: {name}.", name=Message("story")), "Not one of ours: 스토리."),
        ("story", "story"),
    ],
)  # fmt: skip
def test_our_own_words_within_a_message_are_said_as_well(message: Message | str, translated: str):
    assert said(message) == translated


class Foreign(str):
    """A text that may be filled in, and neither compared nor looked up."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    def __hash__(self) -> int:
        raise AssertionError("looked up")


@pytest.mark.usefixtures("korean")
@pytest.mark.parametrize(
    "name", ["Saved", "story", "{name}", "{0.__class__}", "Hana is in the trash.", "x" * 1_000_000]
)
def test_what_people_typed_is_filled_in_and_never_looked_at(name: str):
    error = InvalidRequest("{name} is in the trash.", "Restore the character first.", name=Foreign(name))

    with pytest.raises(gr.Error) as toast, told_to_people():
        raise error

    assert toast.value.message == f"{name} 캐릭터는 휴지통에 있어요.<br>먼저 캐릭터를 복원해 주세요."
    assert say("{name} is deleted.", name=Foreign(name)) == f"{name} 캐릭터를 삭제했어요."
    assert error.cause == f"{name} is in the trash."


@pytest.mark.parametrize(
    ("asked", "spoken"), [("ko", "ko"), ("ko-KR,ko;q=0.9", "ko"), ("en-US,ko;q=0.5", "en"), ("de", "en"), ("", "en")]
)
def test_the_first_language_of_the_browser_counts(asked: str, spoken: str):
    for _ in visited_by(asked):
        assert language() == spoken
        assert alphabet_language() == asked.split(",")[0]  # de as well, which the page does not speak


def test_outside_of_an_event_it_is_english():
    assert language() == "en"
    assert say("Saved") == "Saved"
    assert said(Message("The {of} has no name.", of=Message("story"))) == "The story has no name."


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
def test_programs_are_told_verdicts_in_english_whoever_asks(store: LibraryStore):
    studio = studio_of(store, fake_pack(), fake_maker)
    likeness = Likeness(
        0.2,
        JUDGE,
        "another person",
        None,
        False,
        loosest_rate=0.1,
        rejection=(AnotherFace(0.2, 0.1), Missing(("hat",))),
    )
    picture = NewPicture(flat(RED), "generated", likeness=likeness)
    member = studio.library.create_character(studio.library.ensure_a_story().id, "Hana", [picture], "generated")

    [answer] = [image["likeness"] for image in images_json(studio, [member.options[0].image])]

    assert answer["reason"] == "Another person: more than 1 in 10 strangers would be as alike as this."
    assert answer["rejection"] == "another face: 0.20, below the 10 % line; “hat” is missing"
    assert answer["objections"] == [
        {"kind": "another face", "similarity": 0.2, "rate": 0.1, "score": None},
        {"kind": "missing", "phrases": ["hat"]},
    ]
    assert outlier_json(Outlier("a", 0.2, 0.1, 0.5))["reason"].startswith("This picture shows somebody else: 0.20")


@pytest.mark.usefixtures("korean")
def test_a_fault_is_apologised_for_in_korean():
    with pytest.raises(gr.Error) as apology, told_to_people():
        raise ZeroDivisionError
    assert apology.value.message == KOREAN[APOLOGY]

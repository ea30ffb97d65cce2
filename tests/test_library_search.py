from __future__ import annotations

import dataclasses
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import BLUE, GREEN, JUDGE, RED, STEERING, YELLOW, FakeFaces, flat
from made_up import face, generated, image_ids, portrait, saved
from sqlalchemy import create_engine, text

from benchmarks.counting import counted
from errors import InvalidRequest, NotFound
from library_store.database import for_reading, open_database
from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, Character, CharacterText, LibraryQuery, Story
from library_store.search import select_characters
from library_store.store import LibraryStore
from pipeline.values import Identity


def seen(colour: tuple[int, int, int], encoder: str = JUDGE) -> Identity:
    return next(each for each in FakeFaces().faces(flat(colour))[0].identities if each.encoder == encoder)


def names(characters: list[Character]) -> list[str]:
    return [character.name for character in characters]


@pytest.fixture
def cast(library: CharacterLibrary, story: Story) -> list[Character]:
    """Saved in this order."""
    return [saved(library, story.id, name) for name in ("bora", "Ara", "찬호", "Éva")]


# Order and pages


def test_by_name_means_without_regard_to_case_and_in_every_script(
    library: CharacterLibrary, story: Story, cast: list[Character]
):
    assert names(library.search_library(story.project_id, LibraryQuery(sort="name"))) == ["Ara", "bora", "Éva", "찬호"]


def test_the_most_used_are_on_offer_in_the_most_stories(library: CharacterLibrary, story: Story, cast: list[Character]):
    bora, ara, chan, eva = cast
    second, third, trashed = (library.create_story(story.project_id, title) for title in "234")
    for character, stories in ((chan, (second, third)), (eva, (second,)), (ara, (trashed,))):
        for other in stories:
            library.link_image(other.id, character.canonical_image_id)
    library.trash_story(trashed.id)
    library.remove_option(library.cast_character(story.id, bora.id).id, bora.canonical_image_id)
    assert names(library.search_library(story.project_id, LibraryQuery(sort="most used"))) == [
        "찬호",  # three stories
        "Éva",  # two
        "Ara",  # one, for a story in the trash does not count
        "bora",  # none
    ]


def test_a_library_is_read_page_by_page(library: CharacterLibrary, story: Story, cast: list[Character]):
    pages = [library.search_library(story.project_id, LibraryQuery(), offset, 3) for offset in (0, 3, 6)]
    assert [names(page) for page in pages] == [["Éva", "찬호", "Ara"], ["bora"], []]
    assert library.count_library(story.project_id, LibraryQuery()) == 4


# Filters


def test_the_count_is_the_length_of_the_whole_list(library: CharacterLibrary, story: Story, cast: list[Character]):
    library.set_favourite(cast[0].id, True)
    library.set_tags(cast[1].id, ["lead"])
    library.trash_character(cast[2].id)
    for query in (
        LibraryQuery(),
        LibraryQuery("ARA"),
        LibraryQuery(tags=("lead",)),
        LibraryQuery(favourites=True),
        LibraryQuery(trashed=True),
        LibraryQuery("nobody"),
    ):
        assert library.count_library(story.project_id, query) == len(library.search_library(story.project_id, query))


def test_favourites_are_marked_and_found(library: CharacterLibrary, story: Story, cast: list[Character]):
    favourite = library.set_favourite(cast[1].id, True)
    assert favourite == dataclasses.replace(cast[1], is_favourite=True)
    assert library.search_library(story.project_id, LibraryQuery(favourites=True)) == [favourite]
    assert library.set_favourite(cast[1].id, False) == cast[1]
    assert library.search_library(story.project_id, LibraryQuery(favourites=True)) == []


def test_tags_are_trimmed_composed_and_told_apart_by_more_than_case(
    library: CharacterLibrary, story: Story, cast: list[Character]
):
    decomposed = unicodedata.normalize("NFD", "주인공")
    tagged = library.set_tags(cast[0].id, [" Lead ", "lead", decomposed, "", "  ", "villain"])
    assert tagged == dataclasses.replace(cast[0], tags=("Lead", "villain", "주인공"))
    assert library.get_character(cast[0].id) == tagged
    assert library.list_tags(story.project_id) == ["Lead", "villain", "주인공"]


def test_a_tag_keeps_the_spelling_that_the_project_has(library: CharacterLibrary, story: Story, cast: list[Character]):
    library.set_tags(cast[0].id, ["Lead"])
    assert library.set_tags(cast[1].id, ["LEAD"]).tags == ("Lead",)
    library.set_tags(cast[0].id, [])
    assert library.set_tags(cast[1].id, ["lead"]).tags == ("lead",)  # no other character has it: it may be respelt
    foreign = library.create_story(library.create_project("Sunlight").id, "Chapter 1")
    assert library.set_tags(saved(library, foreign.id, "Jun").id, ["LEAD"]).tags == ("LEAD",)


def test_who_has_all_of_the_tags_is_found_by_them(library: CharacterLibrary, story: Story, cast: list[Character]):
    for character, tags in zip(cast, (["lead"], ["lead", "villain"], ["villain"], []), strict=True):
        library.set_tags(character.id, tags)
    assert names(library.search_library(story.project_id, LibraryQuery(tags=("LEAD ",)))) == ["Ara", "bora"]
    assert names(library.search_library(story.project_id, LibraryQuery(tags=("villain", "lead")))) == ["Ara"]
    assert library.search_library(story.project_id, LibraryQuery(tags=("nothing",))) == []
    assert names(library.search_library(story.project_id, LibraryQuery("bora", tags=("lead",)))) == ["bora"]


def test_a_search_leaves_out_those_with_an_unwanted_word(
    library: CharacterLibrary, story: Story, cast: list[Character]
):
    assert names(library.search_library(story.project_id, LibraryQuery("-bora", sort="name"))) == ["Ara", "Éva", "찬호"]
    assert library.search_library(story.project_id, LibraryQuery("ara -ＡＲＡ")) == []


def test_only_tags_that_find_somebody_are_listed(library: CharacterLibrary, story: Story, cast: list[Character]):
    unsaved = library.create_character(story.id, "Nobody", [generated(9)], "generated")
    library.set_tags(unsaved.character.id, ["draft"])
    library.set_tags(cast[0].id, ["lead"])
    library.set_tags(cast[1].id, ["lead", "gone"])
    library.trash_character(cast[1].id)
    assert library.list_tags(story.project_id) == ["lead"]
    assert library.list_tags(library.create_project("Sunlight").id) == []


# Faces


def test_faces_are_found_most_alike_first_by_their_best_picture(library: CharacterLibrary, story: Story):
    rose = saved(library, story.id, "Rose", portrait(GREEN), portrait(RED))
    gold = saved(library, story.id, "Gold", portrait(YELLOW))
    blue = saved(library, story.id, "Blue", portrait(BLUE))
    found = library.search_by_face(story.project_id, seen(RED), 5)
    assert [match.character for match in found] == [rose, gold, blue]
    assert [match.similarity for match in found] == pytest.approx([1, 0.7071, 0], abs=1e-4)
    assert found[0].image_id == library.list_images(rose.id)[1].id
    assert library.search_by_face(story.project_id, seen(RED), 1) == found[:1]


def test_faces_are_compared_by_one_encoder_within_one_project(library: CharacterLibrary, story: Story):
    rose = saved(library, story.id, "Rose", portrait(RED))
    member = library.cast_character(story.id, rose.id)
    judged = dataclasses.replace(portrait(BLUE).face, identities=(seen(BLUE, JUDGE),))
    library.add_options(member.id, [dataclasses.replace(generated(3), face=judged)], "variant")
    assert library.search_by_face(story.project_id, seen(BLUE, JUDGE), 5)[0].similarity == pytest.approx(1)
    assert library.search_by_face(story.project_id, seen(BLUE, STEERING), 5)[0].similarity == pytest.approx(0)
    assert library.search_by_face(story.project_id, Identity("unknown", seen(RED).embedding), 5) == []
    assert library.search_by_face(library.create_project("Sunlight").id, seen(RED), 5) == []


def test_a_search_by_face_is_right_after_every_write(library: CharacterLibrary, story: Story):
    def found() -> list[str]:
        return [match.character.name for match in library.search_by_face(story.project_id, seen(RED), 5)]

    member = library.create_character(story.id, "Rose", [portrait(BLUE)], "generated")
    assert found() == []
    rose = library.save_character(member.id, image_ids(member)[0])
    assert found() == ["Rose"]
    library.trash_character(rose.id)
    assert found() == []
    library.restore_character(rose.id)
    assert found() == ["Rose"]
    gold = saved(library, story.id, "Gold", portrait(YELLOW))
    assert found() == ["Gold", "Rose"]
    library.add_options(member.id, [portrait(RED)], "variant")
    assert found() == ["Rose", "Gold"]
    faceless = saved(library, story.id, "Scarlet", generated(5))
    assert found() == ["Rose", "Gold"]
    library.keep_identities(faceless.canonical_image_id, portrait(RED).face)
    assert found() == ["Rose", "Scarlet", "Gold"]
    library.edit_character(gold.id, CharacterText(name="Golden"))
    assert found() == ["Rose", "Scarlet", "Golden"]
    library.merge_characters(faceless.id, rose.id)
    assert found() == ["Scarlet", "Golden"]
    library.trash_character(gold.id)
    library.purge_character(gold.id)
    assert found() == ["Scarlet"]


def test_who_cannot_be_found_by_an_encoder_is_listed_by_the_picture_that_stands_for_them(
    library: CharacterLibrary, story: Story
):
    old, rose, new = (saved(library, story.id, name, generated(i)) for i, name in enumerate(("Old", "Rose", "New")))
    gone = saved(library, story.id, "Gone", generated(4))
    library.trash_character(gone.id)
    library.create_character(story.id, "Unsaved", [generated(5)], "generated")
    library.keep_identities(rose.canonical_image_id, portrait(RED).face)

    by_both = [library.list_without_identity(story.project_id, encoder) for encoder in (STEERING, "another")]

    assert by_both[0] == [new.canonical_image_id, old.canonical_image_id]
    assert by_both[1] == [new.canonical_image_id, rose.canonical_image_id, old.canonical_image_id]
    assert library.list_without_identity(library.create_project("Sunlight").id, STEERING) == []


@pytest.mark.parametrize("of_rose", [True, False])
def test_faces_are_read_again_only_for_a_face_that_can_be_found(library: CharacterLibrary, story: Story, of_rose: bool):
    rose = saved(library, story.id, "Rose", portrait(RED))
    draft = library.create_character(story.id, "Draft", [portrait(GREEN)], "generated")
    member = library.cast_character(story.id, rose.id) if of_rose else draft
    library.search_by_face(story.project_id, seen(RED), 5)

    with counted() as asked:
        library.add_options(member.id, [generated(7)], "variant")
        library.keep_identities(image_ids(draft)[0], face("another"))
        library.keep_identities(rose.canonical_image_id, portrait(RED).face)  # known already
        library.search_by_face(story.project_id, seen(RED), 5)
    assert not [query for query in asked.statements if "embedding" in query and "JOIN" in query]

    library.add_options(member.id, [portrait(BLUE)], "variant")
    with counted() as asked:
        library.search_by_face(story.project_id, seen(BLUE), 5)
    assert bool([query for query in asked.statements if "embedding" in query and "JOIN" in query]) == of_rose


def test_what_was_read_beforehand_is_not_read_for_the_first_search(
    store: LibraryStore, library: CharacterLibrary, story: Story
):
    saved(library, story.id, "Rose", portrait(RED))
    library.create_project("Without anybody")

    store.read_faces(seen(RED).encoder)

    with counted() as asked:
        assert [match.character.name for match in library.search_by_face(story.project_id, seen(RED), 5)] == ["Rose"]
    assert not [query for query in asked.statements if "embedding" in query and "JOIN" in query]


def test_what_is_read_is_one_state_of_a_database_server_too():
    """Else a purge between two queries of `search_by_face` would leave a face without its character."""
    engine = create_engine("postgresql+pg8000://", module=SimpleNamespace(paramstyle="pyformat"))
    assert for_reading(engine).get_execution_options()["isolation_level"] == "REPEATABLE READ"


def test_another_process_that_writes_is_noticed(library: CharacterLibrary, story: Story, tmp_path: Path):
    opened = LibraryStore.open(f"sqlite:///{tmp_path / 'castbook.db'}", str(tmp_path / "pictures"))
    second = opened.seen_by(LOCAL_OWNER)
    assert second.search_by_face(story.project_id, seen(RED), 5) == []
    rose = saved(library, story.id, "Rose", portrait(RED))
    assert [match.character for match in second.search_by_face(story.project_id, seen(RED), 5)] == [rose]
    opened.close()


# A page behind the last one


def test_a_list_goes_on_behind_its_last_character_whoever_was_saved_meanwhile(library: CharacterLibrary, story: Story):
    people = [saved(library, story.id, name) for name in ("Ada", "Bea", "Cleo", "Dana", "Eve")]
    first = library.list_library(story.project_id, limit=2)
    saved(library, story.id, "Newcomer")
    library.trash_character(first[1].id)  # it is gone, and its place is not
    second = library.list_library(story.project_id, limit=2, cursor=first[1].id)
    third = library.list_library(story.project_id, limit=2, cursor=second[-1].id)
    assert [*first, *second, *third] == people[::-1]
    assert library.list_library(story.project_id, cursor=third[-1].id) == []


def test_who_was_saved_at_the_same_moment_is_listed_once(library: CharacterLibrary, story: Story, tmp_path: Path):
    people = [saved(library, story.id, name) for name in ("Ada", "Bea", "Cleo")]
    with create_engine(f"sqlite:///{tmp_path / 'castbook.db'}").begin() as connection:
        connection.execute(text("UPDATE characters SET saved_at = (SELECT max(saved_at) FROM characters)"))
    first = library.list_library(story.project_id, limit=1)
    others = library.list_library(story.project_id, limit=5, cursor=first[0].id)
    assert [who.id for who in [*first, *others]] == [who.id for who in people[::-1]]


def test_a_search_by_words_goes_on_as_well(library: CharacterLibrary, story: Story):
    for name in ("Mina", "Jun", "Minho"):
        saved(library, story.id, name)
    [minho] = library.list_library(story.project_id, "min", limit=1)
    assert [who.name for who in library.list_library(story.project_id, "min", cursor=minho.id)] == ["Mina"]


def test_a_cursor_that_leads_nowhere_is_refused(library: CharacterLibrary, story: Story):
    elsewhere = library.create_story(library.create_project("Another").id, "Chapter 1")
    stranger, never_saved = (
        saved(library, elsewhere.id, "Stranger"),
        library.create_character(story.id, "Draft", [generated(1)], "generated"),
    )
    for cursor in ("?", stranger.id, never_saved.character.id):
        with pytest.raises(NotFound):
            library.list_library(story.project_id, cursor=cursor)
    ada = saved(library, story.id, "Ada")
    with pytest.raises(InvalidRequest, match="cursor"):
        library.search_library(story.project_id, LibraryQuery(sort="name"), cursor=ada.id)


# What it costs


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (LibraryQuery(), "ix_characters_library"),
        (LibraryQuery(trashed=True), "ix_characters_library"),
        (LibraryQuery("mina"), "ix_characters_library"),
        (LibraryQuery(tags=("lead",)), "ix_character_tags_folded_character_id"),
        (LibraryQuery(sort="most used"), "ix_cast_members_uses"),
        (LibraryQuery(sort="most used"), "ix_cast_options_on_offer"),
    ],
)
def test_no_search_walks_through_a_whole_table(tmp_path: Path, query: LibraryQuery, index: str):
    engine = open_database(f"sqlite:///{tmp_path / 'castbook.db'}")
    statement = select_characters("project", query).limit(60)
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    engine.dispose()
    assert any(index in step for step in plan), plan
    assert not any(step.startswith(("SCAN characters", "SCAN cast_", "SCAN character_")) for step in plan), plan


# Names as people type them


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Zoë Müller", "zoe MULLER"),
        ("Zoe", "zoë"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("Straße", "strasse"),
        ("O’Hara", "o'hara"),
        ("O'Hara", "ohara"),
        ("ﾊﾅ", "ハナ"),
        ("ハナ", "はな"),
        ("Ｈａｎａ", "hana"),
        ("하나", "ㅎㄴ"),
        ("김하나", "ㄱㅎㄴ"),
        ("김 하나", "ㄱㅎㄴ"),
        ("박사", "ㅂㅅ"),
        ("박사", "ㅄ"),
        ("하나", "하ㄴ"),
        ("하나", unicodedata.normalize("NFD", "하나")),
        ("İpek", "ipek"),
    ],
)
def test_a_name_is_found_as_people_type_it(library: CharacterLibrary, story: Story, name: str, typed: str):
    saved(library, story.id, name)
    assert names(library.search_library(story.project_id, LibraryQuery(typed))) == [name]


@pytest.mark.parametrize(("name", "typed"), [("ハナ", "バナ"), ("하나", "ㄴㅎ"), ("하니", "하나"), ("가하나", "나ㄱ")])
def test_another_name_is_not_found(library: CharacterLibrary, story: Story, name: str, typed: str):
    saved(library, story.id, name)
    assert library.search_library(story.project_id, LibraryQuery(typed)) == []


def test_by_name_numbers_count_and_accents_and_kana_stand_with_their_letters(library: CharacterLibrary, story: Story):
    in_order = ["Ärzte", "Eva", "Éva", "guard 2", "Guard 07", "Guard 10", "Zoë", "가람", "나리", "アキ", "いと"]
    for name in sorted(in_order):
        saved(library, story.id, name)
    assert names(library.search_library(story.project_id, LibraryQuery(sort="name"))) == in_order


@pytest.mark.parametrize(
    ("language", "in_order"),
    [
        ("", ["Ärla", "Ñandu", "Nora", "Zoe", "가나", "あき"]),
        ("sv-SE", ["Ñandu", "Nora", "Zoe", "Ärla", "가나", "あき"]),
        ("es", ["Ärla", "Nora", "Ñandu", "Zoe", "가나", "あき"]),
        ("ko-KR", ["가나", "Ärla", "Ñandu", "Nora", "Zoe", "あき"]),
        ("ja", ["Ärla", "Ñandu", "Nora", "Zoe", "あき", "가나"]),
        ("no such language", ["Ärla", "Ñandu", "Nora", "Zoe", "가나", "あき"]),
    ],
)
def test_names_and_tags_stand_in_the_order_of_the_readers_alphabet(
    library: CharacterLibrary, story: Story, language: str, in_order: list[str]
):
    for name in sorted(in_order):
        library.set_tags(saved(library, story.id, name).id, [name])
    query = LibraryQuery(sort="name", language=language)
    assert names(library.search_library(story.project_id, query)) == in_order
    assert names(library.search_library(story.project_id, query, 1, 2)) == in_order[1:3]
    assert library.list_tags(story.project_id, language) == in_order

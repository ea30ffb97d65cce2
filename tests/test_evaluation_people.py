"""People of whom the truth is known, from folders as they lie about."""

import json

import pytest
from fakes import BLACK, BLUE, GREEN, RED, YELLOW, FakeFaces, flat

from errors import InvalidRequest
from evaluation.drawn import drawn_people
from evaluation.people import Example, Person, fingerprint, known_people, load_people

FOUR = [
    {"file_name": "1.png", "identity": "mina", "view": "front", "outfit": "hanbok"},
    {"file_name": "2.png", "identity": "jun", "view": "left", "outfit": "suit"},
    {"file_name": "3.png", "identity": "mina", "view": "right", "outfit": "suit"},
    {"file_name": "4.png", "identity": "mina", "view": "front", "outfit": "suit"},
]


def folder_of(folder, lines, colours=(RED, GREEN, YELLOW, RED)):
    folder.mkdir(exist_ok=True)
    for line, colour in zip(lines, colours, strict=False):
        flat(colour).save(folder / line["file_name"])
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


def person_of(identity, *colours):
    return Person(identity, tuple(Example(flat(colour)) for colour in colours))


def middle(picture):
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_a_folder_with_metadata_gives_its_people_in_their_order(tmp_path):
    mina, jun = load_people(str(folder_of(tmp_path / "cast", FOUR)))
    assert (mina.identity, jun.identity) == ("mina", "jun")
    assert [middle(example.picture) for example in mina.pictures] == [RED, YELLOW, RED]
    assert [example.view for example in mina.pictures] == ["front", "right", "front"]
    assert jun.pictures[0].attributes["outfit"] == "suit"


def test_a_sub_folder_a_person_serves_as_well(tmp_path):
    for name, colour in (("jun", GREEN), ("mina", RED)):
        (tmp_path / name).mkdir()
        flat(colour).save(tmp_path / name / "1.png")
    people = load_people(str(tmp_path))
    assert {person.identity: middle(person.pictures[0].picture) for person in people} == {"jun": GREEN, "mina": RED}
    assert people[0].pictures[0].view is None


def test_no_more_people_and_pictures_are_read_than_are_wanted(tmp_path):
    folder = folder_of(tmp_path / "cast", FOUR)
    (folder / "4.png").write_bytes((folder / "4.png").read_bytes()[:60])
    (mina,) = load_people(str(folder), most=1, pictures=2)
    assert len(mina.pictures) == 2


def test_another_column_may_say_who_is_shown(tmp_path):
    people = load_people(str(folder_of(tmp_path / "cast", FOUR)), identity_column="outfit")
    assert [person.identity for person in people] == ["hanbok", "suit"]


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path):
    with pytest.raises(InvalidRequest, match=r"no column 'who'.*identity, view, outfit"):
        load_people(str(folder_of(tmp_path / "cast", FOUR)), identity_column="who")


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(InvalidRequest, match=r"No pictures could be read from .*Give a folder"):
        load_people(str(tmp_path))


def test_a_damaged_picture_is_named(tmp_path):
    folder = folder_of(tmp_path / "cast", FOUR)
    (folder / "2.png").write_bytes(b"no picture")
    with pytest.raises(InvalidRequest, match="Picture 1 of .* cannot be read"):
        load_people(str(folder))


def test_the_first_picture_is_the_reference_and_the_last_is_held_out():
    (mina,) = known_people([person_of("mina", RED, YELLOW, GREEN, BLUE)], FakeFaces().faces)
    assert middle(mina.reference.picture) == RED
    assert mina.truth is not None and middle(mina.truth.example.picture) == BLUE
    assert [middle(reference.picture) for reference in mina.references(9)] == [RED, YELLOW, GREEN]


def test_the_only_picture_is_the_reference_and_nothing_is_held_out():
    (mina,) = known_people([person_of("mina", RED)], FakeFaces().faces)
    assert mina.truth is None
    assert [middle(reference.picture) for reference in mina.references(3)] == [RED]


def test_pictures_without_a_face_are_passed_over():
    (mina,) = known_people([person_of("mina", BLACK, RED)], FakeFaces().faces)
    assert middle(mina.reference.picture) == RED and mina.truth is None


def test_a_person_without_any_face_is_named():
    with pytest.raises(InvalidRequest, match=r"No face .* of 'jun'"):
        known_people([person_of("mina", RED), person_of("jun", BLACK)], FakeFaces().faces)


def test_a_fingerprint_is_of_names_and_pixels():
    same = fingerprint([person_of("mina", RED)])
    assert same == fingerprint([person_of("mina", RED)])
    assert same != fingerprint([person_of("jun", RED)])
    assert same != fingerprint([person_of("mina", GREEN)])


def test_the_drawn_world_is_a_folder_of_people_that_is_drawn_once(tmp_path):
    folder = drawn_people(2, cache=tmp_path)
    drawn_at = (folder / "metadata.jsonl").stat().st_mtime_ns
    assert drawn_people(2, cache=tmp_path) == folder
    assert (folder / "metadata.jsonl").stat().st_mtime_ns == drawn_at
    people = load_people(str(folder))
    assert [(person.identity, len(person.pictures)) for person in people] == [("1000000", 4), ("1000001", 4)]
    example = people[0].pictures[0]
    assert example.view in ("front", "left", "right")
    assert {"outfit", "expression", "accessory", "background"} <= set(example.attributes)


def test_more_drawn_people_than_were_held_out_are_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="601 drawn people"):
        drawn_people(601, cache=tmp_path)

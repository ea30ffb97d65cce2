"""People of whom the truth is known, from folders as they lie about."""

import json
import shutil

import pytest
from fakes import BLACK, BLUE, GREEN, RED, YELLOW, FakeFaces, flat
from PIL import Image

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
    with pytest.raises(InvalidRequest, match=r"Picture 2\.png of .* cannot be read"):
        load_people(str(folder))


def lay_out(folder, *paths, **metadata):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        flat(RED).save(folder / path)
    for place, lines in metadata.items():
        (folder / place / "metadata.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return str(folder)


def cast_of(source, **asked):
    return {person.identity: len(person.pictures) for person in load_people(source, **asked)}


@pytest.mark.parametrize(
    ("paths", "cast"),
    [
        ("mina/1.png mina/2.png", {"mina": 2}),
        ("train/mina/1.png train/jun/1.png test/mina/2.png test/hana/1.png", {"mina": 2, "jun": 1, "hana": 1}),
        ("test_girl/1.png hana/1.png", {"test_girl": 1, "hana": 1}),
        ("dev/1.png hana/1.png val/2.png", {"dev": 1, "hana": 1, "val": 1}),
        ("hana/test_1.png hana/2.png mina/train.png", {"hana": 2, "mina": 1}),
        ("hana/school/1.png hana/home/2.png mina/school/1.png", {"hana": 2, "mina": 1}),
        ("hana/school/1.png hana/2.png mina/1.png", {"hana": 2, "mina": 1}),
        ("Train/hana/school/1.png Train/mina/1.png Test/hana/test/1.png", {"hana": 2, "mina": 1}),
        ("cast/hana/1.png cast/mina/1.png", {"hana": 1, "mina": 1}),
        ("data/train/hana/1.png data/val/mina/1.png", {"hana": 1, "mina": 1}),
        ("cover.png hana/1.JPG mina/1.png", {"hana": 1, "mina": 1}),
        ("hana/1.png mina/1.png mina/.ipynb_checkpoints/2.png __MACOSX/mina/1.png", {"hana": 1, "mina": 1}),
        ("hana[1]/1.png mina*/1.png", {"hana[1]": 1, "mina*": 1}),
    ],
)
def test_people_are_named_by_their_folders_whatever_is_around_and_below(tmp_path, paths, cast):
    assert cast_of(lay_out(tmp_path, *paths.split())) == cast


def test_pictures_to_train_on_come_before_those_to_test_with(tmp_path):
    lay_out(tmp_path, "test/mina/1.png", "train/jun/1.png")
    flat(GREEN).save(tmp_path / "train/jun/1.png")
    assert [person.identity for person in load_people(str(tmp_path))] == ["jun", "mina"]


@pytest.mark.parametrize("paths", ["train/1.png test/2.png", "1.png 2.png", "images/1.png images/2.png cover.png"])
def test_metadata_above_all_names_the_people_wherever_the_pictures_lie(tmp_path, paths):
    lines = [{"file_name": path, "identity": name} for path, name in zip(paths.split(), ("mina", "jun"), strict=False)]
    assert cast_of(lay_out(tmp_path, *paths.split(), **{".": lines})) == {"mina": 1, "jun": 1}


def test_metadata_in_several_folders_count_all(tmp_path):
    lay_out(tmp_path, "train/1.png", "test/1.png")
    for split, name in (("train", "mina"), ("test", "jun")):
        (tmp_path / split / "metadata.csv").write_text(f"file_name,identity,view\n1.png,{name},front\n")
    assert cast_of(str(tmp_path)) == {"mina": 1, "jun": 1}


def test_a_picture_that_two_metadata_name_counts_once_and_the_nearer_one_says_who_it_is(tmp_path):
    above, beside = [{"file_name": "hana/1.png", "identity": "other"}], [{"file_name": "1.png", "identity": "hana"}]
    assert cast_of(lay_out(tmp_path, "hana/1.png", **{".": above, "hana": beside})) == {"hana": 1}


def test_where_metadata_do_not_say_who_it_is_the_folder_does(tmp_path):
    source = lay_out(tmp_path, "hana/1.png", "mina/1.png", hana=[{"file_name": "1.png", "view": "left"}])
    hana, mina = load_people(source)
    assert (hana.identity, hana.pictures[0].view, mina.identity) == ("hana", "left", "mina")


def test_a_line_that_does_not_say_who_it_is_is_nobodys(tmp_path):
    lines = [{"file_name": "1.png", "identity": "mina"}, {"file_name": "2.png"}]
    assert cast_of(lay_out(tmp_path, "1.png", "2.png", **{".": lines})) == {"mina": 1}


def test_pictures_that_the_metadata_leave_out_are_counted_aloud(tmp_path, caplog):
    lay_out(tmp_path, "1.png", "2.png", **{".": [{"file_name": "1.png", "identity": "mina"}]})
    assert cast_of(str(tmp_path)) == {"mina": 1}
    assert "1 pictures in" in caplog.text


@pytest.mark.parametrize("name", ["../1.png", "/etc/1.png", "..\\1.png", None])
def test_metadata_reach_no_picture_outside_their_folder(tmp_path, name):
    lay_out(tmp_path, "hana/1.png", hana=[{"file_name": name, "identity": "mina"}])
    with pytest.raises(InvalidRequest, match="No pictures could be read"):
        load_people(str(tmp_path))


def test_pictures_under_folders_that_name_nobody_are_nobodys(tmp_path):
    with pytest.raises(InvalidRequest, match="no column 'identity'"):
        load_people(lay_out(tmp_path, "train/1.png", "test/2.png"))


def test_a_zip_of_pictures_is_left_to_datasets(tmp_path):
    folder_of(tmp_path / "loose", FOUR)
    (tmp_path / "zipped").mkdir()
    shutil.make_archive(str(tmp_path / "zipped" / "cast"), "zip", tmp_path / "loose")
    assert cast_of(str(tmp_path / "zipped")) == {"mina": 3, "jun": 1}


def test_a_photo_that_was_taken_sideways_is_turned(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # orientation: turned by a quarter
    (tmp_path / "mina").mkdir()
    Image.new("RGB", (40, 20)).save(tmp_path / "mina" / "1.jpg", exif=exif)
    assert load_people(str(tmp_path))[0].pictures[0].picture.size == (20, 40)


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

"""Random sequences of library verbs, compared after each step with a model that keeps all in plain dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fakes import BLUE, RED, YELLOW, FakeFaces, flat
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from made_up import image_ids, portrait

from errors import InvalidRequest, NotFound
from library_store.library import CharacterLibrary
from library_store.records import CastMember, Character, CharacterText, LibraryQuery, NewPicture

NAMES = st.sampled_from(["mina", "Mina B", "서연", "Éva"])
COLOURS = st.sampled_from([RED, YELLOW, BLUE])
TAGS = st.lists(st.sampled_from(["lead", "Lead", " 악당", "extra"]), max_size=3)
RED_FACE = FakeFaces().faces(flat(RED))[0].identities[1]


@dataclass
class Story:
    is_trashed: bool = False


@dataclass
class Picture:
    owner: str
    parent: str | None
    similarity: float  # to red


@dataclass
class Person:
    name: str
    canonical: str
    saved: int | None = None  # when, by the model's clock
    is_trashed: bool = False
    is_favourite: bool = False
    tags: dict[str, str] = field(default_factory=dict)  # by their folded form
    steering: list[str] = field(default_factory=list)

    @property
    def is_listed(self) -> bool:
        return self.saved is not None and not self.is_trashed


@dataclass
class Offer:
    added: int
    how: str
    is_removed: bool = False
    was_active: bool = False  # when it was removed


@dataclass
class Entry:
    """A cast member."""

    story: str
    person: str
    active: str | None = None
    offers: dict[str, Offer] = field(default_factory=dict)

    def on_offer(self) -> list[str]:
        there = [image for image, offer in self.offers.items() if not offer.is_removed]
        return sorted(there, key=lambda image: self.offers[image].added)

    def best(self, how: str) -> str | None:
        """All pictures here are as good: the first that came the same way."""
        return next(iter(sorted(self.on_offer(), key=lambda image: self.offers[image].how != how)), None)


class LibraryMachine(RuleBasedStateMachine):
    """Drives one library, in a project of its own, and the model."""

    def __init__(self, library: CharacterLibrary) -> None:
        super().__init__()
        self.library = library
        self.project = library.create_project("Model").id
        self.time = 0
        self.stories: dict[str, Story] = {}
        self.people: dict[str, Person] = {}
        self.pictures: dict[str, Picture] = {}
        self.entries: dict[str, Entry] = {}
        self.merged: dict[str, str] = {}
        self.purged: set[str] = set()
        self.create_story()
        for name in ("Rose", "Gold", "Blue"):  # from the start enough people to merge twice
            self._create_character(next(iter(self.stories)), name, [portrait(RED)])

    # Verbs

    @rule()
    @precondition(lambda self: len(self.stories) < 3)
    def create_story(self) -> None:
        self.stories[self.library.create_story(self.project, "Chapter").id] = Story()

    @rule(data=st.data(), trash=st.booleans())
    def trash_or_restore_story(self, data: st.DataObject, trash: bool) -> None:
        story = data.draw(one_of(self.stories))
        (self.library.trash_story if trash else self.library.restore_story)(story)
        self.stories[story].is_trashed = trash

    @rule(data=st.data(), name=NAMES, colours=st.lists(COLOURS, min_size=1, max_size=2), has_parent=st.booleans())
    @precondition(lambda self: len(self.people) < 5)
    def create_character(
        self, data: st.DataObject, name: str, colours: list[tuple[int, int, int]], has_parent: bool
    ) -> None:
        story = data.draw(one_of(self.stories))
        parent = data.draw(one_of(self.pictures)) if has_parent and self.pictures else None
        new = [made_from(parent, colour) for colour in colours]
        if self.stories[story].is_trashed:
            with pytest.raises(InvalidRequest, match="in the trash"):
                self.library.create_character(story, name, new, "generated")
        else:
            self._create_character(story, name, new)

    @rule(data=st.data(), colour=COLOURS)
    @precondition(lambda self: self.entries)
    def add_options(self, data: st.DataObject, colour: tuple[int, int, int]) -> None:
        new = [made_from(data.draw(one_of(self.pictures)), colour)]
        self._note_pictures(self.library.add_options(data.draw(one_of(self.entries)), new, "variant"), new, "variant")

    @rule(data=st.data())
    @precondition(lambda self: self.pictures)
    def link_image(self, data: st.DataObject) -> None:
        story, image = data.draw(one_of(self.stories)), data.draw(one_of(self.pictures))
        if self.stories[story].is_trashed:
            with pytest.raises(InvalidRequest, match="in the trash"):
                self.library.link_image(story, image)
            return
        member = self.library.link_image(story, image)
        entry = self.entries.setdefault(member.id, Entry(story, self.pictures[image].owner))
        assert (entry.story, entry.person) == (story, self.pictures[image].owner)
        if image not in entry.on_offer():
            entry.offers[image] = Offer(self._tick(), "loaded")
        entry.active = entry.active or image

    @rule(data=st.data())
    @precondition(lambda self: self._offered())
    def select_image(self, data: st.DataObject) -> None:
        member, image = data.draw(one_of(self._offered()))
        self.library.select_image(member, image)
        self.entries[member].active = image
        for offer in self.entries[member].offers.values():
            offer.was_active = False

    @rule(data=st.data())
    @precondition(lambda self: self._offered())
    def remove_option(self, data: st.DataObject) -> None:
        member, image = data.draw(one_of(self._offered()))
        self.library.remove_option(member, image)
        entry = self.entries[member]
        entry.offers[image].is_removed = True
        if entry.active == image:
            entry.offers[image].was_active = True
            entry.active = entry.best(entry.offers[image].how)

    @rule(data=st.data())
    @precondition(lambda self: self._offered(removed=True))
    def restore_option(self, data: st.DataObject) -> None:
        member, image = data.draw(one_of(self._offered(removed=True)))
        self.library.restore_option(member, image)
        entry = self.entries[member]
        if entry.offers[image].was_active or not entry.active:
            entry.active = image
        entry.offers[image].is_removed = entry.offers[image].was_active = False

    @rule(data=st.data())
    @precondition(lambda self: self._offered())
    def save_character(self, data: st.DataObject) -> None:
        member, image = data.draw(one_of(self._offered()))
        self.library.save_character(member, image)
        person = self.people[self.entries[member].person]
        person.canonical, person.saved, person.is_trashed = image, self._tick(), False

    @rule(data=st.data(), name=NAMES)
    @precondition(lambda self: self.people)
    def edit_character(self, data: st.DataObject, name: str) -> None:
        id = self._draw_person(data)
        self.library.edit_character(id, CharacterText(name=name))
        self._person(id).name = name

    @rule(data=st.data(), favourite=st.booleans())
    @precondition(lambda self: self.people)
    def set_favourite(self, data: st.DataObject, favourite: bool) -> None:
        id = self._draw_person(data)
        self.library.set_favourite(id, favourite)
        self._person(id).is_favourite = favourite

    @rule(data=st.data(), tags=TAGS)
    @precondition(lambda self: self.people)
    def set_tags(self, data: st.DataObject, tags: list[str]) -> None:
        id = self._draw_person(data)
        self.library.set_tags(id, tags)
        person = self._person(id)
        person.tags = {}
        for tag in map(str.strip, tags):
            spelt = [other.tags[tag.casefold()] for other in self.people.values() if tag.casefold() in other.tags]
            person.tags.setdefault(tag.casefold(), spelt[0] if spelt else tag)

    @rule(data=st.data())
    @precondition(lambda self: self.people)
    def choose_references(self, data: st.DataObject) -> None:
        id = data.draw(one_of(self.people))
        canonical = data.draw(st.sampled_from(self._pictures_of(id)))
        steering = data.draw(st.lists(st.sampled_from(self._pictures_of(id)), unique=True))
        self.library.set_canonical(id, canonical)
        self.library.set_steering(id, steering)
        self.people[id].canonical, self.people[id].steering = canonical, steering

    @rule(data=st.data(), trash=st.booleans())
    @precondition(lambda self: self.people)
    def trash_or_restore_character(self, data: st.DataObject, trash: bool) -> None:
        id = self._draw_person(data)
        (self.library.trash_character if trash else self.library.restore_character)(id)
        self._person(id).is_trashed = trash

    @rule(data=st.data())
    @precondition(lambda self: len(self.people) > 1 and any(not person.is_trashed for person in self.people.values()))
    def merge_characters(self, data: st.DataObject) -> None:
        kept_id = data.draw(one_of(id for id, person in self.people.items() if not person.is_trashed))
        merged_id = data.draw(one_of(id for id in self.people if id != kept_id))
        self.library.merge_characters(kept_id, merged_id)
        kept, merged = self.people[kept_id], self.people.pop(merged_id)
        if merged.is_listed and kept.saved is None:
            kept.saved = merged.saved
        kept.is_favourite = kept.is_favourite or merged.is_favourite
        kept.tags = merged.tags | kept.tags
        for picture in self.pictures.values():
            picture.owner = kept_id if picture.owner == merged_id else picture.owner
        for member, entry in list(self.entries.items()):
            if entry.person == merged_id:
                self._hand_over(member, kept_id)
        self.merged = {old: kept_id if new == merged_id else new for old, new in self.merged.items()}
        self.merged[merged_id] = kept_id

    @rule(data=st.data())
    @precondition(lambda self: any(person.is_trashed for person in self.people.values()))
    def purge_character(self, data: st.DataObject) -> None:
        gone = data.draw(one_of(id for id, person in self.people.items() if person.is_trashed))
        preview = self.library.preview_purge(gone)
        pictures, children = self._pictures_of(gone), self._children_of(gone)
        assert (preview.images, preview.children) == (len(pictures), len(children))
        self.library.purge_character(gone)
        del self.people[gone]
        self.pictures = {id: picture for id, picture in self.pictures.items() if picture.owner != gone}
        self.entries = {id: entry for id, entry in self.entries.items() if entry.person != gone}
        for child in children:
            self.pictures[child].parent = None
        self.purged |= {gone} | {old for old, new in self.merged.items() if new == gone}
        self.merged = {old: new for old, new in self.merged.items() if new != gone}

    # What is compared

    @invariant()
    def the_stories_are_the_models(self) -> None:
        for is_trashed in (False, True):
            listed = [story.id for story in self.library.list_stories(self.project, is_trashed)]
            assert listed == [id for id, story in self.stories.items() if story.is_trashed == is_trashed]

    @invariant()
    def the_casts_are_the_models(self) -> None:
        for story in self.stories:
            assert [
                (member.id, member.character.id, member.active_image_id, image_ids(member))
                for member in self.library.list_cast(story)
            ] == [
                (id, entry.person, entry.active, entry.on_offer())
                for id, entry in self.entries.items()
                if entry.story == story and entry.on_offer()
            ]

    @invariant()
    def the_characters_are_the_models(self) -> None:
        for id, person in self.people.items():
            assert facts(self.library.get_character(id)) == self._facts(id)
            assert [(image.id, image.parent_id) for image in self.library.list_images(id)] == [
                (image, self.pictures[image].parent) for image in self._pictures_of(id)
            ]
            assert self.library.list_steering(id) == [image for image in person.steering if image != person.canonical]
            assert {use.story.id: list(use.image_ids) for use in self.library.list_uses(id)} == self._uses(id)
        for old, new in self.merged.items():
            assert self.library.get_character(old).id == new
        for gone in self.purged:
            with pytest.raises(NotFound):
                self.library.get_character(gone)

    @invariant()
    def the_library_is_the_models(self) -> None:
        listed = [id for id, person in self.people.items() if person.is_listed]
        recent = sorted(listed, key=lambda id: self.people[id].saved, reverse=True)
        trashed = [id for id, person in self.people.items() if person.saved is not None and person.is_trashed]
        for query, expected in (
            (LibraryQuery(), recent),
            (LibraryQuery(sort="name"), sorted(listed, key=lambda id: (*as_people_sort(self.people[id].name), id))),
            (LibraryQuery(sort="most used"), sorted(recent, key=lambda id: -len(self._uses(id)))),
            (LibraryQuery("MINA"), [id for id in recent if "mina" in self.people[id].name.casefold()]),
            (LibraryQuery(tags=("LEAD",)), [id for id in recent if "lead" in self.people[id].tags]),
            (LibraryQuery(favourites=True), [id for id in recent if self.people[id].is_favourite]),
            (LibraryQuery(trashed=True), sorted(trashed, key=lambda id: self.people[id].saved, reverse=True)),
        ):
            found = self.library.search_library(self.project, query)
            assert [facts(character) for character in found] == [self._facts(id) for id in expected], query
        assert self.library.count_library(self.project, LibraryQuery()) == len(listed)
        tags = {tag for id in listed for tag in self.people[id].tags.values()}
        assert self.library.list_tags(self.project) == sorted(tags, key=str.casefold)

    @invariant()
    def the_faces_are_the_models(self) -> None:
        best: dict[str, str] = {}
        for image in sorted(self.pictures, key=lambda image: (-self.pictures[image].similarity, image)):
            if self.people[self.pictures[image].owner].is_listed:
                best.setdefault(self.pictures[image].owner, image)
        found = self.library.search_by_face(self.project, RED_FACE, 3)
        assert [(match.character.id, match.image_id) for match in found] == list(best.items())[:3]

    def teardown(self) -> None:
        for image in self.pictures:
            assert Path(self.library.get_picture_path(image)).exists()

    # The model's own ways

    def _tick(self) -> int:
        self.time += 1
        return self.time

    def _create_character(self, story: str, name: str, new: list[NewPicture]) -> None:
        member = self.library.create_character(story, name, new, "generated")
        first = image_ids(member)[0]
        self.people[member.character.id] = Person(name, canonical=first)
        self.entries[member.id] = Entry(story, member.character.id, active=first)
        self._note_pictures(member, new, "generated")

    def _note_pictures(self, member: CastMember, new: list[NewPicture], how: str) -> None:
        for image, made in zip(image_ids(member)[-len(new) :], new, strict=True):
            similarity = float(made.face.identities[1].embedding @ RED_FACE.embedding)
            self.pictures[image] = Picture(member.character.id, made.parent_id, similarity)
            self.entries[member.id].offers[image] = Offer(self._tick(), how)

    def _hand_over(self, member: str, kept: str) -> None:
        entry = self.entries[member]
        own = next((e for e in self.entries.values() if (e.story, e.person) == (entry.story, kept)), None)
        if own is None:
            entry.person = kept
        else:
            own.offers |= self.entries.pop(member).offers
            own.active = own.active or entry.active

    def _offered(self, removed: bool = False) -> list[tuple[str, str]]:
        return [
            (member, image)
            for member, entry in self.entries.items()
            for image, offer in entry.offers.items()
            if offer.is_removed == removed
        ]

    def _draw_person(self, data: st.DataObject) -> str:
        """Old ids of merged ones too."""
        return data.draw(one_of([*self.people, *self.merged]))

    def _person(self, id: str) -> Person:
        return self.people[self.merged.get(id, id)]

    def _pictures_of(self, person: str) -> list[str]:
        return [id for id, picture in self.pictures.items() if picture.owner == person]

    def _children_of(self, person: str) -> list[str]:
        own = self._pictures_of(person)
        return [id for id, picture in self.pictures.items() if picture.owner != person and picture.parent in own]

    def _uses(self, person: str) -> dict[str, list[str]]:
        entries = [entry for entry in self.entries.values() if entry.person == person and entry.on_offer()]
        return {entry.story: entry.on_offer() for entry in entries if not self.stories[entry.story].is_trashed}

    def _facts(self, id: str) -> tuple[Any, ...]:
        person = self.people[id]
        tags = tuple(person.tags[key] for key in sorted(person.tags))
        return id, person.name, person.canonical, person.saved is not None, person.is_trashed, person.is_favourite, tags


def facts(character: Character) -> tuple[Any, ...]:
    return (
        character.id,
        character.name,
        character.canonical_image_id,
        character.is_saved_to_library,
        character.trashed_at is not None,
        character.is_favourite,
        character.tags,
    )


def one_of(values: Iterable[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(values))


def as_people_sort(name: str) -> tuple[str, bool, str]:
    return name.replace("É", "E").casefold(), "É" in name, name.swapcase()


def made_from(parent: str | None, colour: tuple[int, int, int]) -> NewPicture:
    new = portrait(colour)
    return NewPicture(new.picture, "variant", new.face, parent)


def test_no_sequence_of_verbs_tells_the_library_from_a_simple_model(library: CharacterLibrary):
    run_state_machine_as_test(
        lambda: LibraryMachine(library),
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

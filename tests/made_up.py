"""Pictures and faces made up for the library's tests."""

from __future__ import annotations

import numpy as np
from fakes import FakeFaces, flat
from PIL import Image

from library_store.library import CharacterLibrary
from library_store.records import CastMember, Character, NewPicture
from pipeline.values import Face, Identity


def picture(shade: int, size: int = 8) -> Image.Image:
    return Image.new("RGB", (size, size), (shade % 256, shade // 256 % 256, shade // 65536))


def generated(shade: int) -> NewPicture:
    return NewPicture(picture(shade), "generated")


def portrait(colour: tuple[int, int, int]) -> NewPicture:
    """With the face that the fakes see in a colour."""
    return NewPicture(flat(colour, 8), "generated", FakeFaces().faces(flat(colour))[0])


def face(*encoders: str) -> Face:
    embedding = np.zeros(512, np.float32)
    embedding[0] = 1
    landmarks = np.arange(10, dtype=np.float32).reshape(5, 2)
    return Face((1, 2, 3, 4), landmarks, 0.9, tuple(Identity(encoder, embedding) for encoder in encoders))


def image_ids(member: CastMember) -> list[str]:
    return [option.image.id for option in member.options]


def saved(library: CharacterLibrary, story_id: str, name: str, *pictures: NewPicture, **words: str) -> Character:
    """A character in the library, its first picture canonical."""
    member = library.create_character(story_id, name, pictures or [generated(1)], "generated", **words)
    return library.save_character(member.id, image_ids(member)[0])

"""How much of the database the usual requests ask for, on the embedded pack and as the page asks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from app import open_castbook
from benchmarks.counting import counted
from library_store.records import LOCAL_OWNER, CastMember, LibraryQuery, NewPicture, Story
from settings import Settings
from studio import Castbook, Studio
from ui.endpoints.results import characters_json
from ui.story.cast import cast_values

CAST, OPTIONS = 4, 8  # members, and options of each


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        castbook = open_castbook(Settings(home=Path(home)))
        studio = castbook.seen_by(LOCAL_OWNER)
        story = studio.library.create_story(studio.library.create_project("Counted").id, "Chapter 1")
        mina = fill_story(studio, story)
        studio.models.get()
        for name, ask in requests(castbook, story, mina).items():
            with counted() as asked:
                ask()
            print(f"{name}: {asked.transactions} transactions, {len(asked.statements)} statements")
        castbook.store.close()


def requests(castbook: Castbook, story: Story, mina: CastMember) -> dict[str, Callable[[], object]]:
    """By name what a visitor asks for. `mina` is one of the story's cast, who is saved and whose face is known."""
    studio, image_id = castbook.seen_by(LOCAL_OWNER), mina.options[0].image.id
    library, project_id = studio.library, story.project_id
    other = library.create_story(project_id, "Chapter 2")
    return {
        "Generate with Reference": lambda: list(
            studio.drawing.generate_character_variant(other.id, image_id, "outer space", count=1)
        ),
        "Load Character": lambda: library.link_image(other.id, image_id),
        f"a cast of {CAST * OPTIONS} options, shown": cast_shown(castbook, story.id),
        "list_library": lambda: characters_json(studio, library.search_library(project_id, LibraryQuery())),
    }


def fill_story(studio: Studio, story: Story) -> CastMember:
    """CAST members with OPTIONS pictures each, all saved. Gives the first, whose first picture has a face."""
    library = studio.library
    list(studio.drawing.generate_character(story.id, "Mina", "smiling woman with red hair, cafe", count=1))
    library.add_options(library.list_cast(story.id)[0].id, _flat(0, OPTIONS - 1), "generated")
    for i in range(1, CAST):
        library.create_character(story.id, f"Person {i}", _flat(i, OPTIONS), "generated")
    for member in library.list_cast(story.id):
        library.save_character(member.id, member.options[0].image.id)
    return library.list_cast(story.id)[0]


def _flat(colour: int, count: int) -> list[NewPicture]:
    return [NewPicture(Image.new("RGB", (64, 64), (colour, shade, 0)), "uploaded") for shade in range(count)]


def cast_shown(castbook: Castbook, story_id: str) -> Callable[[], None]:
    """Does what the page does to show a story's cast."""

    def show() -> None:
        studio = castbook.seen_by(LOCAL_OWNER)
        cast_values(studio, story_id, studio.library.list_cast(story_id), "", True, "")

    return show

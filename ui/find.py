"""The bar's field that finds anything: the project's people, the story's cast, stories, projects, and what one can do.

find.js draws the list and walks it by keys; what is chosen opens here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import gradio as gr

from library_store.records import LibraryQuery, Story
from library_store.text import search_text, sought
from studio import Castbook, Studio
from ui.dialog import build_dialog
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor
from ui.language import say, t
from ui.place import Place, bind_move
from ui.story.stream import address, build_view
from ui.unseen import UNSEEN

OPEN = "() => window.castbook?.openFind()"
MOST = 6  # of a kind
DEEDS = {  # what one can do, by the button that does it
    "new-character": "Describe a new character",
    "add-picture": "Add somebody from a picture of mine",
    "add-pages": "Add people from finished pages",
    "load-character": "Load Character",
    "generate-with-reference": "Generate with Reference",
    "new-story": "New story",
    "new-project": "New project",
    "other-language": "Change the language",
    "help": "Keys and words",
}
Item = dict[str, str]


def build_find() -> gr.Button:
    """In the bar."""
    return gr.Button(t("Find anything"), size="sm", elem_id="find", scale=0, min_width=0)


def build_find_dialog(castbook: Castbook, button: gr.Button, place: Place) -> None:
    with build_dialog("find-dialog", t("Find anything")):
        words = gr.Textbox(
            "", show_label=False, label=t("Find anything"), placeholder=t("A name, a story, or what you want to do"),
            container=False, elem_id="find-words",
        )  # fmt: skip
        found = build_view("found", ("person", "move"), elem_id="find-results")
    asked = gr.Textbox("", elem_classes=UNSEEN)  # "story ID" or "project ID", and something that makes it another text

    @for_visitor(castbook)
    def find(studio: Studio, project_id: str, story_id: str, written: str) -> dict[str, Any]:
        return {"groups": groups_found(studio, project_id, story_id, written), "nothing": say("Nothing is called so.")}

    def open_person(event: gr.EventData) -> str:
        return str(event.id)

    def ask_move(event: gr.EventData) -> str:
        return f"{event.kind} {event.id} {secrets.token_hex(4)}"

    def moved(studio: Studio, asked: str) -> Story:
        kind, id, _ = asked.split()
        return studio.library.ensure_a_story(id) if kind == "project" else studio.library.get_story(id)

    inputs = [place.project, place.story, words]
    button.click(find, inputs, found, **QUICK)
    button.click(None, js=OPEN, **PRIVATE)
    words.change(find, inputs, found, **LATEST)
    results: Any = found  # which has events of its own
    opened = results.person(open_person, None, place.open_character, **QUICK)
    opened.then(lambda: "", None, place.open_character, **QUICK)  # so that the same one can be opened again
    results.move(ask_move, None, asked, **QUICK)
    bind_move(castbook, place, [asked.change], moved, [asked])


def groups_found(studio: Studio, project_id: str, story_id: str, written: str) -> list[dict[str, Any]]:
    """What find.js lists: groups of items, those without any left out."""
    library = studio.library
    cast = {
        member.character.name: (member.id, member.active_image_id or member.options[-1].image.id)
        for member in reversed(library.list_cast(story_id))
    }
    projects = library.list_projects()
    stories = [(story, project) for project in projects for story in library.list_stories(project.id)]
    stories.sort(key=lambda each: each[1].id != project_id)  # those of this project first
    people = library.search_library(project_id, LibraryQuery(written), 0, MOST) if written.strip() else []
    faces = {person.id: person.canonical_image_id or "" for person in people}
    wanted = [image_id for _, image_id in cast.values()] + [face for face in faces.values() if face]
    thumbnails = library.get_thumbnail_paths(wanted)
    found: dict[str, Iterable[Item]] = {
        say("In this story"): [
            {"kind": "face", "id": id, "says": name, "src": address(thumbnails.get(image_id))}
            for name, (id, image_id) in cast.items()
            if _is_called(name, written)
        ],
        say("Library"): [
            {"kind": "person", "id": each.id, "says": each.name, "src": address(thumbnails.get(faces[each.id]))}
            for each in people
        ],
        say("Stories"): [
            {"kind": "story", "id": story.id, "says": story.title, "about": project.name}
            for story, project in stories
            if story.id != story_id and _is_called(f"{story.title} {project.name}", written)
        ],
        say("Projects"): [
            {"kind": "project", "id": project.id, "says": project.name}
            for project in projects
            if project.id != project_id and _is_called(project.name, written)
        ],
        say("What you can do"): [
            {"kind": "deed", "id": id, "says": say(deed)}
            for id, deed in DEEDS.items()
            if _is_called(f"{deed} {say(deed)}", written)
        ],
    }
    limited = {label: [*items][: len(DEEDS) if not written.strip() else MOST] for label, items in found.items()}
    return [{"label": label, "items": items} for label, items in limited.items() if items]


def _is_called(name: str, written: str) -> bool:
    """As the library's own search reads names: any case, accents or none, initial consonants."""
    text = search_text(name)
    return all(part in text for word in written.split() for part in sought(word))

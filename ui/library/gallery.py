"""The gallery of the saved characters, the same in the Library tab and in the popup: found by words or by a face,
filtered, sorted, and shown a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import Character, LibraryQuery
from studio import Castbook, Studio
from studio.faces import FaceSearch
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor, on, unchanged
from ui.language import alphabet_language, say, t
from ui.place import Place
from ui.thumbnails import THUMBNAILS
from ui.words import counted, how_near, in_markdown

PAGE = 60  # thumbnails a browser paints at once without a wait
EVERYONE = LibraryQuery()
EMPTY = (
    "**Nobody is saved in this project yet.** Save a character with *Save to library* beside their picture; "
    "then every story of the project finds them here."
)


@dataclass(frozen=True)
class Gallery:
    words: gr.Textbox
    tags: gr.Dropdown
    favourites: gr.Checkbox
    sort: gr.Dropdown
    trashed: gr.Checkbox
    upload: gr.UploadButton  # a picture to search by
    by_face: gr.Row  # shown while the gallery is in the order of a face
    everyone: gr.Button  # back from it
    pictures: gr.Gallery
    shown: gr.State  # character ids, as in `pictures`
    offset: gr.State  # how many come before the page; None while the gallery is in the order of a face
    pager: gr.Row
    before: gr.Button
    extent: gr.Markdown
    after: gr.Button
    note: gr.Markdown

    @property
    def query(self) -> list[Any]:
        """The inputs of `query_of`."""
        return [self.words, self.tags, self.favourites, self.sort, self.trashed]

    @property
    def outputs(self) -> list[Any]:
        """What `show_gallery` and `show_matches` set."""
        return [self.by_face, self.pictures, self.shown, self.offset, self.pager, self.before, self.extent, self.after,
                self.note]  # fmt: skip


def build_gallery(prefix: str, with_trash: bool) -> Gallery:
    """`prefix` begins the ids of its elements. Without trash there is no way to look into it."""
    with gr.Row(elem_classes="gallery-search"):
        words = gr.Textbox(
            placeholder=t("Search by name, description or looks"), label=t("Search the library"), show_label=False,
            elem_id=f"{prefix}-search", scale=3, min_width=200,
        )  # fmt: skip
        upload = gr.UploadButton(
            t("Search by a picture"), type="filepath", size="md", scale=0, min_width=150,
            elem_id=f"{prefix}-file",
        )  # fmt: skip
    with gr.Row(elem_classes="gallery-filters"):
        tags = gr.Dropdown(
            [], multiselect=True, label=t("Tags"), interactive=True, min_width=150, scale=3, elem_id=f"{prefix}-tags"
        )
        sort = gr.Dropdown(
            [(t("Recent"), "recent"), (t("Name"), "name"), (t("Most used"), "most used")],
            value="recent", label=t("Sort by"), interactive=True, filterable=False, min_width=120, scale=2,
            elem_id=f"{prefix}-sort",
        )  # fmt: skip
        with gr.Row(elem_classes="gallery-switches"):
            favourites = _switch(t("Favourites"), f"{prefix}-favourites", visible=True)
            trashed = _switch(t("Trash"), f"{prefix}-trashed", visible=with_trash)
    with gr.Row(visible=False, elem_classes="gallery-by-face") as by_face:
        gr.Markdown(t("Who looks like this? The most alike face first."))
        everyone = gr.Button(t("Show everyone"), size="sm", scale=0, min_width=120, elem_id=f"{prefix}-everyone")
    pictures = gr.Gallery(
        label=t("Characters"), columns=4, elem_id=f"{prefix}-gallery", elem_classes="people",
        **THUMBNAILS,
    )  # fmt: skip
    note = gr.Markdown(elem_id=f"{prefix}-note", elem_classes="gallery-note", visible=False)
    with gr.Row(visible=False, elem_classes="gallery-pager") as pager:
        before = gr.Button(t("Previous"), size="sm", scale=0, min_width=100, elem_id=f"{prefix}-before")
        extent = gr.Markdown(elem_id=f"{prefix}-extent")
        after = gr.Button(t("Next"), size="sm", scale=0, min_width=100, elem_id=f"{prefix}-after")
    return Gallery(
        words, tags, favourites, sort, trashed, upload, by_face, everyone,
        pictures, gr.State([]), gr.State(0), pager, before, extent, after, note,
    )  # fmt: skip


def bind_gallery(castbook: Castbook, gallery: Gallery, place: Place) -> None:
    @for_visitor(castbook)
    def first_page(studio: Studio, project_id: str, *query: Any) -> tuple[Any, ...]:
        return show_gallery(studio, project_id, query_of(*query))

    def turn(pages: int) -> Callable[..., tuple[Any, ...]]:
        @for_visitor(castbook)
        def turned(studio: Studio, project_id: str, offset: int, *query: Any) -> tuple[Any, ...]:
            return show_gallery(studio, project_id, query_of(*query), offset + pages * PAGE)

        return turned

    @for_visitor(castbook)
    def by_upload(studio: Studio, project_id: str, file: str) -> tuple[Any, ...]:
        return show_matches(studio, studio.faces.search_by_picture(project_id, file, limit=PAGE))

    filters = [gallery.tags, gallery.favourites, gallery.sort, gallery.trashed]
    # Gradio's `input` of a text box is the key press: neither Hangul as it is composed, nor Backspace, nor pasting.
    asked = [gallery.words.change, *[each.input for each in filters]]
    on(asked, first_page, [place.project, *gallery.query], gallery.outputs, **LATEST)
    gallery.everyone.click(first_page, [place.project, *gallery.query], gallery.outputs, **QUICK)
    for button, pages in ((gallery.before, -1), (gallery.after, 1)):
        button.click(turn(pages), [place.project, gallery.offset, *gallery.query], gallery.outputs, **LATEST)
    gallery.upload.upload(by_upload, [place.project, gallery.upload], gallery.outputs, **PRIVATE)


def bind_face_search(castbook: Castbook, gallery: Gallery, place: Place, button: gr.Button, image: gr.State) -> Any:
    """The event: makes `button` search by the face in the kept picture whose id is in `image`."""

    @for_visitor(castbook)
    def by_picture(studio: Studio, project_id: str, image_id: str) -> tuple[Any, ...]:
        face = studio.library.get_faces([image_id]).get(image_id)
        if face is None:  # nobody has looked for one yet
            path = studio.library.get_picture_path(image_id)
            return show_matches(studio, studio.faces.search_by_picture(project_id, path, limit=PAGE))
        return show_matches(studio, studio.faces.search_by_face(face, project_id, PAGE))

    return button.click(by_picture, [place.project, image], gallery.outputs, **PRIVATE)


def relist(castbook: Castbook, gallery: Gallery, place: Place, event: Any) -> None:
    """Makes the gallery show itself anew after `event`, with the filters and the page it has."""

    @for_visitor(castbook)
    def relisted(studio: Studio, project_id: str, offset: int | None, *query: Any) -> list[Any]:
        return refreshed(studio, gallery, project_id, offset, *query)

    inputs = [place.project, gallery.offset, *gallery.query]
    event.success(relisted, inputs, [gallery.tags, *gallery.outputs], **QUICK)


def refreshed(studio: Studio, gallery: Gallery, project_id: str, offset: int | None, *query: Any) -> list[Any]:
    """Values for `[Gallery.tags, *Gallery.outputs]`: the same page as it is now. An order by a face stays as it was."""
    if offset is None:
        return [unchanged() for _ in (gallery.tags, *gallery.outputs)]
    choices = gr.Dropdown(choices=studio.library.list_tags(project_id, alphabet_language()))
    return [choices, *show_gallery(studio, project_id, query_of(*query), offset)]


def query_of(
    words: str | None, tags: Sequence[str] | None, favourites: bool | None, sort: Any, trashed: bool | None
) -> LibraryQuery:
    """Fields that were not in sight yet have no value."""
    kept = bool(favourites), sort or "recent", bool(trashed)
    return LibraryQuery(words or "", tuple(tags or ()), *kept, alphabet_language())


def open_gallery(studio: Studio, project_id: str) -> tuple[Any, ...]:
    """Values for `[*Gallery.query, *Gallery.outputs]`: nothing filtered, the first page."""
    tags = gr.Dropdown(choices=studio.library.list_tags(project_id, alphabet_language()), value=[], multiselect=True)
    return "", tags, False, "recent", False, *show_gallery(studio, project_id, EVERYONE)


def show_gallery(studio: Studio, project_id: str, query: LibraryQuery, offset: int = 0) -> tuple[Any, ...]:
    """Values for `Gallery.outputs`: the page that begins at `offset`, or the last one where there are fewer."""
    count = studio.library.count_library(project_id, query)
    offset = max(0, min(offset, (count - 1) // PAGE * PAGE))
    people = studio.library.search_library(project_id, query, offset, PAGE)
    thumbnails = studio.library.get_thumbnail_paths(_canonical_images(people))
    shown = [
        (person.id, thumbnails[person.canonical_image_id], _caption(person))
        for person in people
        if person.canonical_image_id in thumbnails
    ]
    return _shown(shown, offset, count, "" if count else _nobody(query))


def show_matches(studio: Studio, search: FaceSearch) -> tuple[Any, ...]:
    """Values for `Gallery.outputs`: one page of people in the order of their likeness to a face."""
    thumbnails = studio.library.get_thumbnail_paths([match.image_id for match in search.matches])
    shown = [
        (
            match.character.id,
            thumbnails[match.image_id],
            f"{_caption(match.character)}\n{how_near(match.similarity, match.judgement)}",
        )
        for match in search.matches
        if match.image_id in thumbnails
    ]
    pictures, ids, _, *others = _shown(shown, 0, len(shown), _search_note(search))[1:]
    return gr.Row(visible=True), pictures, ids, None, *others


def _search_note(search: FaceSearch) -> str:
    notes = list[str]()
    if search.cannot_tell:
        notes.append(say("The judge cannot tell people of this drawing style apart. These are the nearest."))
    elif search.nobody_passes:
        notes.append(say("**Nobody here looks like this.** These are the nearest."))
    if search.unread:
        notes.append(_unread_note(search.unread))
    elif not search.matches:
        notes.append(say("Nobody is saved yet whose face could be compared."))
    return " ".join(notes)


def _unread_note(count: int) -> str:
    return counted(
        "{count} picture is still being looked at, so somebody may be missing here. Search again in a moment.",
        "{count} pictures are still being looked at, so somebody may be missing here. Search again in a moment.",
        count,
    )


def picked(shown: Sequence[str], event: gr.SelectData) -> str | None:
    """The id of the character who was clicked. None where the list changed under the click."""
    index = int(event.index)
    return shown[index] if index < len(shown) else None


def _shown(people: Sequence[tuple[str, str, str]], offset: int, count: int, note: str) -> tuple[Any, ...]:
    """`people`: id, thumbnail and caption. A person whose picture is missing is left out, not the whole library."""
    last = min(offset + PAGE, count)
    return (
        gr.Row(visible=False),
        gr.Gallery([person[1:] for person in people], selected_index=None, visible=bool(people)),
        [person[0] for person in people],
        offset,
        gr.Row(visible=count > PAGE),
        gr.Button(interactive=offset > 0),
        say("{first}–{last} of {count}", first=f"{offset + 1:,}", last=f"{last:,}", count=f"{count:,}"),
        gr.Button(interactive=last < count),
        gr.Markdown(note, visible=bool(note)),
    )


def _nobody(query: LibraryQuery) -> str:
    """Why the gallery is empty, and what to do about it."""
    if query.trashed:
        return say("There is nobody in the trash.")
    if query.words.strip():
        return say("Nobody matches “{words}”. Try fewer or other words.", words=in_markdown(query.words.strip()))
    if query.tags:
        return say("Nobody has all of these tags. Remove one of them.")
    if query.favourites:
        return say("Nobody is a favourite yet. The star on a character's page makes them one.")
    return say(EMPTY)


def _canonical_images(people: Sequence[Character]) -> list[str]:
    return [person.canonical_image_id for person in people if person.canonical_image_id]


def _caption(person: Character) -> str:
    return f"★ {person.name}" if person.is_favourite else person.name


def _switch(label: Any, elem_id: str, visible: bool) -> gr.Checkbox:
    return gr.Checkbox(
        False, label=label, container=False, interactive=True, min_width=90, elem_id=elem_id, visible=visible
    )

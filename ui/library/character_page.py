"""A character's own page: the pictures and what each is for, where they come from and where they are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import LibraryUnavailable
from library_store.records import Character, CharacterReferenceImage
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import said, say, t
from ui.library.add_picture import AddPicture, bind_add_picture, build_add_picture
from ui.library.character_upkeep import (
    TrashBar,
    Upkeep,
    bind_upkeep,
    build_trash_bar,
    build_upkeep,
    show_trash_bar,
    show_upkeep,
)
from ui.library.copying import copied_from
from ui.library.lineage import CLICKED, draw_lineage
from ui.place import Place, new_revision
from ui.thumbnails import THUMBNAILS
from ui.undo import Undo
from ui.unseen import UNSEEN
from ui.words import ORIGIN, in_markdown, long_likeness, measured_by, profile_line, short_likeness, tone
from verdicts import reason_for

NOBODY = """### Nobody is chosen
Choose someone from the library. Their pictures, their stories and all that you can change about them show up here."""


@dataclass(frozen=True)
class Viewer:
    """The parts that follow the picture which is looked at."""

    viewed: gr.State  # its image id
    picture: gr.Image
    likeness: gr.Markdown
    facts: gr.Markdown
    canonical: gr.Button
    steer: gr.Button
    steers: gr.Checkbox  # whether it steers, as `steer` says; hidden
    download: gr.DownloadButton

    @property
    def outputs(self) -> list[Any]:
        return [self.viewed, self.picture, self.likeness, self.facts, self.canonical, self.steer, self.steers,
                self.download]  # fmt: skip


@dataclass(frozen=True)
class CharacterPage:
    nobody: gr.Markdown  # shown while nobody is chosen
    box: gr.Column
    character: gr.Textbox  # the id of who is shown; hidden: a gr.State never reaches JavaScript
    name: gr.Markdown
    about: gr.Markdown
    favourite: gr.Button
    is_favourite: gr.Checkbox  # as `favourite` says; hidden
    generate: gr.Button
    load: gr.Button
    copy: gr.Button  # a link that opens this page
    viewer: Viewer
    alike: gr.Button
    look: gr.Button  # closely, at all their pictures
    strip: gr.Gallery
    images: gr.State  # image ids, as in `strip`
    add_picture: AddPicture
    outliers: gr.Markdown
    lineage: gr.HTML
    stories: gr.Dataset
    story_ids: gr.State
    trash_bar: TrashBar
    upkeep: Upkeep

    @property
    def outputs(self) -> list[Any]:
        """What `show_character` and `show_nobody` set: all but the forms, so that what is half written stays."""
        return [self.nobody, self.box, self.character, self.name, self.about, self.favourite, self.is_favourite,
                *self.viewer.outputs,
                self.strip, self.images, self.outliers, self.lineage, self.stories, self.story_ids,
                *self.trash_bar.outputs, self.upkeep.living]  # fmt: skip

    @property
    def opening(self) -> list[Any]:
        """What `open_character` sets."""
        return [*self.outputs, *self.upkeep.outputs]


def build_character_page(castbook: Castbook) -> CharacterPage:
    nobody = gr.Markdown(t(NOBODY), elem_classes="empty", elem_id="character-nobody")
    character = gr.Textbox("", elem_classes=UNSEEN)
    with gr.Column(visible=False, elem_classes="card", elem_id="character-page") as box:
        trash_bar = build_trash_bar()
        with gr.Row(elem_classes="card-row"):
            picture = gr.Image(
                show_label=False, interactive=False, buttons=["fullscreen"], container=False, min_width=200,
                elem_classes="portrait", elem_id="character-picture",
            )  # fmt: skip
            with gr.Column(min_width=240, elem_classes="card-body"):
                with gr.Row(elem_classes="character-head"):
                    name = gr.Markdown(elem_classes="card-name", elem_id="character-name")
                    favourite = gr.Button(
                        t("☆ Favourite"), size="sm", scale=0, min_width=100, elem_id="character-favourite"
                    )
                about = gr.Markdown(elem_classes="character-about", elem_id="character-about")
                with gr.Row(elem_classes="card-actions"):
                    generate = gr.Button(
                        t("Generate with Reference"), variant="primary", size="sm", min_width=180,
                        elem_id="character-generate",
                    )  # fmt: skip
                    load = gr.Button(t("Load into this story"), size="sm", min_width=150, elem_id="character-load")
                    copy = gr.Button(t("Copy link"), size="sm", min_width=90, elem_id="character-copy")
        gr.Markdown(t("#### Pictures"))
        strip = gr.Gallery(
            container=False, columns=6, elem_classes="strip", elem_id="character-strip",
            **THUMBNAILS,
        )  # fmt: skip
        add_picture = build_add_picture(castbook)
        outliers = gr.Markdown(visible=False, elem_classes="unknown-words", elem_id="character-outliers")
        likeness = gr.Markdown(elem_classes="badge", elem_id="character-likeness")
        facts = gr.Markdown(elem_classes="fine-print", elem_id="character-facts")
        with gr.Row(elem_classes="card-actions"):
            canonical = gr.Button(t("Make main picture"), size="sm", min_width=150, elem_id="character-canonical")
            steer = gr.Button(t("Use as reference too"), size="sm", min_width=110, elem_id="character-steer")
            alike = gr.Button(t("Who looks like this?"), size="sm", min_width=150, elem_id="character-alike")
            look = gr.Button(t("Look closely"), size="sm", min_width=110, elem_id="character-look")
            download = gr.DownloadButton(
                t("Download"), size="sm", min_width=100, visible=False, elem_id="character-download"
            )
        gr.Markdown(t("#### Where they come from"))
        lineage = gr.HTML(js_on_load=CLICKED, apply_default_css=False, elem_id="character-lineage")
        stories = gr.Dataset(
            label=t("On offer in these stories"), components=[gr.Textbox(visible=False)], samples=[], type="index",
            visible=False, samples_per_page=20, elem_id="character-stories", elem_classes="stories",
        )  # fmt: skip
        upkeep = build_upkeep(castbook)
    steers, is_favourite = gr.Checkbox(elem_classes=UNSEEN), gr.Checkbox(elem_classes=UNSEEN)
    viewer = Viewer(gr.State(None), picture, likeness, facts, canonical, steer, steers, download)
    return CharacterPage(
        nobody, box, character, name, about, favourite, is_favourite, generate, load, copy, viewer, alike, look, strip,
        gr.State([]), add_picture, outliers, lineage, stories, gr.State([]), trash_bar, upkeep,
    )  # fmt: skip


def bind_character_page(
    castbook: Castbook, page: CharacterPage, place: Place, undo: Undo, relist: Callable[[Any], Any]
) -> None:
    """`relist(event)` makes the gallery follow a change."""
    _bind_pictures(castbook, page)

    @for_visitor(castbook)
    def star(studio: Studio, character_id: str, viewed: str, is_favourite: bool) -> tuple[Any, ...]:
        studio.library.set_favourite(character_id, not is_favourite)
        return show_character(studio, character_id, viewed)

    @for_visitor(castbook)
    def stand(studio: Studio, character_id: str, viewed: str) -> tuple[Any, ...]:
        studio.library.set_canonical(character_id, viewed)
        return *show_character(studio, character_id, viewed), new_revision()

    @for_visitor(castbook)
    def steer(studio: Studio, character_id: str, viewed: str, steers: bool) -> tuple[Any, ...]:
        wanted, shown = ([], [viewed]) if steers else ([viewed], [])
        studio.faces.set_steering(character_id, wanted, instead_of=shown)
        return show_character(studio, character_id, viewed)

    looked_at = [page.character, page.viewer.viewed]
    relist(page.favourite.click(star, [*looked_at, page.is_favourite], page.outputs, **QUICK))
    relist(page.viewer.canonical.click(stand, looked_at, [*page.outputs, place.revision], **PRIVATE))
    page.viewer.steer.click(steer, [*looked_at, page.viewer.steers], page.outputs, **QUICK)
    written = [*page.outputs, place.revision]
    bind_add_picture(castbook, page.add_picture, page.character, show_character, written, relist)
    bind_upkeep(
        castbook, page.upkeep, page.trash_bar, place, undo, page.character,
        show_character, show_nobody, page.outputs, relist,
    )  # fmt: skip


def open_character(studio: Studio, page: CharacterPage, character_id: str) -> tuple[Any, ...]:
    """Values for `CharacterPage.opening`."""
    character = studio.library.get_character(character_id)
    return *show_character(studio, character.id), *show_upkeep(studio, page.upkeep, character)


def show_character(studio: Studio, character_id: str, viewed: str | None = None) -> tuple[Any, ...]:
    """Values for `CharacterPage.outputs`. Without `viewed` the picture is looked at that stands for them."""
    character, images = studio.library.get_character(character_id), studio.library.list_images(character_id)
    steering = studio.library.list_steering(character_id)
    thumbnails = studio.library.get_thumbnail_paths([image.id for image in images])
    shown = [image for image in images if image.id in thumbnails]
    ids = [image.id for image in shown]
    looked_at = viewed if viewed in ids else character.canonical_image_id
    strip = [
        (thumbnails[image.id], f"{number} · {_caption(character, steering, image)}")
        for number, image in enumerate(shown, 1)
    ]
    uses = studio.library.list_uses(character_id)
    return (
        gr.Markdown(visible=False),
        gr.Column(visible=True),
        character.id,
        f"### {in_markdown(character.name)}",
        _about(studio, character),
        _star(character),
        character.is_favourite,
        *_view(studio, character, steering, next((image for image in images if image.id == looked_at), None)),
        gr.Gallery(strip, visible=True, selected_index=ids.index(looked_at) if looked_at in ids else None),
        ids,
        _outliers(studio, character, ids),
        draw_lineage(images, thumbnails, looked_at or ""),
        gr.Dataset(
            samples=[[use.story.title] for use in uses],
            sample_labels=[f"{use.story.title} · {len(use.image_ids)}" for use in uses],
            visible=bool(uses),
        ),
        [use.story.id for use in uses],
        *show_trash_bar(character),
        gr.Column(visible=character.trashed_at is None),
    )


def show_nobody() -> tuple[Any, ...]:
    """Values for `CharacterPage.outputs` when nobody is chosen."""
    return (
        gr.Markdown(visible=True), gr.Column(visible=False), "", "", "", gr.Button(), False,
        None, None, "", "", gr.Button(), gr.Button(), False, gr.DownloadButton(),
        [], [], gr.Markdown(visible=False), "", gr.Dataset(visible=False), [],
        gr.Column(visible=False), "", gr.Column(visible=False), gr.Column(),
    )  # fmt: skip


def _bind_pictures(castbook: Castbook, page: CharacterPage) -> None:
    def view(studio: Studio, character_id: str, image_id: str) -> tuple[Any, ...]:
        character, steering = studio.library.get_character(character_id), studio.library.list_steering(character_id)
        image = next((image for image in studio.library.list_images(character_id) if image.id == image_id), None)
        return _view(studio, character, steering, image)

    @for_visitor(castbook)
    def in_strip(studio: Studio, character_id: str, ids: list[str], event: gr.SelectData) -> tuple[Any, ...]:
        images = studio.library.list_images(character_id)
        image_id = ids[int(event.index)]
        thumbnails = studio.library.get_thumbnail_paths([image.id for image in images])
        return *view(studio, character_id, image_id), draw_lineage(images, thumbnails, image_id)

    @for_visitor(castbook)
    def in_lineage(studio: Studio, character_id: str, ids: list[str], event: gr.EventData) -> tuple[Any, ...]:
        image_id = str(event.image)
        index = ids.index(image_id) if image_id in ids else None
        return *view(studio, character_id, image_id), gr.Gallery(selected_index=index)

    inputs = [page.character, page.images]
    page.strip.select(in_strip, inputs, [*page.viewer.outputs, page.lineage], **QUICK)
    page.lineage.click(in_lineage, inputs, [*page.viewer.outputs, page.strip], **QUICK)
    page.copy.click(None, page.character, js="(id) => window.castbook?.copyLink('character', id)")


def _view(
    studio: Studio, character: Character, steering: Sequence[str], image: CharacterReferenceImage | None
) -> tuple[Any, ...]:
    """Values for `Viewer.outputs`; None: a picture that has gone, with their character or to another one."""
    if image is None:
        hidden = gr.Button(visible=False)
        return "", None, "", "", hidden, hidden, False, gr.DownloadButton(visible=False)
    stands = image.id == character.canonical_image_id
    try:
        path, facts = studio.library.get_picture_path(image.id), _facts(character, steering, image)
    except LibraryUnavailable as error:  # the other pictures can still be looked at
        path, facts = None, in_markdown(f"{said(error.cause_message)} {said(error.remedy_message)}")
    return (
        image.id,
        path,
        gr.Markdown(long_likeness(image.likeness), elem_classes=["badge", tone(image.likeness)]),
        facts,
        gr.Button(visible=not stands),
        gr.Button(
            t("Stop using as reference") if image.id in steering else t("Use as reference too"), visible=not stands
        ),
        image.id in steering,
        gr.DownloadButton(value=path, visible=path is not None),
    )


def _roles(character: Character, steering: Sequence[str], image: CharacterReferenceImage) -> list[str]:
    if image.id == character.canonical_image_id:
        return [say("Main picture")]
    return [say("Reference too")] if image.id in steering else []


def _caption(character: Character, steering: Sequence[str], image: CharacterReferenceImage) -> str:
    mark = "★ " if image.id == character.canonical_image_id else ""
    lines = [*_roles(character, steering, image), say(ORIGIN[image.source]), short_likeness(image.likeness)]
    return mark + "\n".join(line for line in lines if line)


def _facts(character: Character, steering: Sequence[str], image: CharacterReferenceImage) -> str:
    facts = [*_roles(character, steering, image), say(ORIGIN[image.source]), f"{image.width} × {image.height}"]
    if image.seed is not None:
        facts.append(say("seed {seed}", seed=image.seed))
    return " · ".join(fact for fact in [*facts, measured_by(image.likeness)] if fact)


def _about(studio: Studio, character: Character) -> str:
    tags = " ".join(f"**#{in_markdown(tag)}**" for tag in character.tags)
    parts = [in_markdown(character.description), in_markdown(profile_line(character.visual_profile)), tags]
    about = [part for part in parts if part] or [in_markdown(character.prompt)]
    return "\n\n".join(part for part in [*about, copied_from(studio, character)] if part)


def _star(character: Character) -> Any:
    """A button's name is its text; the star alone says nothing to a screen reader."""
    return gr.Button(t("★ Favourite") if character.is_favourite else t("☆ Favourite"))


def _outliers(studio: Studio, character: Character, ids: Sequence[str]) -> Any:
    """The pictures that show somebody else, by their number in the strip."""
    lines = [
        say(
            "Picture {number}: {reason}",
            number=ids.index(outlier.image_id) + 1,
            reason=in_markdown(said(reason_for(outlier))),
        )
        for outlier in studio.faces.outliers(character.id)
        if outlier.image_id in ids
    ]
    return gr.Markdown("\n\n".join(lines), visible=bool(lines))

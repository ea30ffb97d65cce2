"""What the endpoints answer: plain JSON, in which everything is named by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from gradio.data_classes import FileData
from gradio_client import utils as client_utils  # pyright: ignore[reportMissingTypeStubs]
from pydantic_core import to_jsonable_python as plain  # lists for tuples, objects for records

from library_store.exported import ImportReport
from library_store.foreign_requests import FoundRequest
from library_store.records import (
    CastMember,
    CastOption,
    Character,
    CharacterReferenceImage,
    FaceMatch,
    Project,
    PurgePreview,
    Story,
    Use,
)
from pipeline.prompt import Reading
from pipeline.references import Outlier
from pipeline.request import PictureRequest
from pipeline.uploads import Upload
from pipeline.values import Likeness, Objection, Step, verdict_of
from studio import Studio
from studio.drawing import Asked, Made
from studio.episodes import Episode
from studio.runs import Run, Waiting
from studio.trust import LibraryCheck
from ui.endpoints import answers
from verdicts import objection, reason_for, reason_of

# What Gradio leaves half untyped.
replaced = cast("Callable[..., Any]", client_utils.traverse)  # pyright: ignore[reportUnknownMemberType]
is_a_file = cast("Callable[[Any], bool]", client_utils.is_file_obj_with_meta)  # pyright: ignore[reportUnknownMemberType]

DrawingRun = Run[Asked, Made]


def project_json(project: Project) -> answers.Project:
    return {"project_id": project.id, "name": project.name, "trashed_at": _moment(project.trashed_at)}


def story_json(story: Story) -> answers.Story:
    return {
        "story_id": story.id,
        "project_id": story.project_id,
        "title": story.title,
        "context": story.context,
        "trashed_at": _moment(story.trashed_at),
    }


def prompt_json(studio: Studio, prompt: str) -> answers.Prompt:
    return {"prompt": prompt, **_reading_json(studio.pack.read(prompt))}


def cast_json(studio: Studio, members: Sequence[CastMember]) -> list[answers.Member]:
    urls = _urls(studio, [option.image.id for member in members for option in member.options])
    return [_member_json(urls, member) for member in members]


def member_json(studio: Studio, member: CastMember) -> answers.Member:
    return cast_json(studio, [member])[0]


def characters_json(studio: Studio, characters: Sequence[Character]) -> list[answers.Character]:
    urls = _urls(studio, [who.canonical_image_id for who in characters if who.canonical_image_id])
    return [_character_json(urls, who) for who in characters]


def character_json(studio: Studio, character: Character) -> answers.Character:
    return characters_json(studio, [character])[0]


def images_json(studio: Studio, images: Sequence[CharacterReferenceImage]) -> list[answers.Image]:
    urls = _urls(studio, [image.id for image in images])
    return [_image_json(urls, image) for image in images]


def matches_json(studio: Studio, matches: Sequence[FaceMatch]) -> list[answers.Match]:
    characters = characters_json(studio, [match.character for match in matches])
    return [
        {
            **character,
            "image_id": match.image_id,
            "similarity": match.similarity,
            "judgement": plain(match.judgement),
        }
        for character, match in zip(characters, matches, strict=True)
    ]


def _member_json(urls: Mapping[str, str], member: CastMember) -> answers.Member:
    return {
        "cast_member_id": member.id,
        "story_id": member.story_id,
        "character_id": member.character.id,
        "name": member.character.name,
        "active_image_id": member.active_image_id,
        "options": [_option_json(urls, member, option) for option in member.options],
    }


def _character_json(urls: Mapping[str, str], character: Character) -> answers.Character:
    image_id = character.canonical_image_id
    return {
        "character_id": character.id,
        "project_id": character.project_id,
        "name": character.name,
        "description": character.description,
        "prompt": character.prompt,
        "visual_profile": plain(character.visual_profile),
        "tags": list(character.tags),
        "is_favourite": character.is_favourite,
        "is_saved_to_library": character.is_saved_to_library,
        "saved_at": _moment(character.saved_at),
        "trashed_at": _moment(character.trashed_at),
        "copied_from_id": character.copied_from_id,
        "canonical_image_id": image_id,
        "url": urls.get(image_id or ""),
    }


def _image_json(urls: Mapping[str, str], image: CharacterReferenceImage) -> answers.Image:
    return {
        "image_id": image.id,
        "character_id": image.character_id,
        "url": urls.get(image.id),
        "width": image.width,
        "height": image.height,
        "source": image.source,
        "parent_id": image.parent_id,
        "pack": image.pack,
        "seed": image.seed,
        "verdict": image.verdict,
        "likeness": _likeness_json(image.likeness),
        "created_at": _moment(image.created_at),
    }


def library_check_json(studio: Studio, check: LibraryCheck) -> answers.LibraryCheck:
    people = characters_json(studio, [who for pair in check.most_alike for who in (pair.one, pair.other)])
    return {
        "characters": check.characters,
        "left_out": check.left_out,
        "rates": plain(check.rates),
        "most_alike": [
            {"characters": people[2 * i : 2 * i + 2], "similarity": pair.similarity}
            for i, pair in enumerate(check.most_alike)
        ],
    }


def upload_json(upload: Upload) -> answers.Upload:
    return {
        "width": upload.picture.width,
        "height": upload.picture.height,
        "faces": [{"box": list(face.box), "detection_score": face.detection_score} for face in upload.faces],
        "said": [str(message) for message in upload.said],
    }


def episode_json(studio: Studio, episode: Episode) -> answers.Episode:
    known = [person.known for person in episode.people]
    matches = iter(matches_json(studio, [match for match in known if match]))
    return {
        "episode_id": episode.id,
        "pages": episode.pages,
        "faces": [{"page": each.page, "detection_score": each.face.detection_score} for each in episode.sighted],
        "people": [
            {"faces": list(person.sighted), "known": next(matches) if person.known else None}
            for person in episode.people
        ],
        "unread": [{"page": each.page, "reason": str(each.error)} for each in episode.unread],
    }


def use_json(use: Use) -> answers.Use:
    return {**story_json(use.story), "image_ids": list(use.image_ids)}


def outlier_json(outlier: Outlier) -> answers.Outlier:
    return plain({**asdict(outlier), "reason": str(reason_for(outlier))})


def purge_json(preview: PurgePreview) -> answers.Purge:
    return {
        "images": preview.images,
        "stories": [story_json(story) for story in preview.stories],
        "children": preview.children,
    }


def import_json(report: ImportReport) -> answers.Imported:
    return plain(report)


def file_json(path: Path) -> answers.File:
    """Gradio serves the file; gradio_client downloads it and answers where it lies."""
    return plain(FileData(path=str(path), orig_name=path.name))


def request_json(studio: Studio, request: PictureRequest | None) -> answers.Request | None:
    """A request may have come with a stranger's export, and Gradio would serve any file that an answer names."""
    if request is None:
        return None
    said = {**request.to_json(), "picture_seed": request.picture_seed}
    changed = list(studio.drawing.changed_since(request)) if studio.models.ready else None
    return plain({**replaced(said, _nothing, is_a_file), "changed_since": changed})


def found_request_json(studio: Studio, found: FoundRequest | None) -> answers.FoundRequest | None:
    """With what another program says besides."""
    if found is None:
        return None
    besides = {name: value for name, value in asdict(found).items() if name != "request"}
    return plain({**(request_json(studio, found.request) or {}), **replaced(besides, _nothing, is_a_file)})


def run_json(run: DrawingRun) -> answers.Run:
    asked = asdict(run.asked)
    return plain({**asked, "state": run.state, "started_at": _moment(run.started_at), **_step_json(run, run.latest)})


def steps_then_result(run: DrawingRun, studio: Studio) -> Iterator[answers.Step | answers.Drawn]:
    for event in run:
        yield _made_json(studio, event) if isinstance(event, Made) else _step_json(run, event)


def _step_json(run: DrawingRun, event: Waiting | Step) -> answers.Step:
    """Before the first step is done nobody knows how many there will be."""
    if isinstance(event, Step):
        return {"run_id": run.id, "step": event.step, "steps": event.steps, "ahead": 0}
    return {"run_id": run.id, "step": 0, "steps": None, "ahead": event.ahead}


def _option_json(urls: Mapping[str, str], member: CastMember, option: CastOption) -> answers.Option:
    image = option.image
    return {
        "image_id": image.id,
        "url": urls.get(image.id),
        "how": option.how,
        "seed": image.seed,
        "is_active": image.id == member.active_image_id,
        "verdict": image.verdict,
        "likeness": _likeness_json(image.likeness),
    }


def _likeness_json(likeness: Likeness | None) -> answers.Likeness | None:
    """The figures and codes, and the sentence in English that the page makes of them."""
    if likeness is None:
        return None
    figures = {name: value for name, value in asdict(likeness).items() if name != "rejection"}
    return plain({**figures, "reason": str(reason_of(likeness)), **_objections_json(likeness.rejection)})


def _objections_json(objections: Sequence[Objection]) -> answers.Objected:
    """`rejection`: why the picture is set aside, an English sentence; None where it is not."""
    said = "; ".join(str(objection(each)) for each in objections)
    rejection = said if verdict_of(objections) == "set aside" else None
    return {"rejection": rejection, "objections": plain(list(objections))}


def _made_json(studio: Studio, made: Made) -> answers.Drawn:
    return {
        **member_json(studio, made.member),
        "new_image_ids": list(made.image_ids),
        "pictures": [_ranked_json(made, place) for place in range(len(made.ranked))],
        "prompt": made.request.prompt,
        **_reading_json(made.reading),
        "cut_off": made.cut_off,
        "stopped": made.stopped,
        "story_in_trash": studio.library.is_in_trash(made.member.story_id),
    }


def _ranked_json(made: Made, place: int) -> answers.Ranked:
    """Of all that were drawn, best first; one that was dropped has no id."""
    variant = made.ranked[place]
    return {
        "image_id": made.image_ids[place] if place < len(made.image_ids) else None,
        "seed": variant.seed,
        "verdict": made.verdict(place),
        **_objections_json(variant.rejection),
    }


def _reading_json(reading: Reading) -> answers.Read:
    return {
        "in_english": reading.drawn if reading.is_translated else None,
        "kept_out": reading.negated,
        "unknown_words": list(reading.unknown),
        "half_said": plain(reading.half_said),
        "offered": plain(reading.offered),
        "left_out": plain(reading.left_out),
    }


def _nothing(_: object) -> None:
    return None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _urls(studio: Studio, image_ids: Sequence[str]) -> dict[str, str]:
    """By image id, relative to the app's own address. One whose file is missing or damaged is left out."""
    paths = studio.library.get_picture_paths(image_ids)
    return {image_id: f"/gradio_api/file={quote(path)}" for image_id, path in paths.items()}

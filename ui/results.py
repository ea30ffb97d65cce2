"""What the endpoints answer: plain JSON that says ids, with the keys of design.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from studio import CastMember, CastOption, Character, Likeness, Made, Step, Studio


def member_json(studio: Studio, member: CastMember) -> dict[str, Any]:
    return {
        "cast_member_id": member.id,
        "story_id": member.story_id,
        "character_id": member.character.id,
        "name": member.character.name,
        "active_image_id": member.active_image_id,
        "options": [_option_json(studio, member, option) for option in member.options],
    }


def character_json(studio: Studio, character: Character) -> dict[str, Any]:
    image_id = character.canonical_image_id
    return {
        "character_id": character.id,
        "name": character.name,
        "description": character.description,
        "prompt": character.prompt,
        "visual_profile": asdict(character.visual_profile),
        "canonical_image_id": image_id,
        "url": _url(studio, image_id) if image_id else None,
    }


def _option_json(studio: Studio, member: CastMember, option: CastOption) -> dict[str, Any]:
    image = option.image
    return {
        "image_id": image.id,
        "url": _url(studio, image.id),
        "how": option.how,
        "seed": image.seed,
        "is_active": image.id == member.active_image_id,
        "likeness": _likeness_json(image.likeness),
    }


def _likeness_json(likeness: Likeness | None) -> dict[str, Any] | None:
    return asdict(likeness) if likeness else None


def steps_then_result(run: Iterator[Step | Made], studio: Studio) -> Iterator[dict[str, Any]]:
    for event in run:
        if isinstance(event, Step):
            yield {"step": event.step, "steps": event.steps}
        else:
            yield _made_json(studio, event)


def _made_json(studio: Studio, made: Made) -> dict[str, Any]:
    return {
        **member_json(studio, made.member),
        "new_image_ids": list(made.image_ids),
        "prompt": made.prompt,
        "unknown_words": list(made.unknown_words),
        "cut_off": made.cut_off,
        "stopped": made.stopped,
    }


def _url(studio: Studio, image_id: str) -> str:
    """Relative to the app's own address."""
    return f"/gradio_api/file={quote(studio.library.get_picture_path(image_id))}"

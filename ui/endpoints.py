"""The studio's verbs as named endpoints for programs (`gradio_client`, curl), with JSON in and out."""

# No `from __future__ import annotations` here: Gradio reads these hints, and does not resolve them if they are text.
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from gradio.utils import get_upload_folder, is_in_or_equal

from errors import InvalidRequest
from studio import Studio, VisualProfile
from ui.handlers import api
from ui.messages import told_to_programs
from ui.results import character_json, member_json, steps_then_result

Json = dict[str, Any]
TEXT, WHOLE_NUMBER = (str, "text"), (int | None, "a whole number, or leave it out")
NUMBER, FILE = (int | float | None, "a number, or leave it out"), (dict, "a file, in gradio_client handle_file(path)")
GPU: dict[str, Any] = {"concurrency_id": "gpu", "concurrency_limit": 1}  # all that uses the models, one at a time


def build_endpoints(studio: Studio) -> None:
    """Must be called inside a gr.Blocks."""
    _build_stories(studio)
    _build_generating(studio)
    _build_library(studio)
    _build_cast(studio)


def _build_stories(studio: Studio) -> None:
    def create_project(name: str) -> Json:
        """Makes a project; its stories share one character library.

        Args:
            name: what the project is called
        """
        with told_to_programs():
            return {"project_id": studio.create_project(name).id}

    def create_story(project_id: str, title: str, context: str = "") -> Json:
        """Makes a story in a project.

        Args:
            project_id: the project it belongs to
            title: what the story is called
            context: premise and style lines that every prompt of the story gets
        """
        with told_to_programs():
            return {"story_id": studio.create_story(project_id, title, context).id}

    api(create_project, api_name="create_project")
    api(create_story, api_name="create_story")


def _build_generating(studio: Studio) -> None:
    def generate_character(
        story_id: str,
        name: str,
        prompt: str,
        visual_profile: Json | None = None,
        description: str = "",
        count: int | None = None,
        seed: int | None = None,
    ) -> Iterator[Json]:
        """Draws a new character. Streams {step, steps}, then the cast member with its options.

        Args:
            story_id: the story whose cast the character joins
            name: what the character is called
            prompt: what to draw
            visual_profile: any of hair, face, body, outfit, accessories, other
            description: who the character is
            count: how many pictures, 1 to 8
            seed: picture i is drawn from seed + i; left out, chance decides
        """
        with told_to_programs():
            _check(TEXT, name=name, prompt=prompt, description=description)
            _check(WHOLE_NUMBER, count=count, seed=seed)
            profile = _profile(visual_profile)
            yield from steps_then_result(
                studio.generate_character(story_id, name, prompt, profile, description, count, seed), studio
            )

    def generate_character_variant(
        story_id: str,
        reference_image_id: str,
        prompt: str,
        count: int | None = None,
        seed: int | None = None,
        identity_scale: float | None = None,
    ) -> Iterator[Json]:
        """Draws the person of a kept picture in a new scene. Streams {step, steps}, then the cast member.

        Args:
            story_id: the story whose cast the pictures join
            reference_image_id: the picture that shows the person
            prompt: the scene
            count: how many pictures, 1 to 8
            seed: picture i is drawn from seed + i; left out, chance decides
            identity_scale: how strongly the reference steers, 0 to 1.5
        """
        with told_to_programs():
            _check(TEXT, prompt=prompt)
            _check(WHOLE_NUMBER, count=count, seed=seed)
            _check(NUMBER, identity_scale=identity_scale)
            yield from steps_then_result(
                studio.generate_character_variant(story_id, reference_image_id, prompt, count, seed, identity_scale),
                studio,
            )

    def upload_character(
        story_id: str, name: str, picture: Json, visual_profile: Json | None = None, description: str = ""
    ) -> Json:
        """Makes a character of an own picture, in which a face must be found.

        Args:
            story_id: the story whose cast the character joins
            name: what the character is called
            picture: the file; in gradio_client `handle_file(path)`
            visual_profile: any of hair, face, body, outfit, accessories, other
            description: who the character is
        """
        with told_to_programs():
            _check(TEXT, name=name, description=description)
            profile = _profile(visual_profile)
            return member_json(
                studio, studio.upload_character(story_id, name, _uploaded(picture), profile, description)
            )

    api(generate_character, api_name="generate_character", **GPU)
    api(generate_character_variant, api_name="generate_character_variant", **GPU)
    api(upload_character, api_name="upload_character", **GPU)


def _build_library(studio: Studio) -> None:
    def save_character(cast_member_id: str, image_id: str) -> Json:
        """Saves a cast member's character to the project's library; the picture will stand for them.

        Args:
            cast_member_id: who
            image_id: one of the member's options
        """
        with told_to_programs():
            return {
                **character_json(studio, studio.save_character(cast_member_id, image_id)),
                "is_saved_to_library": True,
            }

    def list_library(project_id: str, query: str = "") -> list[Json]:
        """The saved characters of a project, last saved first.

        Args:
            project_id: whose library
            query: words that all have to occur in name, description, prompt or profile
        """
        with told_to_programs():
            return [character_json(studio, character) for character in studio.list_library(project_id, query)]

    def load_character(story_id: str, reference_image_id: str) -> Json:
        """Links this very picture into a story's cast; nothing is drawn.

        Args:
            story_id: the story
            reference_image_id: the picture, usually a saved character's canonical_image_id
        """
        with told_to_programs():
            return member_json(studio, studio.load_character(story_id, reference_image_id))

    api(save_character, api_name="save_character")
    api(list_library, api_name="list_library")
    api(load_character, api_name="load_character")


def _build_cast(studio: Studio) -> None:
    def list_cast(story_id: str) -> list[Json]:
        """The cast of a story.

        Args:
            story_id: the story
        """
        with told_to_programs():
            return [member_json(studio, member) for member in studio.list_cast(story_id)]

    def select_image(cast_member_id: str, image_id: str) -> Json:
        """Makes one of a cast member's options the active one.

        Args:
            cast_member_id: who
            image_id: which option
        """
        with told_to_programs():
            return member_json(studio, studio.select_image(cast_member_id, image_id))

    def remove_image(cast_member_id: str, image_id: str) -> Json:
        """Takes an option out of this story. The library and other stories keep it.

        Args:
            cast_member_id: who
            image_id: which option
        """
        with told_to_programs():
            return member_json(studio, studio.remove_image(cast_member_id, image_id))

    api(list_cast, api_name="list_cast")
    api(select_image, api_name="select_image")
    api(remove_image, api_name="remove_image")


def _check(kind: tuple[Any, str], **values: object) -> None:
    """Gradio tells programs the types, and lets through what is of another."""
    type_, words = kind
    for name, value in values.items():
        if not isinstance(value, type_):
            raise InvalidRequest(f"The {name.replace('_', ' ')} is {value!r}.", f"Give {words}.")


def _uploaded(picture: Json) -> str:
    """Gradio itself looks whether a path lies among its uploads only if the caller marks it as a file."""
    _check(FILE, picture=picture)
    path = picture.get("path")
    if not isinstance(path, str) or not is_in_or_equal(path, get_upload_folder()):
        raise InvalidRequest("The picture was not uploaded.", "Upload it, in gradio_client by handle_file(path).")
    return path


def _profile(given: dict[str, Any] | None) -> VisualProfile:
    known = {field.name for field in fields(VisualProfile)}
    given = given or {}
    if unknown := set(given) - known:
        raise InvalidRequest(
            f"The visual profile has no {', '.join(sorted(unknown))}.", f"It has {', '.join(sorted(known))}."
        )
    return VisualProfile(**{name: "" if value is None else str(value) for name, value in given.items()})

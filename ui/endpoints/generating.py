"""New characters and variants of kept ones, and pictures of the creator's own."""

from collections.abc import Iterator

from errors import InvalidRequest
from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import (
    Amount,
    Count,
    Edges,
    File,
    Look,
    Name,
    Seed,
    Strength,
    Words,
    box_of,
    endpoint,
    profile_of,
    uploaded,
)
from ui.endpoints.results import DrawingRun, matches_json, member_json, steps_then_result, upload_json


@endpoint("adds", shows="new_image_ids")
def generate_character(
    studio: Studio,
    story_id: str,
    name: Name,
    prompt: Words,
    visual_profile: Look | None = None,
    description: Words = "",
    count: Count | None = None,
    seed: Seed | None = None,
) -> Iterator[answers.Step | answers.Drawn]:
    """Draws a new character. Streams {run_id, step, steps, ahead}, then the cast member with its options.

    A cancelled call, or one whose caller is gone, stops the run; pictures that were finished are kept.

    Args:
        story_id: the story whose cast the character joins
        name: what the character is called
        prompt: what to draw
        visual_profile: any of hair, face, body, outfit, accessories, other
        description: who the character is
        count: how many pictures, 1 to 8
        seed: picture i is drawn from seed + i; left out, chance decides
    """
    profile = profile_of(visual_profile)
    run = studio.drawing.generate_character(story_id, name, prompt, profile, description, count, seed)
    yield from _while_called(run, studio)


@endpoint("adds", shows="new_image_ids")
def generate_character_variant(
    studio: Studio,
    story_id: str,
    reference_image_id: str,
    prompt: Words,
    count: Count | None = None,
    seed: Seed | None = None,
    identity_scale: Strength | None = None,
    keep: Count | None = None,
    look: Look | None = None,
) -> Iterator[answers.Step | answers.Drawn]:
    """Draws a kept picture's person in a new scene. Streams {run_id, step, steps, ahead}, then the cast member.

    A cancelled call, or one whose caller is gone, stops the run; pictures that were finished are kept.

    Args:
        story_id: the story whose cast the pictures join
        reference_image_id: the picture that shows the person
        prompt: the scene
        count: how many pictures, 1 to 8
        seed: picture i is drawn from seed + i; left out, chance decides
        identity_scale: how strongly the reference steers, 0 to 1.5
        keep: how many of the best become options, at most count; left out, all of them
        look: what they wear there, and its mood: any of outfit, accessories, other
    """
    run = studio.drawing.generate_character_variant(
        story_id,
        reference_image_id,
        prompt,
        count,
        keep=keep,
        seed=seed,
        identity_scale=identity_scale,
        look=profile_of(look),
    )
    yield from _while_called(run, studio)


@endpoint("reads")
def draw_again(studio: Studio, image_id: str) -> answers.Again:
    """Draws a kept picture anew from its own request, and compares the two: {same_pixels, changed_since}.

    `changed_since` names what of pack, scheduler, size and engine is another now, as request_of calls it. Nothing
    is kept.

    Args:
        image_id: a picture that was drawn here
    """
    request = studio.requests.drawn_by(image_id)
    if request is None:
        raise InvalidRequest(
            "This picture was uploaded: nobody drew it here.", "Choose one that was drawn from a prompt."
        )
    again, kept = studio.drawing.draw_again(request), studio.library.get_reference(image_id).picture
    changed = studio.drawing.changed_since(request)
    return {"same_pixels": again.tobytes() == kept.tobytes(), "changed_since": list(changed)}


def _while_called(run: DrawingRun, studio: Studio) -> Iterator[answers.Step | answers.Drawn]:
    """Gradio closes the generator of a call that was cancelled, and of one whose caller is gone: there is no telling
    which, and nobody can ask for the rest of an answer. What shall outlive a call is attached to (attach_run).
    """
    try:
        yield from steps_then_result(run, studio)
    except GeneratorExit:
        run.stop()
        raise


@endpoint("reads")
def look_at_upload(studio: Studio, picture: File) -> answers.Upload:
    """The faces in a picture of your own, largest first, so that upload_character can be told which one is meant.

    Args:
        picture: the file; in gradio_client `handle_file(path)`
    """
    return upload_json(studio.faces.look_at_upload(uploaded(picture)))


@endpoint("adds")
def upload_character(
    studio: Studio,
    story_id: str,
    name: Name,
    picture: File,
    visual_profile: Look | None = None,
    description: Words = "",
    face: Amount | None = None,
    box: Edges | None = None,
    agreed: bool = False,
) -> answers.Member:
    """Makes a character of an own picture, from the largest face in it, another one, or what a box says is one.

    Args:
        story_id: the story whose cast the character joins
        name: what the character is called
        picture: the file; in gradio_client `handle_file(path)`
        visual_profile: any of hair, face, body, outfit, accessories, other
        description: who the character is
        face: which of the faces that look_at_upload lists, from 0
        box: left, top, right and bottom of the face, in pixels of the size that look_at_upload gives; not with face
        agreed: that it is drawn, or whoever the photograph shows agrees that their face is kept as numbers; needed
            where the model pack knows real people by their faces
    """
    profile = profile_of(visual_profile)
    own = uploaded(picture)
    member = studio.faces.upload_character(story_id, name, own, profile, description, face, box_of(box), agreed)
    return member_json(studio, member)


@endpoint("reads")
def search_by_face(
    studio: Studio,
    project_id: str,
    picture: File,
    face: Amount | None = None,
    box: Edges | None = None,
    limit: Amount = 12,
) -> list[answers.Match]:
    """The saved characters most alike to a face in a picture, each with their most alike image, its similarity, and
    the judgement on it: where no band is "same person", nobody here looks like this.

    Args:
        project_id: whose library
        picture: the file; in gradio_client `handle_file(path)`
        face: which of the faces that look_at_upload lists, from 0
        box: left, top, right and bottom of the face, in pixels of the size that look_at_upload gives; not with face
        limit: how many characters at most
    """
    found = studio.faces.search_by_picture(project_id, uploaded(picture), face, box_of(box), limit, to_the_end=True)
    return matches_json(studio, found.matches)


@endpoint("reads")
def look_alikes_of(studio: Studio, image_id: str) -> list[answers.Match]:
    """The other saved characters who would be taken for the person in a kept picture.

    Args:
        image_id: the picture
    """
    return matches_json(studio, studio.faces.look_alikes_of(image_id))

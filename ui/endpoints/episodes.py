"""From finished pages to a cast."""

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import Amount, Edges, File, Name, box_of, endpoint, uploaded
from ui.endpoints.results import episode_json, images_json, member_json


@endpoint("adds")
def look_through_pages(studio: Studio, project_id: str, pages: list[File]) -> answers.Episode:
    """Every face on finished pages, grouped into people by the judge, and who of them is saved already.

    Args:
        project_id: whose saved characters they may be
        pages: the files, or zips of them; in gradio_client a list of `handle_file(path)`
    """
    return episode_json(studio, studio.episodes.look_through(project_id, [uploaded(page) for page in pages]))


@endpoint("adds")
def keep_from_pages(
    studio: Studio, episode_id: str, faces: list[Amount], story_id: str, name: Name, agreed: bool = False
) -> answers.Member:
    """Makes a character of faces on pages that were looked through; the largest one stands for them.

    Args:
        episode_id: as look_through_pages gave it; the last few are remembered
        faces: their numbers
        story_id: the story whose cast the character joins
        name: what the character is called
        agreed: that it is drawn, or whoever the photograph shows agrees that their face is kept as numbers; needed
            where the model pack knows real people by their faces
    """
    return member_json(studio, studio.episodes.keep_as(episode_id, faces, story_id, name, agreed))


@endpoint("adds")
def add_from_pages(
    studio: Studio, episode_id: str, faces: list[Amount], character_id: str, agreed: bool = False
) -> list[answers.Image]:
    """Adds faces on pages that were looked through to a character, as further pictures of them.

    Args:
        episode_id: as look_through_pages gave it
        faces: their numbers
        character_id: who
        agreed: that it is drawn, or whoever the photograph shows agrees that their face is kept as numbers; needed
            where the model pack knows real people by their faces
    """
    return images_json(studio, studio.episodes.add_to(episode_id, faces, character_id, agreed))


@endpoint("adds")
def add_picture(
    studio: Studio,
    character_id: str,
    picture: File,
    face: Amount | None = None,
    box: Edges | None = None,
    agreed: bool = False,
) -> answers.Image:
    """Adds a picture of your own to a character. Whether it shows them: outliers.

    Args:
        character_id: who
        picture: the file; in gradio_client `handle_file(path)`
        face: which of the faces that look_at_upload lists, from 0
        box: left, top, right and bottom of the face, in pixels of the size that look_at_upload gives; not with face
        agreed: that it is drawn, or whoever the photograph shows agrees that their face is kept as numbers; needed
            where the model pack knows real people by their faces
    """
    image = studio.faces.add_picture(character_id, uploaded(picture), face, box_of(box), agreed)
    return images_json(studio, [image])[0]

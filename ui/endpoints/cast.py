"""Who is in a story, and with which pictures."""

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import Name, endpoint
from ui.endpoints.results import cast_json, member_json


@endpoint("reads")
def list_cast(studio: Studio, story_id: str) -> list[answers.Member]:
    """The cast of a story.

    Args:
        story_id: the story
    """
    return cast_json(studio, studio.library.list_cast(story_id))


@endpoint("sets")
def load_character(studio: Studio, story_id: str, reference_image_id: str) -> answers.Member:
    """Links this very picture into a story's cast; nothing is drawn.

    Args:
        story_id: the story
        reference_image_id: the picture, usually a saved character's canonical_image_id
    """
    return member_json(studio, studio.library.link_image(story_id, reference_image_id))


@endpoint("sets")
def select_image(studio: Studio, cast_member_id: str, image_id: str) -> answers.Member:
    """Makes one of a cast member's options the active one.

    Args:
        cast_member_id: who
        image_id: which option
    """
    return member_json(studio, studio.library.select_image(cast_member_id, image_id))


@endpoint("reads")
def people_in(studio: Studio, image_ids: list[str]) -> list[list[str]]:
    """Which pictures of a character show one person: ids in groups, the first picture's first. Several groups mean
    that they show different people: split_character makes somebody of their own of one.

    Args:
        image_ids: the pictures
    """
    return [list(group) for group in studio.faces.people_in(image_ids)]


@endpoint("adds")
def split_character(studio: Studio, cast_member_id: str, image_ids: list[str], name: Name) -> answers.Member:
    """Makes a character of their own of options that show somebody else, with all that was made from these. Gives
    the new one's cast member; merge_characters takes it back.

    Args:
        cast_member_id: whose options they are
        image_ids: which options, not all of them
        name: what the new character is called
    """
    return member_json(studio, studio.library.split_character(cast_member_id, image_ids, name))


@endpoint("sets")
def remove_image(studio: Studio, cast_member_id: str, image_id: str) -> answers.Member:
    """Takes an option out of this story. The library and other stories keep it.

    Args:
        cast_member_id: who
        image_id: which option
    """
    return member_json(studio, studio.library.remove_option(cast_member_id, image_id))


@endpoint("sets")
def restore_image(studio: Studio, cast_member_id: str, image_id: str) -> answers.Member:
    """Undoes remove_image.

    Args:
        cast_member_id: who
        image_id: which option
    """
    return member_json(studio, studio.library.restore_option(cast_member_id, image_id))

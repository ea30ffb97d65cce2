"""One character: what is known of them, their pictures, and where they are used."""

from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import Json, Look, Name, Tags, Words, endpoint, text_of, text_read
from ui.endpoints.results import character_json, images_json, outlier_json, request_json, use_json


@endpoint("reads")
def get_character(studio: Studio, character_id: str) -> answers.Character:
    """All that is known of a character.

    Args:
        character_id: who; an id that was merged into another leads to that one
    """
    return character_json(studio, studio.library.get_character(character_id))


@endpoint("loses")
def edit_character(
    studio: Studio,
    character_id: str,
    name: Name | None = None,
    description: Words | None = None,
    visual_profile: Look | None = None,
    instead_of: Json | None = None,
) -> answers.Character:
    """Changes what is written about a character; what is left out stays.

    Args:
        character_id: who
        name: what they are called
        description: who they are
        visual_profile: any of hair, face, body, outfit, accessories, other; those left out stay
        instead_of: the character as get_character gave them: what is as it was there is not written, and if
            anything that is to be replaced says something else by now, nothing is
    """
    written = text_of(name, description, None, visual_profile)
    return character_json(studio, studio.library.edit_character(character_id, written, text_read(instead_of)))


@endpoint("loses")
def set_tags(studio: Studio, character_id: str, tags: Tags, instead_of: list[str] | None = None) -> answers.Character:
    """Gives a character these tags and no others.

    Args:
        character_id: who
        tags: all that they shall have
        instead_of: the tags that you read: others, added since then, stay, and those removed since stay away
    """
    return character_json(studio, studio.library.set_tags(character_id, tags, instead_of))


@endpoint("sets")
def set_favourite(studio: Studio, character_id: str, favourite: bool) -> answers.Character:
    """Makes a character a favourite, or no longer.

    Args:
        character_id: who
        favourite: whether they shall be one
    """
    return character_json(studio, studio.library.set_favourite(character_id, favourite))


@endpoint("reads")
def list_uses(studio: Studio, character_id: str) -> list[answers.Use]:
    """The stories in which a character has pictures on offer, and which.

    Args:
        character_id: who
    """
    return [use_json(use) for use in studio.library.list_uses(character_id)]


@endpoint("reads")
def list_images(studio: Studio, character_id: str) -> list[answers.Image]:
    """All kept pictures of a character, oldest first, with what each was made from.

    Args:
        character_id: who
    """
    return images_json(studio, studio.library.list_images(character_id))


@endpoint("reads", shows="image_id")
def get_picture(studio: Studio, image_id: str) -> answers.Image:
    """A kept picture, with what it was made from; the file itself is at its url.

    Args:
        image_id: the picture
    """
    return images_json(studio, [studio.library.get_image(image_id)])[0]


@endpoint("sets")
def set_canonical(studio: Studio, character_id: str, image_id: str) -> answers.Character:
    """Makes another of the character's pictures the one that stands for them.

    Args:
        character_id: who
        image_id: which of their pictures
    """
    return character_json(studio, studio.library.set_canonical(character_id, image_id))


@endpoint("reads")
def list_steering(studio: Studio, character_id: str) -> list[str]:
    """The pictures that steer together with the canonical one.

    Args:
        character_id: who
    """
    return studio.library.list_steering(character_id)


@endpoint("sets")
def set_steering(
    studio: Studio, character_id: str, image_ids: list[str], instead_of: list[str] | None = None
) -> list[str]:
    """Which pictures steer together with the canonical one: their identities are averaged.

    Args:
        character_id: who
        image_ids: of this character; none: the canonical one steers alone
        instead_of: what list_steering gave: others, added since then, stay, and those removed since stay away
    """
    studio.faces.set_steering(character_id, image_ids, instead_of)
    return studio.library.list_steering(character_id)


@endpoint("reads")
def outliers(studio: Studio, character_id: str) -> list[answers.Outlier]:
    """The pictures of a character that show somebody else, each with the reason.

    Args:
        character_id: who
    """
    return [outlier_json(outlier) for outlier in studio.faces.outliers(character_id)]


@endpoint("reads")
def request_of(studio: Studio, image_id: str) -> answers.Request | None:
    """All that a kept picture was drawn by; null for an uploaded one. `changed_since` names what is another now
    (the pack, the engine ...), so that drawn again it may differ; it is null while the models are loading.

    Args:
        image_id: the picture
    """
    return request_json(studio, studio.requests.of_image(image_id))

"""The saved characters of a project: who is there, found and sorted; and who leaves it."""

from typing import Literal

from library_store.records import LibraryQuery
from studio import Studio
from ui.endpoints import answers
from ui.endpoints.endpoint import Amount, Json, Look, Name, Query, Tags, Words, endpoint, text_of, text_read
from ui.endpoints.results import character_json, characters_json, library_check_json, purge_json
from ui.language import alphabet_language


@endpoint("loses")
def save_character(
    studio: Studio,
    cast_member_id: str,
    image_id: str,
    description: Words | None = None,
    visual_profile: Look | None = None,
    prompt: Words | None = None,
    name: Name | None = None,
    instead_of: Json | None = None,
) -> answers.Character:
    """Saves a cast member's character to the project's library; the picture will stand for them.

    Args:
        cast_member_id: who
        image_id: one of the member's options
        description: who the character is; left out, as before
        visual_profile: any of hair, face, body, outfit, accessories, other; those left out, as before
        prompt: what they are drawn from; left out, as before
        name: what they are called; left out, as before
        instead_of: the character as get_character gave them: what is as it was there is not written, and if
            anything that is to be replaced says something else by now, nothing is saved
    """
    written = text_of(name, description, prompt, visual_profile)
    saved = studio.library.save_character(cast_member_id, image_id, written, text_read(instead_of))
    return character_json(studio, saved)


@endpoint("reads")
def list_library(
    studio: Studio,
    project_id: str,
    query: Query = "",
    tags: Tags | None = None,
    favourites: bool = False,
    sort: Literal["recent", "name", "most used"] = "recent",
    offset: Amount = 0,
    limit: Amount | None = None,
    trashed: bool = False,
    cursor: str | None = None,
) -> list[answers.Character]:
    """The saved characters of a project.

    Args:
        project_id: whose library
        query: words that all have to occur in name, description, prompt or profile
        tags: all of which they have to have
        favourites: these alone
        sort: last saved first, by name (as accept-language has the alphabet), or those in the most stories first
        offset: how many to leave out from the beginning
        limit: how many at most
        trashed: those in the trash instead
        cursor: go on behind this character_id, the last one of the answer before; where the last saved come first
    """
    wanted = LibraryQuery(query, tuple(tags or ()), favourites, sort, trashed, alphabet_language())
    return characters_json(studio, studio.library.search_library(project_id, wanted, offset, limit, cursor))


@endpoint("reads")
def count_library(
    studio: Studio,
    project_id: str,
    query: Query = "",
    tags: Tags | None = None,
    favourites: bool = False,
    trashed: bool = False,
) -> int:
    """How many characters list_library would list without a limit.

    Args:
        project_id: whose library
        query: words that all have to occur in name, description, prompt or profile
        tags: all of which they have to have
        favourites: these alone
        trashed: those in the trash instead
    """
    return studio.library.count_library(
        project_id, LibraryQuery(query, tuple(tags or ()), favourites=favourites, trashed=trashed)
    )


@endpoint("reads")
def list_tags(studio: Studio, project_id: str) -> list[str]:
    """The tags that a project's saved characters have, in alphabetical order.

    Args:
        project_id: whose library
    """
    return studio.library.list_tags(project_id, alphabet_language())


@endpoint("reads")
def check_library(studio: Studio, project_id: str) -> answers.LibraryCheck:
    """How well the judge tells a project's saved characters apart, who are strangers to one another.

    Args:
        project_id: whose library
    """
    return library_check_json(studio, studio.trust.check_library(project_id))


@endpoint("sets")
def merge_characters(studio: Studio, kept_id: str, merged_id: str) -> answers.Character:
    """Makes two characters one: pictures, stories and tags of the second become the first one's.

    Args:
        kept_id: the character who stays
        merged_id: the character who becomes part of them; this id leads to the first from then on
    """
    return character_json(studio, studio.library.merge_characters(kept_id, merged_id))


@endpoint("sets")
def undo_merge(studio: Studio, merged_id: str) -> answers.Character:
    """Undoes merge_characters: gives the one who stayed. What came since stays with them.

    Args:
        merged_id: the character who became part of another
    """
    return character_json(studio, studio.library.undo_merge(merged_id))


@endpoint("adds")
def copy_character(studio: Studio, character_id: str, project_id: str) -> answers.Character:
    """Puts a saved character into another project as well, under new ids. Copied again, they get what is new.

    Args:
        character_id: who
        project_id: where to
    """
    return character_json(studio, studio.library.copy_character(character_id, project_id))


@endpoint("sets")
def trash_character(studio: Studio, character_id: str) -> answers.Character:
    """Takes a character out of the library's lists, until restore_character. Stories keep the pictures.

    Args:
        character_id: who
    """
    return character_json(studio, studio.library.trash_character(character_id))


@endpoint("sets")
def restore_character(studio: Studio, character_id: str) -> answers.Character:
    """Takes a character out of the trash.

    Args:
        character_id: who
    """
    return character_json(studio, studio.library.restore_character(character_id))


@endpoint("reads")
def preview_purge(studio: Studio, character_id: str) -> answers.Purge:
    """What purge_character would delete and break: images, stories, and children, pictures of others from theirs.

    Args:
        character_id: who
    """
    return purge_json(studio.library.preview_purge(character_id))


@endpoint("loses")
def purge_character(studio: Studio, character_id: str) -> answers.Purged:
    """Deletes a trashed character with their pictures and face identities, for ever.

    Args:
        character_id: who
    """
    studio.library.purge_character(character_id)
    return {"character_id": character_id}

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.make_library import ENCODERS, IMAGES, fill_project
from library_store.library import CharacterLibrary
from library_store.records import LibraryQuery


def test_a_made_up_library_is_one_that_the_library_itself_could_have_made(library: CharacterLibrary, tmp_path: Path):
    project_id = fill_project(library, f"sqlite:///{tmp_path / 'castbook.db'}", characters=12)
    made = library.list_library(project_id)
    assert len(made) == library.count_library(project_id, LibraryQuery()) == 12
    for character in made:
        images = library.list_images(character.id)
        assert len(images) == IMAGES
        assert character.canonical_image_id == images[0].id
        reference = library.get_reference(images[0].id)
        assert tuple(identity.encoder for identity in reference.identities) == ENCODERS
        assert np.isclose(np.linalg.norm(reference.identities[0].embedding), 1)
        assert character in library.list_library(project_id, f"{character.name} rainy")
        (best,) = library.search_by_face(project_id, reference.identities[1], 1)
        assert (best.character, best.image_id) == (character, images[0].id)
    assert library.list_tags(project_id) != []
    assert any(library.list_uses(character.id) for character in made)

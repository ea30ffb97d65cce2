"""What a character's own page shows."""

from __future__ import annotations

from fakes import fake_maker, fake_pack, studio_of
from sqlalchemy import delete, update

from library_store.database import open_database
from library_store.records import CastMember
from library_store.schema import CastMemberRow, CastOptionRow, CharacterRow, IdentityRow, ImageRow
from library_store.store import LibraryStore
from ui.library.character_page import show_character


def test_who_has_lost_all_pictures_is_shown_all_the_same(store: LibraryStore, mina: CastMember, tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'castbook.db'}")
    with engine.begin() as connection:
        connection.execute(update(CharacterRow).values(canonical_image_id=None))
        connection.execute(update(CastMemberRow).values(active_image_id=None))
        for table in (CastOptionRow, IdentityRow, ImageRow):
            connection.execute(delete(table))
    engine.dispose()
    pack = fake_pack()
    studio = studio_of(store, pack, lambda: fake_maker(pack=pack))
    assert mina.character.id in show_character(studio, mina.character.id)

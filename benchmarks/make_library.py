"""`python -m benchmarks.make_library`: a library of as many made-up characters as one likes, to see how quick it is.

By the library's own verbs ten thousand take many minutes, a durable transaction each, so their rows are inserted in
bulk. Pictures are few and tiny, and the faces' embeddings random: nobody is going to look at them.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image, ImageDraw
from sqlalchemy import URL, func, select, update
from sqlalchemy.orm import Session

from library_store.database import for_writing, open_database
from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, CharacterReferenceImage, NewPicture, Story, VisualProfile, new_id
from library_store.rows import describe, faces_changed
from library_store.schema import CastMemberRow, CastOptionRow, CharacterRow, IdentityRow, ImageRow, Row, TagRow
from library_store.store import LibraryStore
from library_store.text import folded
from pipeline.values import Face, Identity
from settings import Settings

ENCODERS = ("paperdoll-2/steering", "drawn-1", "paperdoll-2/own-hand")
TABLES = (CharacterRow, TagRow, ImageRow, IdentityRow, CastMemberRow, CastOptionRow)  # in which foreign keys hold
IMAGES, PICTURES, BATCH = 3, 12, 500  # a character's images, distinct files, characters an insert
CAST = 25  # characters for each story: with the stories that they share, forty stand in one
FIRST_SAVED = datetime(2026, 1, 1, tzinfo=timezone.utc)

Rows = defaultdict[type[Row], list[Row]]

FAMILY = "김 이 박 최 정 강 조 윤 장 임 Novak Sato Rossi Okafor Larsen Silva Weiss Haddad".split()
GIVEN = "서연 민준 지우 하은 도윤 유나 Mina Jun Ada Noor Theo Iris Kofi Lena Omar Zoe".split()
ROLES = ("형사", "마법사", "우주 비행사", "고등학생", "a detective", "a wizard", "an astronaut", "a pirate captain")
TRAITS = ("비를 싫어한다", "늘 웃는다", "비밀이 있다", "hates the rain", "never sleeps", "keeps a secret")
HAIR = ("silver bob", "long black hair", "red curls", "짧은 갈색 머리", "은발 단발")
OUTFITS = ("yellow raincoat", "school uniform", "spacesuit", "한복", "검은 정장")
TAGS = ("lead", "villain", "주인공", "조연", "chapter 1", "Seoul", "animal", "extra")


def main(
    home: Annotated[Path, typer.Option(help="Castbook's folder: serve it with CASTBOOK_HOME.")],
    characters: Annotated[int, typer.Option(min=1)] = 10_000,
    seed: int = 0,
) -> None:
    """Fills a new project with characters that are saved, tagged, recognisable and on offer in stories."""
    started = time.perf_counter()
    settings = Settings(home=home)
    store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
    project_id = fill_project(store.seen_by(LOCAL_OWNER), settings.resolved_database_url, characters, seed)
    store.close()
    typer.echo(f"project {project_id}: {characters} characters in {time.perf_counter() - started:.1f} s")


def fill_project(library: CharacterLibrary, database_url: str | URL, characters: int, seed: int = 0) -> str:
    """All rows in one transaction. Gives the new project's id."""
    project = library.create_project(f"{characters} characters")
    stories = [library.create_story(project.id, f"Chapter {i + 1}") for i in range(-(-characters // CAST))]
    files = [NewPicture(_draw(i), "uploaded") for i in range(PICTURES)]
    pictures = [option.image for option in library.create_character(stories[0].id, "-", files, "generated").options]
    chance, faces = random.Random(seed), np.random.default_rng(seed)
    engine = open_database(database_url)
    with Session(for_writing(engine)) as session, session.begin():
        for begin in range(0, characters, BATCH):
            rows: Rows = defaultdict(list)
            for number in range(begin, min(begin + BATCH, characters)):
                saved_at = FIRST_SAVED + timedelta(minutes=number)
                _add_character(rows, chance, faces, stories, chance.choices(pictures, k=IMAGES), saved_at)
            for table in TABLES:
                session.add_all(rows[table])
                session.flush()
            session.expunge_all()
        _choose_canonical_images(session, project.id)
        faces_changed(session, project.id)
    engine.dispose()
    return project.id


def _add_character(
    rows: Rows,
    chance: random.Random,
    faces: np.random.Generator,
    stories: Sequence[Story],
    pictures: Sequence[CharacterReferenceImage],
    saved_at: datetime,
) -> None:
    character = _character(chance, stories[0].project_id, saved_at)
    images = [_image(character.id, picture, saved_at) for picture in pictures]
    for variant in images[1:]:
        variant.source, variant.parent_id = "variant", images[0].id
    rows[CharacterRow].append(character)
    for tag in chance.sample(TAGS, chance.randint(0, 3)):
        rows[TagRow].append(TagRow(character_id=character.id, tag=tag, folded=folded(tag)))
    for image in images:
        rows[ImageRow].append(image)
        rows[IdentityRow] += _identities(faces, image.id)
    for story in chance.sample(stories, min(len(stories), chance.randint(0, 3))):
        member = CastMemberRow(id=new_id(), story_id=story.id, character_id=character.id, active_image_id=images[0].id)
        rows[CastMemberRow].append(member)
        rows[CastOptionRow].append(
            CastOptionRow(cast_member_id=member.id, image_id=images[0].id, how="loaded", added_at=saved_at)
        )


def _character(chance: random.Random, project_id: str, saved_at: datetime) -> CharacterRow:
    character = CharacterRow(
        id=new_id(),
        project_id=project_id,
        is_saved_to_library=True,
        saved_at=saved_at,
        is_favourite=chance.random() < 0.1,
    )
    profile = VisualProfile(hair=chance.choice(HAIR), outfit=chance.choice(OUTFITS))
    describe(
        character,
        name=f"{chance.choice(FAMILY)} {chance.choice(GIVEN)} {chance.randint(1, 999)}",
        description=f"{chance.choice(ROLES)}, {chance.choice(TRAITS)}",
        visual_profile=profile,
        prompt=f"{profile.hair}, {profile.outfit}, rainy street at night",
    )
    return character


def _image(character_id: str, picture: CharacterReferenceImage, created_at: datetime) -> ImageRow:
    return ImageRow(
        id=new_id(),
        character_id=character_id,
        content_hash=picture.content_hash,
        width=picture.width,
        height=picture.height,
        source="generated",
        request={"prompt": "rainy street at night"},
        created_at=created_at,
    )


def _identities(faces: np.random.Generator, image_id: str) -> list[IdentityRow]:
    embeddings = faces.standard_normal((len(ENCODERS), 512)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    identities = tuple(map(Identity, ENCODERS, embeddings))
    face = Face((16, 16, 48, 48), np.full((5, 2), 32, np.float32), 0.9, identities)
    return [IdentityRow.of(image_id, face, identity) for identity in identities]


def _choose_canonical_images(session: Session, project_id: str) -> None:
    """When both are there, for characters and images name each other."""
    first = select(func.min(ImageRow.id)).where(ImageRow.character_id == CharacterRow.id).scalar_subquery()
    without = (CharacterRow.project_id == project_id) & CharacterRow.canonical_image_id.is_(None)
    session.execute(
        update(CharacterRow).where(without).values(canonical_image_id=first),
        execution_options={"synchronize_session": False},
    )


def _draw(number: int) -> Image.Image:
    """A head before a wall, each of a colour of its own."""
    picture = Image.new("RGB", (64, 64), f"hsl({number * 360 // PICTURES}, 45%, 75%)")
    ImageDraw.Draw(picture).ellipse((16, 12, 48, 56), f"hsl({number * 150 % 360}, 50%, 45%)")
    return picture


if __name__ == "__main__":
    typer.run(main)

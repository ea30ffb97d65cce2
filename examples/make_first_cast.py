"""`python -m examples.make_first_cast`: draws the six people that an empty installation offers, as `first-cast.zip`.

They are people of the embedded pack's own world, by the artist who drew its training pictures: nobody's likeness and
nobody else's work. The zip is an ordinary export of a library, with what the pack's encoders saw. Among them is the
judge of the pack's own hand, for that is this artist's.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app import open_castbook
from drawn_world.artist import draw
from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, OUTFITS, look, person, profile
from library_store.records import LOCAL_OWNER, NewPicture, VisualProfile
from settings import Settings
from studio import Studio

FIRST_CAST = Path(__file__).parent / "first-cast.zip"
GROUP_PICTURE = Path(__file__).parents[1] / "ui" / "files" / "first-cast.webp"  # the page shows it beside the offer
FACE = 160  # pixels across for each in the group picture
Scene = tuple[str, str, str, str]  # outfit, expression, accessory, background


@dataclass(frozen=True)
class Someone:
    seed: int  # beyond those that the models were trained on
    name: str
    description: str
    scenes: tuple[Scene, Scene]  # the first stands for them


PEOPLE = (
    Someone(
        900_003, "Seoyeon", "Writes letters that arrive a year too early",
        (("school uniform", "smiling", "none", "classroom"), ("hanbok", "shy", "flower", "sunset")),
    ),
    Someone(
        900_012, "Taeho", "Runs the night shift at the harbour café",
        (("leather jacket", "neutral", "none", "night city"), ("sweater", "laughing", "scarf", "snow")),
    ),
    Someone(
        900_051, "Bomi", "Fastest courier of the lower city, and proud of the scar",
        (("hoodie", "smiling", "headphones", "city"), ("raincoat", "surprised", "none", "rain")),
    ),
    Someone(
        900_044, "Lir", "The forest's last cartographer",
        (("wizard robe", "neutral", "earrings", "forest"), ("armour", "angry", "none", "sunset")),
    ),
    Someone(
        900_057, "Dara", "Botanist on the first ship that does not turn back",
        (("spacesuit", "smiling", "none", "space"), ("lab coat", "surprised", "glasses", "plain")),
    ),
    Someone(
        900_030, "Noah", "Never lost a case, never won an argument with his sister",
        (("suit", "smiling", "none", "cafe"), ("t-shirt", "surprised", "headphones", "bedroom")),
    ),
)  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        castbook = open_castbook(Settings(home=Path(home)))
        studio = castbook.seen_by(LOCAL_OWNER)
        story = studio.library.create_story(studio.library.create_project("First cast").id, "Story 1")
        saved = [_save(studio, story.id, someone) for someone in PEOPLE]
        exported = studio.exports.write(story.project_id, saved, embeddings=True)
        shutil.copyfile(exported, FIRST_CAST)
        castbook.store.close()
    _draw_group().save(GROUP_PICTURE, quality=85)
    print(f"{FIRST_CAST}: {len(saved)} people, {FIRST_CAST.stat().st_size / 1e6:.2f} MB")


def _save(studio: Studio, story_id: str, someone: Someone) -> str:
    """The id of the saved character."""
    who = person(someone.seed)
    outfit, expression, accessory, background = someone.scenes[0]
    worn = VisualProfile(
        **profile(who),
        outfit=OUTFITS[outfit][0],
        accessories="" if accessory == "none" else ACCESSORIES[accessory][0],
        other=f"{EXPRESSIONS[expression][0]}, {BACKGROUNDS[background][0]}",
    )
    drawn = [_draw(someone.seed, scene) for scene in someone.scenes]
    pictures = [NewPicture(each, "uploaded", studio.models.get().find_face(each, own_hand=True)) for each in drawn]
    member = studio.library.create_character(
        story_id, someone.name, pictures, "generated", "", worn, someone.description
    )
    character = studio.library.save_character(member.id, member.options[0].image.id)
    studio.library.set_tags(character.id, ["first cast"])
    return character.id


def _draw_group() -> Image.Image:
    group = Image.new("RGB", (FACE * len(PEOPLE), FACE))
    for i, someone in enumerate(PEOPLE):
        group.paste(
            _draw(someone.seed, someone.scenes[0]).resize((FACE, FACE), Image.Resampling.LANCZOS), (i * FACE, 0)
        )
    return group


def _draw(seed: int, scene: Scene) -> Image.Image:
    outfit, expression, accessory, background = scene
    dressed = look(seed, outfit=outfit, expression=expression, accessory=accessory, background=background)
    return Image.fromarray(draw(person(seed), dressed).pixels)


if __name__ == "__main__":
    main()

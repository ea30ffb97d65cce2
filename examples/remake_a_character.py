"""A character by program: `python examples/remake_a_character.py` against a running Castbook (`make app`).

It makes a project and a story, draws somebody and saves them to the library; then, in a second story, it loads the very
picture and draws the same person in another scene. Ids go to the terminal, pictures to a folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860", help="where Castbook runs")
    parser.add_argument("--name", default="Hana")
    parser.add_argument("--prompt", default="woman, black long straight hair, green eyes, school uniform, smiling")
    parser.add_argument("--scene", default="wearing a spacesuit, laughing, outer space")
    parser.add_argument("--count", type=int, default=2, help="pictures to draw each time")
    parser.add_argument("--to", type=Path, default=Path("remade"), help="folder for the pictures")
    remake(**vars(parser.parse_args()))


def remake(url: str, name: str, prompt: str, scene: str, count: int, to: Path) -> None:
    castbook = Client(url, verbose=False)
    to.mkdir(parents=True, exist_ok=True)

    project = castbook.predict(f"{name}, remade", api_name="/create_project")
    first = castbook.predict(project["project_id"], "Episode 1", api_name="/create_story")
    second = castbook.predict(project["project_id"], "Episode 2", "rainy night", api_name="/create_story")
    print(f"project {project['project_id']}, stories {first['story_id']} and {second['story_id']}")

    member = castbook.predict(first["story_id"], name, prompt, count=count, api_name="/generate_character")
    print(f"character {member['character_id']}, drawn from: {member['prompt']}")
    _write(url, member, member["new_image_ids"], to / "character")

    saved = castbook.predict(member["cast_member_id"], member["active_image_id"], api_name="/save_character")
    reference = saved["canonical_image_id"]
    castbook.predict(second["story_id"], reference, api_name="/load_character")
    print(f"saved; reference image {reference} is in both stories")

    variants = castbook.predict(
        second["story_id"], reference, scene, count=count, api_name="/generate_character_variant"
    )
    print(f"variants drawn from: {variants['prompt']}")
    _write(url, variants, variants["new_image_ids"], to / "variant")


def _write(url: str, member: dict[str, Any], image_ids: list[str], to: Path) -> None:
    """Numbered from the best, with what the judge says."""
    options = {option["image_id"]: option for option in member["options"]}
    for number, image_id in enumerate(image_ids, 1):
        likeness = options[image_id]["likeness"]
        file = to.with_name(f"{to.name}-{number}.png")
        with httpx.stream("GET", f"{url.rstrip('/')}{options[image_id]['url']}") as picture, file.open("wb") as written:
            picture.raise_for_status()
            for part in picture.iter_bytes():
                written.write(part)
        print(f"  {file}  image {image_id}  {likeness['reason'] if likeness else ''}".rstrip())


if __name__ == "__main__":
    main()

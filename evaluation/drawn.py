"""The embedded pack's own world as data: drawn people on whom nothing was trained, as an imagefolder with metadata.

The only file of the evaluation that imports `training`, when something has to be drawn.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from platformdirs import user_cache_path
from tqdm import tqdm

from errors import InvalidRequest

if TYPE_CHECKING:
    from training.world import Look

PACK = "paperdoll"  # whose world it is
MEASURED = 300  # of the held-out people, the first; the pack is calibrated on the others
FRONT = 0.25  # the largest turn of the head, of 1, that still counts as seen from the front


def drawn_people(count: int, first: int = 0, cache: Path | None = None) -> Path:
    """The folder with `count` held-out people from number `first` on, every look of each; drawn once.

    Raises InvalidRequest where there are not so many.
    """
    from training.recipe import Recipe

    held_out = Recipe().held_out_people
    if not 0 < count <= held_out.count - first:
        raise InvalidRequest(
            f"{count} drawn people from number {first} on were asked for, and {held_out.count} were never trained on.",
            f"Ask for 1 to {held_out.count - first}.",
        )
    seeds = range(held_out.first + first, held_out.first + first + count)
    folder = (cache or user_cache_path("castbook") / "drawn") / f"{first}-{count}x{held_out.looks}-{_style(seeds[0])}"
    if not folder.is_dir():
        _draw_into(folder, seeds, held_out.looks)
    return folder


def _style(seed: int) -> str:
    """Tells when the artist draws otherwise than when the folder was drawn."""
    from training.artist import draw
    from training.world import look, person

    return hashlib.sha256(draw(person(seed), look(0)).pixels.tobytes()).hexdigest()[:12]


def _draw_into(folder: Path, seeds: range, looks: int) -> None:
    """All or nothing: the folder appears when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    lines = [
        json.dumps(_draw_one(unfinished, seed, index))
        for seed in tqdm(seeds, desc="drawing people", unit="person")
        for index in range(looks)
    ]
    (unfinished / "metadata.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    try:
        unfinished.rename(folder)
    except OSError:  # another process has just drawn the same
        shutil.rmtree(unfinished)
        if not folder.is_dir():
            raise


def _draw_one(folder: Path, seed: int, index: int) -> dict[str, str]:
    """Draws a picture and says what it shows, in the pack's words."""
    from training.artist import draw
    from training.dataset import look_seed
    from training.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, OUTFITS, look, person

    shown = look(look_seed(seed, index))
    name = f"{seed}-{index}.png"
    Image.fromarray(draw(person(seed), shown).pixels).save(folder / name)
    return {
        "file_name": name,
        "identity": str(seed),
        "view": _view(shown),
        "outfit": OUTFITS[shown.outfit][0],
        "expression": EXPRESSIONS[shown.expression][0],
        "accessory": ACCESSORIES[shown.accessory][0],
        "background": BACKGROUNDS[shown.background][0],
    }


def _view(shown: Look) -> str:
    """Which way they turn, as they would say it themselves."""
    if abs(shown.yaw) <= FRONT:
        return "front"
    return "left" if shown.yaw > 0 else "right"

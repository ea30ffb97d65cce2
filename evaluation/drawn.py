"""The embedded pack's own world as data: drawn people on whom nothing was trained, as an imagefolder with metadata.

The only file of the evaluation that imports `drawn_world`, and skia with it only when something has to be drawn.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from platformdirs import user_cache_path
from tqdm import tqdm

from drawn_world.people import HELD_OUT, look_seed
from errors import InvalidRequest

PACK = "paperdoll"  # whose world it is
MEASURED = 300  # of the held-out people, the first; the pack is calibrated on the others


def drawn_people(count: int, first: int = 0, cache: Path | None = None) -> Path:
    """The folder with `count` held-out people from number `first` on, every look of each; drawn once.

    Raises InvalidRequest where there are not so many.
    """
    from drawn_world.artist import style

    if not 0 < count <= HELD_OUT.count - first:
        raise InvalidRequest(
            "{count} drawn people from number {first} on were asked for, and {held_out} were never trained on.",
            "Ask for 1 to {most}.",
            count=count,
            first=first,
            held_out=HELD_OUT.count,
            most=HELD_OUT.count - first,
        )
    seeds = range(HELD_OUT.first + first, HELD_OUT.first + first + count)
    folder = (cache or user_cache_path("castbook") / "drawn") / f"{first}-{count}x{HELD_OUT.looks}-{style(seeds[0])}"
    if not folder.is_dir():
        _draw_into(folder, seeds, HELD_OUT.looks)
    return folder


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
    from drawn_world.artist import draw
    from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, OUTFITS, look, person

    shown = look(look_seed(seed, index))
    name = f"{seed}-{index}.png"
    Image.fromarray(draw(person(seed), shown).pixels).save(folder / name)
    return {
        "file_name": name,
        "identity": str(seed),
        "view": shown.view,
        "outfit": OUTFITS[shown.outfit][0],
        "expression": EXPRESSIONS[shown.expression][0],
        "accessory": ACCESSORIES[shown.accessory][0],
        "background": BACKGROUNDS[shown.background][0],
    }

#!/usr/bin/env bash
# datasets 5.2.0, imagefolder: ordinary layouts lose pictures and labels in silence.
#
# Each folder below shows mina and jun, and says who is who by folders or by a metadata.jsonl. What comes out of
# load_dataset, all splits together: a folder or picture with a word like "test" in its name is taken for a split, and
# all pictures outside of it vanish (https://github.com/huggingface/datasets/issues/7201); a metadata.jsonl above train/
# and test/ is in no split and vanishes too, so that folders become the labels; who is alone in the first split has no
# label; folders within a person's folder rename the person; and a zip's pictures are all labelled with the folder in
# which the zip lies (https://github.com/huggingface/datasets/pull/8419). Nothing is said of any of this.
# Castbook's evaluation therefore reads folders of pictures itself.
#
# Prints the version and who was seen; fails where datasets reads otherwise than is written here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 pillow==12.3.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" venv/bin/python - <<'PYTHON'
import json
import shutil
import sys
import tempfile
from pathlib import Path

import datasets
from PIL import Image

NAMES = {"train/1.png": "mina", "test/1.png": "jun"}  # of the metadata, where there are some
# the pictures; whether a metadata.jsonl names them, whether they are zipped into a folder called mina; who is seen
CASES = [
    ("mina/1.png jun/1.png", False, False, ["jun", "mina"]),
    ("train/mina/1.png test/jun/1.png", False, False, ["jun", "nobody"]),
    ("mina/test.png mina/2.png jun/val.png jun/2.png", False, False, ["mina", "nobody"]),  # two of four
    ("mina/1.png mina/2.png jun/1.png jun_test/1.png", False, False, ["nobody"]),  # one of four
    ("train/1.png test/1.png", True, False, ["nobody", "test"]),
    ("mina/school/1.png jun/home/1.png", False, False, ["home", "school"]),
    ("mina/school/1.png jun/1.png", False, False, ["nobody", "nobody"]),
    ("mina/1.png jun/1.png", False, True, ["mina", "mina"]),
]


def laid_out(paths: list[str], with_metadata: bool, zipped: bool) -> Path:
    folder = Path(tempfile.mkdtemp(dir="."))
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(folder / path)
    if with_metadata:
        lines = [{"file_name": path, "identity": NAMES[path]} for path in paths]
        (folder / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if not zipped:
        return folder
    place = Path(tempfile.mkdtemp(dir=".")) / "mina"
    place.mkdir()
    shutil.make_archive(str(place / "people"), "zip", folder)
    return place


def seen(folder: Path) -> list[str]:
    splits = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=tempfile.mkdtemp(dir="."))
    rows = datasets.concatenate_datasets(list(splits.values()))
    if "identity" in rows.features:
        return sorted(rows["identity"])
    if "label" not in rows.features:
        return ["nobody"] * len(rows)
    return sorted("nobody" if label is None else rows.features["label"].int2str(label) for label in rows["label"])


datasets.disable_progress_bars()
datasets.logging.set_verbosity_warning()
print(f"datasets {datasets.__version__}")
as_expected = True
for paths, with_metadata, zipped, expected in CASES:
    who = seen(laid_out(paths.split(), with_metadata, zipped))
    around = " with a metadata.jsonl" * with_metadata + " in a zip" * zipped
    print(f"{paths}{around}: {', '.join(who)}")
    as_expected &= who == expected
sys.exit(0 if as_expected else "datasets reads otherwise than is written here.")
PYTHON

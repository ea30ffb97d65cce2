#!/usr/bin/env bash
# sd-parsers 0.6: a picture is given the prompt of the one that was parsed before it, without a word.
#
# It remembers the last EXIF comment by `id(image)`. Once a picture is gone, the next one that is opened may lie where it
# lay and has its id; then the comment of the one before is handed out, prompt, seed and all. In a plain loop over JPEGs
# that comes and goes (37 of 300 in one run, none in another); here WebPs are opened until one lies there.
# Castbook therefore reads other programs' requests itself.
#
# Prints the versions and what was answered; fails where sd-parsers answers otherwise than is written here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sd-parsers==0.6 pillow==12.3.0 numpy
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys
from importlib.metadata import version

from PIL import Image
from sd_parsers import ParserManager

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def picture(prompt: str) -> bytes:
    """As AUTOMATIC1111's web UI saves one."""
    text = f"{prompt}\nNegative prompt: hat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"
    exif, buffer = Image.Exif(), io.BytesIO()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.new("RGB", (64, 64)).save(buffer, "WEBP", exif=exif)
    return buffer.getvalue()


def prompt_of(parser: ParserManager, image: Image.Image) -> str:
    return parser.parse(image).prompts[0].value


def opened_in_its_place(parser: ParserManager, gone: bytes, file: bytes) -> Image.Image | None:
    """A picture is parsed and goes; another one that is opened then lies where it lay, or all is tried again."""
    for _ in range(1_000):
        first = Image.open(io.BytesIO(gone))
        prompt_of(parser, first)
        place = id(first)
        del first
        others = []  # kept, so that the next ones lie elsewhere
        for _ in range(20):
            image = Image.open(io.BytesIO(file))
            if id(image) == place:
                return image
            others.append(image)
    return None


print(f"sd-parsers {version('sd-parsers')}, pillow {version('pillow')}")
castle, woman = picture("a castle"), picture("a woman with bob hair")
parser = ParserManager()
second = opened_in_its_place(parser, castle, woman)
answer = second and prompt_of(parser, second)
alone = prompt_of(ParserManager(), Image.open(io.BytesIO(woman)))
print(f"a castle, then a woman with bob hair: {answer!r}; the second alone: {alone!r}")
as_expected = (answer, alone) == ("a castle", "a woman with bob hair")
sys.exit(0 if as_expected else "sd-parsers answers otherwise than is written here.")
PYTHON

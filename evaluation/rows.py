"""One row of a run: a picture, how it came to be, and what was measured of it; None, never 0, what was not."""

# datasets comes without types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import datasets
from PIL import Image

# What a row stands for. Every table shows the baselines beside the variants.
Arm = Literal[
    "variant",  # a reference, a prompt and a seed through VariantMaker.generate, as the button does
    "no adapter",  # the same at identity_scale 0
    "pasted",  # the reference itself: what copying would score
    "true pair",  # another true picture of the person
    "stranger",  # a true picture of somebody else
    "scale",  # variants at other identity_scales, for the curve
    "references",  # variants steered by the mean identity of several references
    "chain",  # variants of variants: depth 2 and more, judged against the first reference
]
ARMS: tuple[Arm, ...] = ("variant", "no adapter", "pasted", "true pair", "stranger", "scale", "references", "chain")


@dataclass(frozen=True, eq=False)
class Row:
    case: str  # unlike any other of the run, and the same in every run of the same plan
    arm: Arm
    identity: str  # whose reference it was
    prompt: str
    prompt_number: int  # from 0, in the order of the prompts file
    seed: int
    identity_scale: float | None  # None: nothing was generated
    references: int  # how many steered together
    depth: int  # 1: a variant of the reference; 2: a variant of that; 0: nothing was generated
    detected: bool  # a face was found
    judge_similarity: float | None  # cosine to the reference, by the judge
    steering_similarity: float | None  # the same by the encoder that steered: circular
    judge_truth: float | None  # cosine to a held-out true picture of the person, where there is one
    steering_truth: float | None
    judge_stranger: float | None  # cosine to the reference of somebody else: the next identity of the plan
    composition: float  # correlation of the luminance thumbnails of picture and reference (pipeline.likeness)
    mirrored_composition: float  # the same with the picture mirrored
    copy_geo: float | None  # by the judge: (angle to the truth - angle to the reference) / angle between those two
    adherence: float | None  # share of the asked-for phrases that are shown (classifier), or CLIP score (0 to 1)
    missing: tuple[str, ...] | None  # phrases that were asked for and are not shown; None: not measured
    face_height: float | None  # share of the picture's height
    view: str | None  # of the reference, where the data say it ("front", "left", "right", ...)
    unseen: bool | None  # the prompt is a combination that training left out; None: nobody knows
    seconds: float | None  # for drawing and judging it; None: nothing was generated
    picture: Image.Image
    judge_score: float | None = None  # how far the similarity stands out among strangers; None: it was not read so
    marks_kept: float | None = (
        None  # share of the reference's marks that are shown too; None: it has none, nobody looked
    )


FEATURES = datasets.Features(
    {
        "case": datasets.Value("string"),
        "arm": datasets.Value("string"),
        "identity": datasets.Value("string"),
        "prompt": datasets.Value("string"),
        "prompt_number": datasets.Value("int32"),
        "seed": datasets.Value("int64"),
        "identity_scale": datasets.Value("float32"),
        "references": datasets.Value("int32"),
        "depth": datasets.Value("int32"),
        "detected": datasets.Value("bool"),
        "judge_similarity": datasets.Value("float32"),
        "steering_similarity": datasets.Value("float32"),
        "judge_truth": datasets.Value("float32"),
        "steering_truth": datasets.Value("float32"),
        "judge_stranger": datasets.Value("float32"),
        "composition": datasets.Value("float32"),
        "mirrored_composition": datasets.Value("float32"),
        "copy_geo": datasets.Value("float32"),
        "adherence": datasets.Value("float32"),
        "missing": datasets.List(datasets.Value("string")),
        "face_height": datasets.Value("float32"),
        "view": datasets.Value("string"),
        "unseen": datasets.Value("bool"),
        "seconds": datasets.Value("float32"),
        "picture": datasets.Image(),
        "judge_score": datasets.Value("float32"),
        "marks_kept": datasets.Value("float32"),
    }
)


def as_record(row: Row) -> dict[str, Any]:
    """As `datasets` takes it."""
    return {**asdict(row), "missing": None if row.missing is None else list(row.missing)}

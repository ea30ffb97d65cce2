"""Which of a character's pictures show somebody else, as far as the judge can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.likeness import Decider
from pipeline.values import Embedding, Identity, Judgement


@dataclass(frozen=True)
class Outlier:
    """A picture that is less alike to the character's others than strangers often are."""

    image_id: str
    similarity: float  # cosine by the judge to the mean identity of the others, -1 to 1
    rate: float  # the loosest calibrated false-accept rate
    threshold: float  # the score that so many strangers reach, and this picture does not
    score: float | None = None  # its own, where that is no cosine


def outliers(
    identities: Mapping[str, Identity], decider: Decider, character_id: str | None = None
) -> tuple[Outlier, ...]:
    """The pictures, by their ids, that show another person than the rest; the least alike first.

    One after the other: each is left out of the mean that the next is compared with. Of two pictures that differ it is
    the second, so the one that stands for the character comes first. The calibration is of pairs, and a mean is more
    alike to its person than another picture is: so strangers are missed rather than friends accused. Raises ValueError
    for identities by another encoder than the calibration's.
    """
    calibration = decider.calibration
    if any(identity.encoder != calibration.encoder for identity in identities.values()):
        raise ValueError(f"All identities must be by {calibration.encoder!r}.")
    kept = {image_id: identity.embedding for image_id, identity in identities.items()}
    rate, found = calibration.loosest_rate, list[Outlier]()
    while len(kept) > 1:
        judged = dict(zip(kept, _to_the_others(np.stack(list(kept.values())), decider, character_id), strict=True))
        if len(kept) == 2:
            del judged[next(iter(kept))]
        image_id = min(judged, key=lambda id: judged[id].score)
        judgement = judged[image_id]
        if judgement.band != "another person":
            break
        score = judgement.score if judgement.against else None
        found.append(Outlier(image_id, judgement.similarity, rate, calibration.thresholds[rate], score))
        del kept[image_id]
    return tuple(found)


def _to_the_others(embeddings: Embedding, decider: Decider, character_id: str | None) -> list[Judgement]:
    """Each one beside the mean of the others; where these cancel out, that is nobody, and alike to none."""
    sums_of_others = embeddings.sum(axis=0) - embeddings
    lengths = np.linalg.norm(sums_of_others, axis=1, keepdims=True)
    means = np.where(lengths > 1e-6, sums_of_others / np.maximum(lengths, 1e-6), 0).astype(np.float32)
    who = [character_id]
    return [
        decider.decide_all(one[None], mean[None], who, who)[0][0] for one, mean in zip(embeddings, means, strict=True)
    ]

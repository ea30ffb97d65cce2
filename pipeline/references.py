"""Which of a character's pictures show somebody else, as far as the judge can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.likeness import Calibration
from pipeline.values import Identity


@dataclass(frozen=True)
class Outlier:
    """A picture that is less alike to the character's others than strangers often are."""

    image_id: str
    similarity: float  # cosine by the judge to the mean identity of the others, -1 to 1
    rate: float  # the loosest calibrated false-accept rate
    threshold: float  # the similarity that so many strangers reach, and this picture does not


def outliers(identities: Mapping[str, Identity], calibration: Calibration) -> tuple[Outlier, ...]:
    """The pictures, by their ids, that show another person than the rest; the least alike first.

    One after the other: each is left out of the mean that the next is compared with. Of two pictures that differ it is
    the second, so the one that stands for the character comes first. The calibration is of pairs, and a mean is more
    alike to its person than another picture is: so strangers are missed rather than friends accused. Raises ValueError
    for identities by another encoder than the calibration's.
    """
    if any(identity.encoder != calibration.encoder for identity in identities.values()):
        raise ValueError(f"All identities must be by {calibration.encoder!r}.")
    kept = {image_id: identity.embedding for image_id, identity in identities.items()}
    rate, found = calibration.loosest_rate, list[Outlier]()
    while len(kept) > 1:
        similarities = dict(zip(kept, _to_the_others(np.stack(list(kept.values()))), strict=True))
        if len(kept) == 2:
            del similarities[next(iter(kept))]
        image_id = min(similarities, key=similarities.__getitem__)
        if calibration.band(similarities[image_id]) != "another person":
            break
        found.append(Outlier(image_id, similarities[image_id], rate, calibration.thresholds[rate]))
        del kept[image_id]
    return tuple(found)


def _to_the_others(embeddings: npt.NDArray[np.float32]) -> list[float]:
    """Each one's cosine to the mean of the others; 0 where these cancel out."""
    sums_of_others = embeddings.sum(axis=0) - embeddings
    lengths = np.linalg.norm(sums_of_others, axis=1)
    products = np.einsum("ij,ij->i", embeddings, sums_of_others)
    return [
        float(product / length) if length > 1e-6 else 0.0 for product, length in zip(products, lengths, strict=True)
    ]

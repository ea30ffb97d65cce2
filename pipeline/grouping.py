"""Faces -> groups that the judge takes for one person each. Who is not surely one of a group stays apart."""

# scipy comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from pipeline.likeness import Decider
from pipeline.values import Embedding

# The false-accept rate of one pair; a group is of many. Chosen on episodes by 38 reserved hands, with the four looks at
# each face (faces.py): of the pairs put together 99.7 % were right, of the true ones 85 % together; by one look 99.6
# and 77 %. `python -m evaluation episodes` reports on others.
GROUP_RATE = 0.01


def grouped(faces: Embedding, decider: Decider | None) -> list[list[int]]:
    """The numbers of the faces (n, 512) of each person, the most often seen first; without a decider each is alone.

    Agglomerative with complete linkage: everybody in a group is as like to everybody else as GROUP_RATE wants it.
    """
    if decider is None or len(faces) < 2:
        return [[number] for number in range(len(faces))]
    from scipy.cluster.hierarchy import fcluster, linkage  # it takes a while to import, which no page waits for
    from scipy.spatial.distance import squareform

    scores = np.vstack([rows for _, rows in decider.score_all(faces, [None] * len(faces))])
    scores = (scores + scores.T) / 2
    calibration = decider.calibration
    line = calibration.thresholds.get(GROUP_RATE, calibration.same_person_line)
    highest = max(float(scores.max()), line)
    apart = highest - scores
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "complete")
    labels = fcluster(tree, highest - line, "distance")
    groups = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    return sorted(groups, key=lambda group: (-len(group), group[0]))

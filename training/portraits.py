"""The pictures that the detector and the judge for drawn faces learn from, as the evaluation reads them."""

from evaluation.portraits import SIZE, Portraits

__all__ = ["SIZE", "Portraits"]

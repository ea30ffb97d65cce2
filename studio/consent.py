"""Faces of real people are biometric data: they are kept as numbers where somebody has said that they may be."""

from __future__ import annotations

from errors import InvalidRequest
from pipeline.packs import Pack


def check_agreed(pack: Pack, agreed: bool) -> None:
    """Of a picture that somebody brings in. A pack that knows drawn faces alone asks nobody.

    Raises InvalidRequest.
    """
    if pack.knows_real_faces and not agreed:
        raise InvalidRequest(
            "Nobody has said that this face may be kept.",
            "Tick that it is drawn, or that whoever the photograph shows has agreed, and try again.",
            at="consent",
        )

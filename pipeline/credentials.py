"""Content Credentials (C2PA): signed with the operator's certificate, a picture's file says that a model drew it.

The only file that imports c2pa, which is installed where somebody wants it: `pip install c2pa-python`. What the label
without a signature says, and for which laws: labels.py, docs/labels.md.
"""

# c2pa comes without types.
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from errors import CredentialsUnavailable
from pipeline.labels import DRAWN, TERMS


class Credentials:
    """Signs. Safe from any thread."""

    def __init__(self, certificates: bytes, key: bytes, algorithm: str, timestamps: str = "") -> None:
        """All as PEM; `certificates`: the signer's first, then whose sign them. `timestamps`: URL of an authority."""
        self._certificates = certificates
        self._key = key
        self._algorithm = algorithm
        self._timestamps = timestamps

    @classmethod
    def load(cls, certificates: Path, key: Path, timestamps: str = "") -> Credentials:
        """Raises CredentialsUnavailable where c2pa is missing, a file is unreadable, or nothing is signed with them."""
        try:
            import c2pa as _  # noqa: F401
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise CredentialsUnavailable("c2pa is not installed.", "Install it: pip install c2pa-python.") from error
        try:
            pem = key.read_bytes()
            algorithm = _algorithm_of(load_pem_private_key(pem, None))
            credentials = cls(certificates.read_bytes(), pem, algorithm, timestamps)
            credentials.signed(_smallest_png(), DRAWN)
        except Exception as error:  # c2pa has an exception for each cause, and its words say which
            raise CredentialsUnavailable(
                "Nothing can be signed with the certificate {certificate} and the key {key}: {error}.",
                "Correct CASTBOOK_C2PA_CERTIFICATE and CASTBOOK_C2PA_KEY, or leave both empty.",
                certificate=certificates, key=key, error=error,
            ) from error  # fmt: skip
        return credentials

    def signed(self, png: bytes, source_type: str) -> bytes:
        """The file with a manifest of who made it and how. Its pixels and texts are as they were."""
        import c2pa

        says = {
            "claim_generator_info": [{"name": "Castbook"}],
            "format": "image/png",
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": f"{TERMS}{source_type}"}]},
                }
            ],
        }
        signer = c2pa.C2paSignerInfo(self._algorithm, self._certificates, self._key, self._timestamps or None)
        settings = {"builder": {"thumbnail": {"enabled": False}}}
        made = io.BytesIO()
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Signer.from_info(signer) as signs,
            c2pa.Builder(json.dumps(says), context=context) as builder,
        ):
            builder.sign(signs, "image/png", io.BytesIO(png), made)
        return made.getvalue()


def _algorithm_of(key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if isinstance(key, EllipticCurvePrivateKey):
        return {384: "es384", 521: "es512"}.get(key.key_size, "es256")
    return "ed25519" if isinstance(key, Ed25519PrivateKey) else "ps256"


def _smallest_png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()

"""Pictures that a model drew are signed with the operator's own certificate, here one made for the test."""

from __future__ import annotations

import datetime
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from fakes import fake_pack
from made_up import generated

from app import load_signing
from errors import CredentialsUnavailable
from library_store.png_request import find_request, read_source_type
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.credentials import Credentials
from settings import Settings


def certificate(of: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, name: str, issuer: str) -> bytes:
    """PEM, as C2PA wants it: one that vouches for nobody but by a root, for signing alone."""
    now, is_root = datetime.datetime.now(datetime.timezone.utc), of is by
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder(_called(issuer), _called(name), of.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )
    return made.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)


def _called(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Castbook's tests"),
        ]
    )


@pytest.fixture
def signing(tmp_path: Path) -> Settings:
    root, signer = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate(signer, root, "Signer", "Root") + certificate(root, root, "Root", "Root"))
    key.write_bytes(signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Settings(home=tmp_path, c2pa_certificate=chain, c2pa_key=key)


def says(file: Path | str) -> dict[str, Any]:
    with c2pa.Reader("image/png", io.BytesIO(Path(file).read_bytes())) as reader:
        assert reader.get_validation_state() == "Valid"
        store = json.loads(reader.json())
    return store["manifests"][store["active_manifest"]]


def test_what_a_model_drew_is_signed_and_what_a_creator_drew_is_not(signing: Settings, tmp_path: Path) -> None:
    store = LibraryStore.open(signing.resolved_database_url, signing.resolved_pictures, load_signing(signing))
    library = store.seen_by(LOCAL_OWNER)
    story = library.create_story(library.create_project("Series").id, "1")
    asked_for = replace(generated(1), request=fake_pack().request("a girl", seed=0))
    uploaded = replace(generated(2), source="uploaded")
    member = library.create_character(story.id, "Hana", [asked_for, uploaded], "generated")
    by_source = {option.image.source: library.get_picture_path(option.image.id) for option in member.options}

    drawn = by_source.pop("generated")
    [action] = says(drawn)["assertions"][0]["data"]["actions"]
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert says(drawn)["signature_info"]["issuer"] == "Castbook's tests"
    found = find_request(drawn)
    assert found and found.program == "Castbook"
    assert read_source_type(drawn) == "trainedAlgorithmicMedia"
    [own] = by_source.values()
    with pytest.raises(c2pa.C2paError, match="ManifestNotFound"):
        c2pa.Reader("image/png", io.BytesIO(Path(own).read_bytes()))


def test_a_certificate_that_signs_nothing_is_refused_at_the_start(signing: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    stranger = ec.generate_private_key(ec.SECP256R1())
    other.write_bytes(stranger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert signing.c2pa_certificate
    for key, why in ((tmp_path / "none.pem", "No such file"), (signing.c2pa_certificate, "key"), (other, "sign")):
        with pytest.raises(CredentialsUnavailable, match=why):
            Credentials.load(signing.c2pa_certificate, key)
    with pytest.raises(CredentialsUnavailable, match="one of them is not given"):
        load_signing(Settings(home=tmp_path, c2pa_key=other))

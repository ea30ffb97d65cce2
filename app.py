"""Castbook, started: settings, the real parts, the page. `python app.py`; a Hugging Face Space does the same."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import logs
from errors import CastbookError, CredentialsUnavailable, NobodyCanSignIn
from library_store.keys import kept_secret
from library_store.pictures import Sign
from library_store.store import LibraryStore
from library_store.users import Users
from pipeline.packs import Pack, load_pack
from pipeline.variants import VariantMaker
from settings import Settings
from studio import Castbook, Models, Retention
from ui import add_health, build_page, launch_options
from ui.openid import OpenId
from ui.sign_in import WaysToSignIn


def open_castbook(settings: Settings) -> Castbook:
    """The library and the pack that the operator chose; its models are not loaded yet."""
    pack = load_pack(settings.pack, settings.pack_folders)
    store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures, load_signing(settings))
    models = Models(lambda: load_maker(pack, settings.compiled))
    return Castbook(
        store,
        pack,
        models,
        settings.report_folders,
        settings.resolved_access,
        Retention(settings.idle_days, settings.trash_days, settings.export_minutes),
        settings.forgets_at_restart,
    )


def ways_to_sign_in(settings: Settings) -> WaysToSignIn | None:
    """None where nobody has to. Raises NobodyCanSignIn."""
    if settings.resolved_access != "accounts":
        return None
    users = Users(settings.users_file) if settings.users_file.exists() else None
    provider = settings.provider
    if not (users or provider):
        raise NobodyCanSignIn(
            "With CASTBOOK_ACCESS=accounts people sign in, and there is no way to.",
            "Add a user (python -m library_store add-user NAME), name an OpenID provider (CASTBOOK_OPENID_ISSUER, "
            "CASTBOOK_OPENID_CLIENT_ID and CASTBOOK_OPENID_CLIENT_SECRET), or give a Space hf_oauth: true.",
        )
    if provider and not (all(provider[:3]) and provider.is_sure):
        raise NobodyCanSignIn(
            "Of the OpenID provider something is not said, or its issuer is no https:// address.",
            "Set CASTBOOK_OPENID_ISSUER, CASTBOOK_OPENID_CLIENT_ID and CASTBOOK_OPENID_CLIENT_SECRET, as it gave them.",
        )
    return WaysToSignIn(users, provider and OpenId(*provider), kept_secret(settings.sign_in_key))


def load_signing(settings: Settings) -> Sign | None:
    """Raises CredentialsUnavailable for a certificate without a key, too."""
    certificate, key = settings.c2pa_certificate, settings.c2pa_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise CredentialsUnavailable(
            "Pictures are signed with a certificate and its key, and one of them is not given.",
            "Set both CASTBOOK_C2PA_CERTIFICATE and CASTBOOK_C2PA_KEY, or neither.",
        )
    from pipeline.credentials import Credentials

    return Credentials.load(certificate, key, settings.c2pa_timestamps).signed


def load_maker(pack: Pack, compiled: Path | None = None) -> VariantMaker:
    """Takes from seconds to minutes, the imports alone some seconds: so it runs when the page is up.

    `compiled`: where what is compiled for a CPU is kept; None: nothing is compiled.
    """
    from pipeline.adherence import load_prompt_reader
    from pipeline.faces import InsightFaces
    from pipeline.generator import DiffusersGenerator
    from pipeline.marks import load_marks_reader
    from pipeline.prior import load_prior

    small = load_prompt_reader(pack), load_marks_reader(pack), load_prior(pack)
    return VariantMaker(DiffusersGenerator.load(pack, compiled=compiled), InsightFaces.load(pack), pack, *small)


def stop_when_told() -> None:
    """SIGTERM, which Docker and systemd send, ends the program as Ctrl+C does: temporary files go with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


if __name__ == "__main__":
    stop_when_told()
    try:
        settings = Settings()
        logs.start(settings.log)
        ways, castbook = ways_to_sign_in(settings), open_castbook(settings)
    except CastbookError as error:
        sys.exit(f"Castbook cannot start. {error}")
    os.environ.setdefault("GRADIO_TEMP_DIR", str(castbook.temporary.room("gradio")))  # uploads and previews go with us
    demo = build_page(castbook)
    server, _, _ = demo.launch(
        prevent_thread_lock=True,
        **launch_options(castbook, settings.mcp, settings.resolved_hosts, settings.resolved_frames, ways),
    )
    add_health(server, castbook, settings.metrics)
    castbook.models.start()
    castbook.remove_old_from_now_on()
    castbook.store.tidy()
    castbook.store.read_faces(castbook.pack.judge_encoder)
    demo.block_thread()
    castbook.runs.close()

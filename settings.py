"""Every choice of the operator, read from the environment (prefix CASTBOOK_)."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

BUILT_IN_PACKS = Path(__file__).parent / "packs"
EVALUATION_RUNS = Path(__file__).parent / "evaluation-runs"  # where `python -m evaluation` writes, run from this folder

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
HUGGING_FACE = "https://huggingface.co"

# "s3://pictures", "filecache::s3://pictures"
FSSPEC_URL = re.compile(r"([a-z][\w+.-]*::)*[a-z][\w+.-]*://", re.IGNORECASE)


class Provider(NamedTuple):
    """Of OpenID."""

    issuer: str  # where its /.well-known/openid-configuration is
    client_id: str
    client_secret: str
    host: str = ""  # to which alone it leads back; any that the server is asked by where nothing is said

    @property
    def is_sure(self) -> bool:
        """Nobody between can answer in its place."""
        url = urlsplit(self.issuer)
        return bool(url.hostname) and (url.scheme == "https" or url.hostname in LOOPBACK)


class Settings(BaseSettings):
    """`Settings()` reads the environment; `Settings(home=...)` is for tests.

    A path is absolute from here on, its `~` replaced, and names that very folder, whatever is in its name: what reads
    URLs is not asked about it.
    """

    model_config = SettingsConfigDict(env_prefix="CASTBOOK_", env_ignore_empty=True, frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("castbook"))
    database_url: str = ""  # default: SQLite in the home
    pictures: str = ""  # a folder or an fsspec URL; default: a folder in the home
    pack: str = "paperdoll"
    packs: Path | None = None  # a folder of the operator's own packs, looked in first
    compile: bool = True  # what draws, for this machine's CPU; it then draws in a third of the time
    hosts: str = ""  # names that the server answers to, by commas; "*": any. Default: where it listens
    frames: str = ""  # sites that may show the page in a frame, by commas; a Space: huggingface.co
    access: Literal["", "single", "visitors", "accounts"] = ""  # whose is what; default: single, a Space: visitors
    openid_issuer: str = ""  # the URL of a provider that says who somebody is, for `accounts`
    openid_client_id: str = ""
    openid_client_secret: SecretStr = SecretStr("")
    idle_days: int = Field(default=30, ge=1)  # after which an anonymous visitor who never came again is removed
    trash_days: int | None = Field(default=None, ge=1)  # after which what is in the trash is deleted for good
    export_minutes: int = Field(default=60, ge=5, le=60)  # after which an export is gone that nobody has fetched
    server_name: str = Field(default="127.0.0.1", validation_alias="GRADIO_SERVER_NAME")
    space_id: str = Field(default="", validation_alias="SPACE_ID")  # set on a Hugging Face Space
    space_host: str = Field(default="", validation_alias="SPACE_HOST")  # its own name first, then others, by commas
    space_issuer: str = Field(default="", validation_alias="OPENID_PROVIDER_URL")  # with `hf_oauth: true`
    space_client_id: str = Field(default="", validation_alias="OAUTH_CLIENT_ID")
    space_client_secret: SecretStr = Field(default=SecretStr(""), validation_alias="OAUTH_CLIENT_SECRET")
    log: Literal["text", "json", "words"] = "text"  # as in logs.start
    c2pa_certificate: Path | None = None  # PEM, with those who vouch for it: drawn pictures are signed with it
    c2pa_key: Path | None = None  # its private key
    c2pa_timestamps: str = ""  # URL of an authority that says when
    metrics: bool = False  # whether Prometheus is answered at /metrics
    mcp: bool = False  # whether the verbs are tools for language models too

    @field_validator("home", "packs")
    @classmethod
    def _is_a_folder(cls, path: Path | None) -> Path | None:
        return None if path is None else _absolute(path)

    @property
    def resolved_database_url(self) -> str | URL:
        return self.database_url or URL.create("sqlite", database=str(self.home / "castbook.db"))

    @property
    def resolved_pictures(self) -> str | Path:
        """A folder, or an fsspec URL."""
        if FSSPEC_URL.match(self.pictures):
            return self.pictures
        return _absolute(self.pictures) if self.pictures else self.home / "pictures"

    @property
    def compiled(self) -> Path | None:
        """Where what is compiled is kept; None: nothing is compiled."""
        return self.home / "compiled" if self.compile else None

    @property
    def resolved_access(self) -> Literal["single", "visitors", "accounts"]:
        return self.access or ("visitors" if self.space_id else "single")

    @property
    def users_file(self) -> Path:
        """Who signs in by a password; `python -m library_store add-user` writes it."""
        return self.home / "users.json"

    @property
    def sign_in_key(self) -> Path:
        """What signs a browser's cookie while somebody is on the way to a provider and back."""
        return self.home / "sign-in.key"

    @property
    def provider(self) -> Provider | None:
        """Who says who somebody is: the operator's choice, or else, where no users file is there, the Space's own."""
        own = Provider(self.openid_issuer, self.openid_client_id, self.openid_client_secret.get_secret_value())
        if any(own):
            return own
        if not self.space_issuer or self.users_file.exists():
            return None
        host = self.space_host.split(",")[0].strip()
        return Provider(self.space_issuer, self.space_client_id, self.space_client_secret.get_secret_value(), host)

    @property
    def forgets_at_restart(self) -> bool:
        """A Space's own disk does not last; what is mounted into it, and a database elsewhere, does."""
        is_mounted = any(folder.is_mount() for folder in (self.home, *self.home.parents) if folder != Path("/"))
        return bool(self.space_id) and not self.database_url and not is_mounted

    @property
    def resolved_hosts(self) -> tuple[str, ...]:
        """A server for this machine alone is asked by this machine's own names; one for others, by any."""
        return _parts(self.hosts) or (LOOPBACK if self.server_name in LOOPBACK else ("*",))

    @property
    def resolved_frames(self) -> tuple[str, ...]:
        return _parts(self.frames) or ((HUGGING_FACE,) if self.space_id else ())

    @property
    def pack_folders(self) -> tuple[Path, ...]:
        return (self.packs, BUILT_IN_PACKS) if self.packs else (BUILT_IN_PACKS,)

    @property
    def report_folders(self) -> tuple[Path, ...]:
        """Where the page looks for retention reports."""
        return self.home / "evaluation", EVALUATION_RUNS


def _parts(said: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in said.split(",") if part.strip())


def _absolute(path: Path | str) -> Path:
    """A `~` that is nobody's home stays as it is."""
    folder = Path(path)
    with suppress(RuntimeError):
        folder = folder.expanduser()
    return folder.absolute()

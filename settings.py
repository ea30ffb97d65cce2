"""Every choice of the operator, read from the environment (prefix CASTBOOK_)."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

BUILT_IN_PACKS = Path(__file__).parent / "packs"
EVALUATION_RUNS = Path(__file__).parent / "evaluation-runs"  # where `python -m evaluation` writes, run from this folder


class Settings(BaseSettings):
    """`Settings()` reads the environment; `Settings(home=...)` is for tests."""

    model_config = SettingsConfigDict(env_prefix="CASTBOOK_", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("castbook"))
    database_url: str = ""  # default: SQLite in the home
    pictures: str = ""  # an fsspec URL; default: a folder in the home
    pack: str = "paperdoll"
    packs: Path | None = None  # a folder of the operator's own packs, looked in first
    mcp: bool = False  # whether the verbs are tools for language models too; needs the package `mcp`

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'castbook.db'}"

    @property
    def resolved_pictures(self) -> str:
        return self.pictures or str(self.home / "pictures")

    @property
    def pack_folders(self) -> tuple[Path, ...]:
        return (self.packs, BUILT_IN_PACKS) if self.packs else (BUILT_IN_PACKS,)

    @property
    def report_folders(self) -> tuple[Path, ...]:
        """Where the page looks for retention reports."""
        return self.home / "evaluation", EVALUATION_RUNS

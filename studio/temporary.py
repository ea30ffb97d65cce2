"""Files that are there for a while: in a folder of this process, which goes with it, however the process ends."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

PREFIX = "castbook-"
LOCK = "lock"  # held while the process lives: the system lets go of it, however the process ended
HOUR = 3600  # seconds


class TemporaryFolder:
    """What a program left that was killed goes when the next one starts."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self._lock = FileLock(self.path / LOCK, thread_local=False)
        self._lock.acquire()  # pyright: ignore[reportUnknownMemberType]
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        _remove_what_the_dead_left(self.path)

    def room(self, name: str) -> Path:
        """A folder in it; made anew where it was cleaned away, as systems do with what is temporary."""
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def remove_old(room: Path, seconds: float = HOUR) -> None:
    """The folders in it that nobody has written or touched for so long."""
    for folder in room.glob("*"):
        with suppress(FileNotFoundError):  # it is removed elsewhere at this moment
            if time.time() - folder.stat().st_mtime > seconds:
                shutil.rmtree(folder, ignore_errors=True)


def _remove_what_the_dead_left(own: Path) -> None:
    for lock in own.parent.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # a Timeout is one: its process lives. Or the folder is gone already
            if lock.parent.lstat().st_uid == own.lstat().st_uid:  # nobody else's, nor their link to one of ours
                with FileLock(lock, blocking=False):
                    shutil.rmtree(lock.parent, ignore_errors=True)

"""What files are called outside: by addresses that name no path of this machine, and hold for one visitor alone.

Gradio calls a file by its path, and takes any that is in its folder of uploads. So paths are written over on their way
out and on their way in (door.py): `/tmp/gradio/3f2a.../hana.png` is `/castbook/u-SIGNATURE/3f2a.../hana.png` outside.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import quote

PREFIX = "/castbook/"
ADDRESS = re.compile(rf"{PREFIX}(\w+)(?:-([0-9a-f]{{32}}))?/([\w-]+)/(.+)", re.DOTALL)
SEPARATOR = rb"(?:/|\\\\|%5C|%2F)"  # also as JSON and URLs write that of Windows
FOLDER_IN_IT = rb"([\w-]+)"


class FileAddresses:
    """Of the folders that are served. In each, files lie in folders of their own, whose names tell nothing."""

    def __init__(self, folders: Mapping[str, Path], signed: Collection[str]) -> None:
        """`folders` by what they are called outside: {"u": uploads}. Files of those `signed` belong to whom their
        address was told; of the others the library knows whose they are."""
        self._folders = folders
        self._signed = signed
        self._key = secrets.token_bytes(32)
        self._paths = {name: _pattern(folder) for name, folder in folders.items()}

    def written_out(self, text: bytes, owner: str) -> bytes:
        """JSON, HTML or a stream of events, with addresses for an owner in the place of paths."""
        for name, pattern in self._paths.items():

            def address(path: re.Match[bytes], name: str = name) -> bytes:
                within = path[1].decode()
                signature = f"-{self.sign(owner, name, within)}" if name in self._signed else ""
                return f"{PREFIX}{name}{signature}/{within}".encode()

            text = pattern.sub(address, text)
        return text

    def read(self, address: str, owner: str) -> tuple[str, Path] | None:
        """What the folder is called, and the file. None for what is no address, and for another owner's."""
        found = ADDRESS.fullmatch(address)
        if found is None or found[1] not in self._folders:
            return None
        name, signature, within, rest = found.groups()
        if name in self._signed and not hmac.compare_digest(signature or "", self.sign(owner, name, within)):
            return None
        folder = self._folders[name]
        path = folder / within / rest
        return (name, path) if path.is_relative_to(folder) and ".." not in path.parts else None

    def sign(self, *words: str) -> str:
        """The same for the same words, as long as the program lives; 32 hexadecimal digits."""
        return hmac.new(self._key, json.dumps(words).encode(), hashlib.sha256).hexdigest()[:32]


def _pattern(folder: Path) -> re.Pattern[bytes]:
    """A path to something in a folder of the folder, as JSON and URLs write it."""
    path = str(folder)
    ways = {path, json.dumps(path)[1:-1], json.dumps(path, ensure_ascii=False)[1:-1], quote(path), quote(path, safe="")}
    either = b"|".join(re.escape(way.encode()) for way in sorted(ways, key=len, reverse=True))
    return re.compile(b"(?:" + either + b")" + SEPARATOR + FOLDER_IN_IT + b"(?=" + SEPARATOR + b")")

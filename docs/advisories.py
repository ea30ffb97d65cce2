"""`python docs/advisories.py [DAY]`, in `make lint`: whether an advisory hits what requirements.txt lets in, or what is
installed of what its packages bring along ("through").

It ends with 1 for one that has no answer, and for a package of which nobody has looked for any. A list that is old is
said to be, and no failure: a day must not break a build. Renewed by hand: advisories.toml says how.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent


def requirements(text: str) -> list[Requirement]:
    """Of a requirements.txt without options."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def unanswered(wanted: Iterable[Requirement], known: Mapping[str, Any]) -> Iterator[str]:
    """What has to be done, a sentence each."""
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name not in {**known["looked"], **known["through"]}:
            yield f"{name}: nobody has looked for advisories of it. Look, and set the day in docs/advisories.toml."
        for advisory in known["advisory"]:
            if advisory["package"] == name and not advisory.get("answer"):
                yield from (
                    f"{name} {affected}: {advisory['id']} ({advisory['source']}). Take another version, or answer it."
                    for affected in hit(requirement.specifier, SpecifierSet(advisory["affected"]))
                )


def hit(allowed: SpecifierSet, affected: SpecifierSet) -> list[Version]:
    """The versions named in either that are in both: of a pin that one, of ranges their ends."""
    named = {Version(each.version) for each in (*allowed, *affected)}
    return sorted(version for version in named if version in allowed and version in affected)


def brought_along(known: Mapping[str, Any]) -> Iterator[Requirement]:
    """As if it were pinned to the version that is installed; on some machines one of them is not."""
    for name in known["through"]:
        with suppress(PackageNotFoundError):
            yield Requirement(f"{name}=={version(name)}")


def stale(known: Mapping[str, Any], today: date) -> str | None:
    oldest, name = min((day, name) for name, day in {**known["looked"], **known["through"]}.items())
    age = (today - oldest).days
    if age <= known["stale_after_days"]:
        return None
    return f"docs/advisories.toml is old: {name} was looked up {age} days ago, on {oldest}. Renew it."


if __name__ == "__main__":
    today = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else date.today()
    known = tomllib.loads((HERE / "advisories.toml").read_text("utf-8"))
    pinned = requirements((HERE.parent / "requirements.txt").read_text("utf-8"))
    found = list(unanswered([*pinned, *brought_along(known)], known))
    if said := stale(known, today):
        print(f"Warning: {said}", file=sys.stderr)
    sys.exit("\n".join(found) or 0)

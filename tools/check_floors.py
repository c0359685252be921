"""Hold the lock file, and what the project allows others to install, against the floors.

Run from the root of the repository: ``python tools/check_floors.py``. Every package of
``security/floors.toml`` must stand in ``uv.lock`` with its minimum or more, in each of the
versions it is locked in, and ``pyproject.toml`` must not allow less where it names the package.
Exit code 1 where one does not, with a line each.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Floor:
    """The least version of a package, and why.

    Attributes:
        package: Its normalised name.
        minimum: The first version without the holes.
        cves: The holes.
        date: When this was last looked at.
        why: What the holes let somebody do.
        optional: Whether the package may be missing in the lock file.
    """

    package: str
    minimum: Version
    cves: tuple[str, ...]
    date: date
    why: str
    optional: bool = False


def read_floors(text: str) -> list[Floor]:
    """Read ``floors.toml``.

    Raises:
        TypeError: An entry lacks a field, or has one that is not known.
        ValueError: A minimum is no version.
    """
    document = tomllib.loads(text)
    return [
        Floor(
            **{
                **entry,
                "package": canonicalize_name(entry["package"]),
                "minimum": Version(entry["minimum"]),
                "cves": tuple(entry["cves"]),
            }
        )
        for entry in document["floor"]
    ]


def locked(lock: Mapping[str, Any]) -> dict[str, set[Version]]:
    """Return the versions of every package of a lock file; one may be there in several."""
    found: dict[str, set[Version]] = {}
    for package in lock["package"]:
        name = canonicalize_name(package["name"])
        found.setdefault(name, set()).add(Version(package["version"]))
    return found


def declared(project: Mapping[str, Any]) -> list[Requirement]:
    """Return what ``pyproject.toml`` asks for, extras included."""
    extras = project["project"].get("optional-dependencies", {}).values()
    texts = [*project["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return [Requirement(text) for text in texts]


def faults(
    floors: Sequence[Floor], lock: Mapping[str, Any], project: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a line for every floor that is not kept."""
    versions = locked(lock)
    for floor in floors:
        because = ", ".join(floor.cves)
        there = versions.get(floor.package, set())
        if not there and not floor.optional:
            yield f"{floor.package} is not in uv.lock: drop its floor, or say optional"
        for version in sorted(there):
            if version < floor.minimum:
                yield f"{floor.package} {version} is locked, least is {floor.minimum}: {because}"
        for wanted in declared(project):
            if canonicalize_name(wanted.name) == floor.package and least(wanted) < floor.minimum:
                yield f"pyproject.toml allows '{wanted}', least is {floor.minimum}: {because}"


def least(wanted: Requirement) -> Version:
    """Return the least version a requirement allows; 0 where it has no lower bound."""
    bounds = [Version(s.version) for s in wanted.specifier if s.operator in {">=", "==", "~="}]
    return max(bounds, default=Version("0"))


def main() -> int:
    """Check this repository and tell what is wrong."""
    floors = read_floors((ROOT / "security/floors.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = list(faults(floors, lock, project))
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

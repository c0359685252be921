"""Which parts of one kind there are, and the part of a name.

A part is a module of one folder that holds an object of an agreed name, such as ``LEARNER``. Its
name is the module's name, so adding one is adding one file; modules without such an object are
what parts share. Packages of third parties offer theirs through an entry-point group.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Generic, TypeVar, cast

from scorewright.core.errors import UsageError

__all__ = ["Catalogue", "Shelf"]

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where parts of one kind are found, and how they are spoken of.

    Attributes:
        package: Package whose modules hold them.
        group: Entry-point group of third parties.
        attribute: Name of the object in a module.
        noun: What a part is called in messages.
        setting: Where its name is set, for the remedy.
        code: Error code for an unknown name.
    """

    package: str
    group: str
    attribute: str
    noun: str
    setting: str
    code: str


class Catalogue(Generic[Part]):
    """The parts of one shelf; each is imported when it is first asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def names(self) -> tuple[str, ...]:
        """Return the names of our own and of third parties' parts, sorted."""
        own = _own_names(self._shelf.package, self._shelf.attribute)
        return tuple(sorted(own | {p.name for p in entry_points(group=self._shelf.group)}))

    def get(self, name: str) -> Part:
        """Return the part of that name; a third party's wins over one of ours.

        Raises:
            UsageError: The shelf's code, with near misses.
        """
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3) or list(names)
            raise UsageError(
                f"There is no {self._shelf.noun} called '{name}'.",
                remedy=(
                    f"Set {self._shelf.setting} in scorewright.toml to one of: {', '.join(near)}."
                ),
                code=self._shelf.code,
            )
        for point in entry_points(group=self._shelf.group):
            if point.name == name:
                return cast("Part", point.load())
        module = importlib.import_module(f"{self._shelf.package}.{name}")
        return cast("Part", getattr(module, self._shelf.attribute))


@cache
def _own_names(package: str, attribute: str) -> frozenset[str]:
    """Return the modules of a package that define the attribute.

    Their text is read, not their code run: a module may need a package that is not installed.
    """
    found = find_spec(package)
    if found is None or found.submodule_search_locations is None:
        return frozenset()
    defines = re.compile(rf"^{attribute}\b\s*[:=]", re.MULTILINE)
    return frozenset(
        module.name
        for module in pkgutil.iter_modules(found.submodule_search_locations)
        if defines.search(_text(f"{package}.{module.name}"))
    )


def _text(module: str) -> str:
    """Return a module's source; empty where there is none, as in a folder."""
    spec = find_spec(module)
    source = getattr(spec.loader, "get_source", None) if spec else None
    return (source(module) or "") if source else ""

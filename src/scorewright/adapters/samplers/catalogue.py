"""Which samplers there are: one module each in this folder, and entry points of others.

A sampler is a module with an object called ``SAMPLER`` that keeps the ``Sampler`` port. Its
name is the module's name. Packages of third parties offer theirs through the entry-point group
``scorewright.samplers``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import cast

from scorewright.core.errors import UsageError
from scorewright.flows.ports import Sampler

__all__ = ["Samplers"]

PACKAGE = "scorewright.adapters.samplers"
GROUP = "scorewright.samplers"


class Samplers:
    """The samplers that are installed; each is imported when it is first asked for."""

    def names(self) -> tuple[str, ...]:
        """Return the names of our own and of third parties' samplers, sorted."""
        package = importlib.import_module(PACKAGE)
        own = {m.name for m in pkgutil.iter_modules(package.__path__)} - {"catalogue"}
        return tuple(sorted(own | {point.name for point in entry_points(group=GROUP)}))

    def get(self, name: str) -> Sampler:
        """Return the sampler of that name.

        Raises:
            UsageError: ``sampler-unknown``, with near misses.
        """
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3) or list(names)
            raise UsageError(
                f"There is no sampling called '{name}'.",
                remedy=f"Set the sampling in scorewright.toml to one of: {', '.join(near)}.",
                code="sampler-unknown",
            )
        for point in entry_points(group=GROUP):
            if point.name == name:
                return cast("Sampler", point.load())
        return cast("Sampler", importlib.import_module(f"{PACKAGE}.{name}").SAMPLER)

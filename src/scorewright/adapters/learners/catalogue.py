"""Which learners there are: one module each in this folder, and entry points of others.

A learner is a module with an object called ``LEARNER`` that keeps the ``Learner`` port. Its
name is the module's name, so adding one is adding one file. Packages of third parties offer
theirs through the entry-point group ``scorewright.learners``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import cast

from scorewright.core.errors import UsageError
from scorewright.flows.ports import Learner

__all__ = ["Learners", "refuse_unknown"]

PACKAGE = "scorewright.adapters.learners"
GROUP = "scorewright.learners"


class Learners:
    """The learners that are installed; each is imported when it is first asked for."""

    def names(self) -> tuple[str, ...]:
        """Return the names of our own and of third parties' learners, sorted."""
        package = importlib.import_module(PACKAGE)
        own = {m.name for m in pkgutil.iter_modules(package.__path__)} - {"catalogue"}
        return tuple(sorted(own | {point.name for point in entry_points(group=GROUP)}))

    def get(self, name: str) -> Learner:
        """Return the learner of that name.

        Raises:
            UsageError: ``learner-unknown``, with near misses.
        """
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3) or list(names)
            raise UsageError(
                f"There is no learner called '{name}'.",
                remedy=f"Set learner.name in scorewright.toml to one of: {', '.join(near)}.",
                code="learner-unknown",
            )
        for point in entry_points(group=GROUP):
            if point.name == name:
                return cast("Learner", point.load())
        return cast("Learner", importlib.import_module(f"{PACKAGE}.{name}").LEARNER)


def refuse_unknown(learner: str, given: set[str], known: set[str]) -> None:
    """Refuse parameter names a learner does not know.

    Raises:
        UsageError: ``learner-params``, with near misses.
    """
    for name in sorted(given - known):
        near = difflib.get_close_matches(name, sorted(known), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(
            f"The learner '{learner}' has no parameter '{name}'.{hint}",
            remedy=(
                f"Correct [learner.params] in scorewright.toml. Known: {', '.join(sorted(known))}."
            ),
            code="learner-params",
        )

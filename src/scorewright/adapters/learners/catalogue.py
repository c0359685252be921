"""Which learners there are: one module each in this folder, and entry points of others.

A learner is a module with an object called ``LEARNER`` that keeps the ``Learner`` port. Its
name is the module's name, so adding one is adding one file; modules without that object are
what learners share. Packages of third parties offer theirs through the entry-point group
``scorewright.learners``.
"""

from __future__ import annotations

import difflib

from scorewright.adapters.catalogues import Catalogue, Shelf
from scorewright.core.errors import UsageError
from scorewright.flows.ports import Learner

__all__ = ["Learners", "refuse_unknown"]

SHELF = Shelf(
    package="scorewright.adapters.learners",
    group="scorewright.learners",
    attribute="LEARNER",
    noun="learner",
    setting="learner.name",
    code="learner-unknown",
)


class Learners(Catalogue[Learner]):
    """The learners that are installed; `get` refuses others with ``learner-unknown``."""

    def __init__(self) -> None:
        super().__init__(SHELF)


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

"""Which packages decide the figures of a cell: with another version of them it is another cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scorewright.core.tuning import deciding_versions
from scorewright.flows.experiment.choices import ENSEMBLE, SELECTED, Choice

__all__ = ["deciding"]


def deciding(versions: Mapping[str, str], choice: Choice) -> dict[str, str]:
    """Return the versions that decide the figures of a cell.

    A package that another learner works with decides nothing: to install it changes no cell.

    Args:
        versions: Of the installed packages.
        choice: The cell's learner with its complete parameters.
    """
    found: dict[str, str] = {}
    for name in _fitted(choice.learner.name, choice.params):
        found |= deciding_versions(name, versions)
    return found


def _fitted(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Yield a learner, or those it is made of."""
    if name == SELECTED and "selection_learner" in params:
        yield from _fitted(params["selection_learner"], params)
    elif name == ENSEMBLE and "members" in params:
        for member in params["members"]:
            yield from _fitted(member["learner"], member["params"])
    else:
        yield name

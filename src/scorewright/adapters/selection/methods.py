"""The methods: which fits each makes, and the arithmetic it leaves to the core."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.selection.fits import QuickFits, cheaper
from scorewright.core.errors import UsageError
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.selection import (
    Choice,
    correlation_clusters,
    null_importance_test,
    shadow_test,
    stability_shares,
)
from scorewright.flows.ports import FitTask, Learner

__all__ = ["method_parameters", "select"]

Floats = npt.NDArray[np.float64]

#: What every method that fits models takes: most trees and most rows of one fit.
QUICK = {"trees": (60, 1, 10_000), "rows": (50_000, 100, 10_000_000)}


@dataclass(frozen=True, slots=True)
class Method:
    """One way to choose columns.

    Attributes:
        parameters: Name -> (default, least, most).
        run: Chooses, from quick fits and the parameters.
    """

    parameters: Mapping[str, tuple[float, float, float]]
    run: Callable[[QuickFits, Mapping[str, Any]], Choice]


def method_parameters(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the complete parameters of a method.

    Raises:
        UsageError: ``selection-params`` for an unknown method, name (with near misses) or value.
    """
    if method not in METHODS:
        raise _refused(f"there is no method '{method}'", method, METHODS)
    known = METHODS[method].parameters
    for name, value in given.items():
        if name not in known:
            raise _refused(f"the method '{method}' has no parameter '{name}'", name, known)
        default, least, most = known[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_whole = is_number and (isinstance(value, int) or isinstance(default, float))
        if not is_whole or not least <= value <= most:
            what = "a whole number" if isinstance(default, int) else "a number"
            raise UsageError(
                f"The parameter '{name}' of the selection '{method}' cannot be {value!r}.",
                remedy=f"Give {what} from {least:g} to {most:g}.",
                code="selection-params",
            )
    return {name: given.get(name, default) for name, (default, _, _) in known.items()}


def select(learner: Learner, task: FitTask, method: str, params: Mapping[str, Any]) -> Choice:
    """Choose columns, looking at nothing but the task's rows.

    Args:
        learner: Whose importances are asked.
        task: The training rows, with the learner's complete parameters.
        method: ``shadow``, ``null_importance``, ``correlation`` or ``stability``.
        params: Complete parameters of the method.

    Returns:
        The kept columns, at least one.
    """
    chosen = METHODS[method]
    few = cheaper(task.params, int(params["trees"])) if "trees" in params else task.params
    return chosen.run(QuickFits(learner, replace(task, params=few)), params)


def _shadow(quick: QuickFits, params: Mapping[str, Any]) -> Choice:
    """Fit on columns and shuffled copies of them, several times."""
    rng = np.random.default_rng(quick.task.seed)
    real, copies = [], []
    columns = quick.task.x.shape[1]
    for number in range(int(params["rounds"])):
        part = _with_copies(quick.part(rng, int(params["rows"])), rng)
        found = quick.importance(part, number)
        real.append(found[:columns])
        copies.append(found[columns:])
    return shadow_test(np.array(real), np.array(copies), params["percentile"], params["level"])


def _with_copies(task: FitTask, rng: np.random.Generator) -> FitTask:
    """Return the task with a shuffled copy beside each column; a copy has its column's sign."""
    copies = rng.permuted(task.x, axis=0)
    prefix = "shuffled "
    while any(name.startswith(prefix) for name in task.space.names):
        prefix += "again "
    copied = tuple(Feature(prefix + f.name, f.categories) for f in task.space.features)
    signs = {prefix + name: sign for name, sign in task.monotone.items()}
    return replace(
        task,
        x=np.hstack([task.x, copies]),
        space=FeatureSpace(task.space.features + copied),
        monotone={**task.monotone, **signs},
    )


def _null_importance(quick: QuickFits, params: Mapping[str, Any]) -> Choice:
    """Fit with the real labels, and with shuffled ones."""
    rng = np.random.default_rng(quick.task.seed)
    fits, rows = int(params["fits"]), int(params["rows"])
    real = [quick.importance(quick.part(rng, rows), number) for number in range(fits)]
    null = []
    for number in range(int(params["draws"])):
        part = quick.part(rng, rows)
        order = rng.permutation(len(part.y))
        # A row's weight goes with its label: class weights stay with their class.
        weight = None if part.weight is None else part.weight[order]
        shuffled = replace(part, y=part.y[order], weight=weight)
        null.append(quick.importance(shuffled, fits + number))
    return null_importance_test(np.array(real), np.array(null), params["level"])


def _correlation(quick: QuickFits, params: Mapping[str, Any]) -> Choice:
    """Look at the columns; nothing is fitted."""
    is_category = np.array([f.is_categorical for f in quick.task.space.features], dtype=np.bool_)
    return correlation_clusters(quick.task.x, quick.task.y, is_category, params["limit"])


def _stability(quick: QuickFits, params: Mapping[str, Any]) -> Choice:
    """Fit on halves of the rows."""
    rng = np.random.default_rng(quick.task.seed)
    found = [
        quick.importance(quick.half(rng, int(params["rows"])), number)
        for number in range(int(params["fits"]))
    ]
    columns = quick.task.x.shape[1]
    top = int(params["top"]) or -(-columns // 3)
    return stability_shares(np.array(found), min(top, columns), params["share"])


METHODS: Mapping[str, Method] = {
    "shadow": Method(
        {"rounds": (20, 5, 1000), "percentile": (100.0, 50.0, 100.0), "level": (0.05, 1e-6, 0.5)}
        | QUICK,
        _shadow,
    ),
    "null_importance": Method(
        {"fits": (3, 1, 100), "draws": (39, 19, 10_000), "level": (0.05, 1e-4, 0.5)} | QUICK,
        _null_importance,
    ),
    "correlation": Method({"limit": (0.8, 0.05, 0.999)}, _correlation),
    # A third of the columns per fit, unless "top" says how many.
    "stability": Method(
        {"fits": (30, 5, 1000), "top": (0, 0, 100_000), "share": (0.7, 0.51, 1.0)} | QUICK,
        _stability,
    ),
}


def _refused(what: str, name: str, known: Mapping[str, Any]) -> UsageError:
    near = difflib.get_close_matches(name, known, n=3) or sorted(known)
    return UsageError(
        f"Features cannot be selected: {what}.",
        remedy=f"Name one of: {', '.join(near)}.",
        code="selection-params",
        details={"known": sorted(known)},
    )

"""What the best trial must keep: a figure of the run and the values it may have."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

import numpy as np

from scorewright.core.decision import CostMatrix
from scorewright.core.errors import UsageError
from scorewright.core.evaluation import (
    fold_figures,
    summarise_folds,
    threshold_figures,
    validation_figures,
)

__all__ = ["Constraint", "known_figures", "parse_constraint"]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"\s*(\w+)\s*(<=|>=)\s*({_NUMBER})\s*")
_BETWEEN = re.compile(rf"\s*(\w+)\s+in\s+\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]\s*")

#: Figures that are logged beside those of `scorewright.core.evaluation`.
_BESIDE = (
    "air", "emp", "best_fbeta", "bayes_threshold", "brier_before", "cost_accept_all",
    "cost_at_bayes_threshold", "cost_reject_all", "cox_intercept_before", "cox_slope_before",
    "mean_pd_before", "threshold_high", "threshold_low", "training_seconds",
)  # fmt: skip

_FORMS = (
    "Write constraints such as 'roc_auc_gap <= 0.05', 'approval_rate in [0.6, 0.9]' or, with "
    "[tuning.protected], 'air >= 0.8' under [tuning]."
)
_OR_NOT = "or take the constraint out of [tuning]."
_NO_GROUP = "the adverse impact ratio needs a protected group, and [tuning.protected] names none"
_GROUP = 'column = "age_group" and value = "under 25"'
_NO_DRAWS = "the threshold's interval needs bootstrap draws, and [validation] has bootstrap = 0"

#: Figures that are logged only where the settings ask for them: why they are not, and what asks.
_ASKED_FOR = {
    "air": (_NO_GROUP, f"Name it under [tuning.protected], such as {_GROUP}; {_OR_NOT}"),
    "threshold_low": (_NO_DRAWS, f"Set bootstrap = 1000 under [validation]; {_OR_NOT}"),
    "threshold_high": (_NO_DRAWS, f"Set bootstrap = 1000 under [validation]; {_OR_NOT}"),
}
_OUT_OF_TIME = (
    "no rows are held out of time",
    f'Set scheme = "out_of_time" under [validation]; {_OR_NOT}',
)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A corridor for a figure, both ends included.

    Attributes:
        text: As it was written.
        figure: Name of the logged metric.
        low, high: The corridor; infinite where it is open.
    """

    text: str
    figure: str
    low: float = -math.inf
    high: float = math.inf

    def violation(self, figures: Mapping[str, float]) -> float:
        """Return by how much a figure lies outside: 0 or less where it lies inside.

        Args:
            figures: Every logged figure of a trial.
        """
        value = figures[self.figure]
        below = self.low - value if math.isfinite(self.low) else -math.inf
        above = value - self.high if math.isfinite(self.high) else -math.inf
        return max(below, above)


def parse_constraint(text: str, known: Collection[str]) -> Constraint:
    """Read ``figure <= x``, ``figure >= x`` or ``figure in [x, y]``.

    Args:
        text: The constraint.
        known: Names of figures that will be there.

    Raises:
        UsageError: ``tuning-constraint``.
    """
    if bound := _BOUND.fullmatch(text):
        figure, sign, number = bound.groups()
        limit = float(number)
        constraint = (
            Constraint(text, figure, high=limit)
            if sign == "<="
            else Constraint(text, figure, low=limit)
        )
    elif between := _BETWEEN.fullmatch(text):
        figure, low, high = between.group(1), float(between.group(2)), float(between.group(3))
        if low > high:
            raise _refused(text, f"{low:g} is above {high:g}")
        constraint = Constraint(text, figure, low, high)
    else:
        raise _refused(text, "it is none of 'figure <= x', 'figure >= x', 'figure in [x, y]'")
    if constraint.figure not in known:
        if (reason := _why_absent(constraint.figure)) is not None:
            raise _refused(text, *reason)
        near = get_close_matches(constraint.figure, sorted(known), n=3)
        hint = f"near are {', '.join(near)}" if near else "roc_auc_gap, ks and air are some"
        raise _refused(text, f"no run logs a figure '{constraint.figure}'; {hint}")
    return constraint


@cache
def known_figures(*, has_oot: bool, has_protected: bool, has_interval: bool) -> frozenset[str]:
    """Return the names of all figures a trial logs.

    Args:
        has_oot: Whether rows are held out of time.
        has_protected: Whether a protected group is named.
        has_interval: Whether the threshold is bootstrapped.
    """
    # Asked of the functions themselves, on ten rows: a figure they learn is known here.
    y = np.array([0, 1] * 5, dtype=np.int8)
    pd = np.linspace(0.1, 0.6, 10)
    own = {**validation_figures(y, pd), **threshold_figures(y, pd, 0.3, CostMatrix())}
    folds = [fold_figures(y, pd)]
    names = {*own, *summarise_folds(folds, folds)[0], *_BESIDE}
    if has_oot:
        names |= {f"oot_{name}" for name in own}
    if not has_protected:
        names -= {"air"}
    if not has_interval:
        names -= {"threshold_low", "threshold_high"}
    return frozenset(names)


def _why_absent(figure: str) -> tuple[str, str] | None:
    """Return why a figure is not logged and how to have it, where it is one of the product."""
    if figure in _ASKED_FOR:
        return _ASKED_FOR[figure]
    everything = known_figures(has_oot=True, has_protected=True, has_interval=True)
    return _OUT_OF_TIME if figure in everything else None


def _refused(text: str, what: str, remedy: str = _FORMS) -> UsageError:
    return UsageError(
        f"The constraint '{text}' cannot be used: {what}.",
        remedy=remedy,
        code="tuning-constraint",
    )

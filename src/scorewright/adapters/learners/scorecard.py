"""A scorecard with points: bins by optbinning, kept as our own JSON table.

optbinning divides each feature (a decision tree for pre-bins, then the division of most
information value under the limits, solved to the end by its constraint solver on one thread).
Everything after that is our own: weights of evidence, coefficients that turn against their bins
only where that is proved, points. The PD follows from the points alone, rounded or not, and
serving needs neither optbinning nor pandas. Missing values have a bin of their own, rare
categories too; a code that was never seen gets the points of an average bin.

A declared sign is handed to optbinning as the trend of the event rate, and kept exactly by pooling
the bins that come back. Without one the trend is ``auto_asc_desc``, rising or falling all the way:
on five public sets it ranks as well as free bins or better, and a reason can be given for it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.cards import (
    CardModel,
    cases,
    checked,
    omega,
    plan,
    read_card,
    weighted_classes,
)
from scorewright.adapters.learners.woe import DEFAULTS as WOE
from scorewright.core.errors import MissingExtraError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.scorecards import (
    Classes,
    FeaturePoints,
    Splitter,
    Wish,
    applicant_points,
    build_card,
    points_table,
)
from scorewright.flows.ports import FitTask

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LEARNER", "Scorecard", "ScorecardModel"]

Floats = npt.NDArray[np.float64]

FILE = "scorecard.json"

DEFAULTS: dict[str, Any] = {
    **WOE,
    "max_n_prebins": 20,
    "pdo": 20.0,
    "odds": 50.0,
    "scorecard_points": 600.0,
    "rounding": True,
    "intercept_based": False,
}

TRENDS = ("auto_asc_desc", "auto", "none")
#: Seconds optbinning may take for one feature. A division that is not proved best by then is
#: refused, so that no result depends on the speed of the machine.
PATIENCE = 100
#: optbinning counts weights in whole numbers: fractions of a case are kept to a thousandth.
PARTS = 1000.0


class ScorecardModel(CardModel):
    """A fitted scorecard: scores, points and what an applicant's points are made of."""

    def __init__(self, model: CardModel, space: FeatureSpace) -> None:
        super().__init__(model.card, space, FILE)
        self._features = space

    def score(self, x: Floats) -> Floats:
        """Return the points of each row, shape (n,); more is better."""
        return self.card.score(x, self._features)

    def table(self) -> list[dict[str, Any]]:
        """Return the table of points; see `scorewright.core.scorecards.points_table`."""
        return points_table(self.card, self._features)

    def explain(self, row: Floats) -> tuple[FeaturePoints, ...]:
        """Return what each feature gave one application, what cost most first.

        Args:
            row: One encoded application, shape (p,).
        """
        return applicant_points(self.card, row, self._features)


class Scorecard:
    """The scorecard learner."""

    name = "scorecard"
    model_type = "scorecard"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under optbinning's and scikit-learn's names.

        Raises:
            UsageError: ``learner-params``.
        """
        return checked(self.name, {**DEFAULTS, "random_state": seed}, overrides, TRENDS)

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good."""
        return omega(params, y)

    def fit(self, task: FitTask) -> ScorecardModel:
        """Fit bins, coefficients and points on the task's rows.

        Raises:
            MissingExtraError: optbinning is not installed.
            UsageError: ``one-class``, ``monotone-categorical``, or ``learner-params`` where a
                division or the regression is not solved to the end.
        """
        split = _splitter(task.params)
        card = build_card(cases(task), task.space, task.monotone, split, plan(task.params))
        return ScorecardModel(CardModel(card, task.space, FILE), task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> ScorecardModel:
        """Read the JSON back; optbinning is not needed.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        return ScorecardModel(CardModel(read_card(files, FILE, space), space, FILE), space)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what a user cannot mend.

    CVXPY, which optbinning imports and we never use, speaks of its solvers; optbinning, pandas
    and scikit-learn warn of each other's deprecations.
    """

    def drop(_: logging.LogRecord) -> bool:
        return False

    log = logging.getLogger("__cvxpy__")
    log.addFilter(drop)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.removeFilter(drop)


def _splitter(params: Mapping[str, Any]) -> Splitter:
    """Return the division by optbinning; it is imported here, which takes two seconds.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        with _quiet():
            from optbinning import OptimalBinning  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("optbinning", "scorecard") from error

    def split(classes: Classes, wish: Wish) -> Sequence[int]:
        x, y, weight = weighted_classes(classes)
        parts = 1.0 if np.all(weight == np.rint(weight)) else PARTS
        binning = OptimalBinning(
            name=wish.feature,
            solver="cp",
            max_n_prebins=int(params["max_n_prebins"]),
            max_n_bins=wish.limits.bins,
            min_prebin_size=min(0.5, wish.fewest / float(classes.counts.rows.sum())),
            min_bin_n_event=int(np.ceil(wish.limits.bads * parts)),
            min_bin_n_nonevent=int(np.ceil(wish.limits.goods * parts)),
            monotonic_trend=_trend(wish.sign, params["monotonic_trend"]),
            time_limit=PATIENCE,
            random_state=0,
        )
        with _quiet():
            binning.fit(x, y, sample_weight=np.rint(weight * parts))
        if binning.status not in {"OPTIMAL", "INFEASIBLE"}:
            raise UsageError(
                f"The best bins of '{wish.feature}' were not found in {PATIENCE} s.",
                remedy="Lower max_n_prebins in [learner.params].",
                code="learner-params",
            )
        return sorted({int(np.floor(s)) + 1 for s in binning.splits})

    return split


def _trend(sign: int, otherwise: str) -> str | None:
    """Return optbinning's name of the event rate's trend."""
    if sign:
        return "ascending" if sign > 0 else "descending"
    return None if otherwise == "none" else otherwise


LEARNER = Scorecard()

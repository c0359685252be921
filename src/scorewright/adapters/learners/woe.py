"""Logistic regression on weights of evidence, kept as JSON.

Each feature is divided by a decision tree of its own, neighbouring bins are merged until each
holds enough rows, bads and goods and the bad rate runs one way, and every bin is replaced by its
weight of evidence. Missing values have a bin of their own, and so have rare categories; a code
that was never seen has weight of evidence 0, the average. With a declared sign a coefficient may
not turn against its feature's bins: with that and pooled bins the sign holds exactly. Without one
it turns only beyond two standard errors: among correlated ratios one feature corrects another,
and a card that forbids it ranks worse. All of it is learned on the rows the learner is given, so
inside the fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from scorewright.core.matrix import FeatureSpace
from scorewright.core.scorecards import Classes, Wish, build_card
from scorewright.flows.ports import FitTask

__all__ = ["DEFAULTS", "LEARNER", "Woe"]

Labels = npt.NDArray[np.int8]

FILE = "woe.json"

DEFAULTS: dict[str, Any] = {
    "max_n_bins": 8,
    "min_bin_size": 0.05,
    "cat_cutoff": 0.01,
    "min_bin_n_event": 1,
    "min_bin_n_nonevent": 1,
    "monotonic_trend": "auto_asc_desc",
    "smoothing": 5.0,
    "min_iv": 0.01,
    "max_correlation": 1.0,
    "positive": False,
    "turn_z": 2.0,
    "C": 1.0,
    "max_iter": 1000,
    "tol": 1e-8,
    "class_weight": None,
}

#: How the bad rate runs along the bins of a number without a declared sign.
TRENDS = ("auto_asc_desc", "none")


class Woe:
    """The learner of logistic regression on weights of evidence."""

    name = "woe"
    model_type = "logistic"
    supports_monotone = True

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters; those of bins carry optbinning's names.

        Raises:
            UsageError: ``learner-params``.
        """
        return checked(self.name, {**DEFAULTS, "random_state": seed}, overrides, TRENDS)

    def weight_ratio(self, params: Mapping[str, Any], y: Labels) -> float:
        """Return omega = weight of a bad / weight of a good."""
        return omega(params, y)

    def fit(self, task: FitTask) -> CardModel:
        """Fit bins and coefficients on the task's rows.

        Raises:
            UsageError: ``one-class``, ``monotone-categorical``, or ``learner-params`` where the
                regression does not converge.
        """
        card = build_card(cases(task), task.space, task.monotone, _tree, plan(task.params))
        return CardModel(card, task.space, FILE)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> CardModel:
        """Read the JSON back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        return CardModel(read_card(files, FILE, space), space, FILE)


def _tree(classes: Classes, wish: Wish) -> Sequence[int]:
    """Divide fine classes by a decision tree on their order."""
    # Serving reads cards and grows none: it starts without scikit-learn.
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415

    x, y, weight = weighted_classes(classes)
    share = min(0.5, wish.fewest / float(classes.counts.rows.sum()))
    tree = DecisionTreeClassifier(
        criterion="entropy",
        max_leaf_nodes=wish.limits.bins,
        min_weight_fraction_leaf=share,
        random_state=0,
    )
    tree.fit(x.reshape(-1, 1), y, sample_weight=weight)
    inner = tree.tree_.children_left >= 0
    return sorted({int(np.floor(t)) + 1 for t in tree.tree_.threshold[inner]})


LEARNER = Woe()

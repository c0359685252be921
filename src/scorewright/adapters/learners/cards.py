"""What the two learners of cards share: the model, its parameters and the rows it is learned on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.core.digests import canonical_json
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.scorecards import Card, Cases, Classes, Limits, Penalty, Plan, Scaling
from scorewright.flows.ports import FitTask

__all__ = [
    "CardModel",
    "cases",
    "checked",
    "omega",
    "plan",
    "read_card",
    "weighted_classes",
]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: Parameter -> smallest and largest value.
BOUNDS: dict[str, tuple[float, float]] = {
    "max_n_bins": (2, 100),
    "max_n_prebins": (2, 100),
    "min_bin_size": (0.0, 0.5),
    "cat_cutoff": (0.0, 0.5),
    "min_bin_n_event": (1, 10**9),
    "min_bin_n_nonevent": (1, 10**9),
    "smoothing": (0.0, 1e6),
    "min_iv": (0.0, 10.0),
    "max_correlation": (0.0, 1.0),
    "turn_z": (0.0, 100.0),
    "C": (1e-12, 1e12),
    "max_iter": (1, 10**6),
    "tol": (1e-12, 1e-3),
    "pdo": (1e-6, 1e6),
    "odds": (1e-6, 1e6),
    "scorecard_points": (-1e6, 1e6),
}


class CardModel:
    """A scorecard as a fitted model. Its inputs are positional; `FeatureSpace` keeps the order."""

    def __init__(self, card: Card, space: FeatureSpace, file: str) -> None:
        self.card = card
        self._space = space
        self._file = file

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        return self.card.pd(x, self._space)

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base.

        A column adds what its bin is worth beside the mean of the rows the card was made of;
        columns that are not on the card add nothing.
        """
        card, factor = self.card, self.card.scaling.factor
        out = np.zeros((len(x), len(self._space.features) + 1))
        base = card.scaling.offset - card.base
        for characteristic, column in zip(
            card.characteristics, card.columns(self._space), strict=True
        ):
            share = np.array([b.share for b in characteristic.bins])
            mean = float(share @ characteristic.points)
            base -= mean
            places = characteristic.locate(x[:, column])
            out[:, column] = (mean - characteristic.points[places]) / factor
        out[:, -1] = base / factor
        return out

    def files(self) -> Mapping[str, bytes]:
        """Return the card as JSON."""
        return {self._file: canonical_json(self.card.to_dict())}

    def importance(self) -> Mapping[str, float]:
        """Return the standard deviation of each feature's part of the log-odds."""
        return self.card.importance(self._space)

    def loss_history(self) -> Sequence[float]:
        """Return nothing: there are no rounds."""
        return ()


def checked(
    learner: str,
    defaults: Mapping[str, Any],
    overrides: Mapping[str, Any],
    trends: Sequence[str],
) -> dict[str, Any]:
    """Return defaults and overrides, every value inside its bounds.

    Raises:
        UsageError: ``learner-params``.
    """
    refuse_unknown(learner, set(overrides), set(defaults))
    params = {**defaults, **overrides}
    for name, value in params.items():
        _check_value(learner, name, value, defaults[name])
    if params["monotonic_trend"] not in trends:
        raise _refused(learner, "monotonic_trend", params["monotonic_trend"], " or ".join(trends))
    if params["class_weight"] not in (None, "balanced"):
        raise _refused(learner, "class_weight", params["class_weight"], '"balanced", or left out')
    return params


def _check_value(learner: str, name: str, value: object, default: object) -> None:
    """Refuse a value of another kind than the default's, or outside its bounds."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise _refused(learner, name, value, "true or false")
    elif name in BOUNDS:
        low, high = BOUNDS[name]
        kinds = (int,) if isinstance(default, int) else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:  # type: ignore[operator]
            what = "a whole number" if kinds == (int,) else "a number"
            raise _refused(learner, name, value, f"{what} from {low:g} to {high:g}")


def _refused(learner: str, name: str, value: object, expected: str) -> UsageError:
    return UsageError(
        f"{name} cannot be {value!r} for the learner '{learner}'.",
        remedy=f"In [learner.params] it is {expected}.",
        code="learner-params",
    )


def omega(params: Mapping[str, Any], y: Labels) -> float:
    """Return the weight of a bad over that of a good that the parameters imply."""
    if params.get("class_weight") == "balanced":
        return float(np.sum(y == 0) / np.sum(y == 1))
    return 1.0


def cases(task: FitTask) -> Cases:
    """Return the rows of a task with their weights; rows of weight 0 are left out.

    Raises:
        UsageError: ``one-class``.
    """
    x, y = task.x, task.y
    weight = np.ones(len(y)) if task.weight is None else np.asarray(task.weight, dtype=np.float64)
    if not np.all(weight > 0.0):
        kept = weight > 0.0
        x, y, weight = x[kept], y[kept], weight[kept]
    if task.params.get("class_weight") == "balanced" and 0 < int(np.sum(y)) < len(y):
        weight = weight * np.where(y == 1, omega(task.params, task.y), 1.0)
    return Cases(x, y, weight)


def plan(params: Mapping[str, Any]) -> Plan:
    """Return the plan of a card that the parameters ask for; natural points where none are."""
    limits = Limits(
        share=float(params["min_bin_size"]),
        level_share=float(params["cat_cutoff"]),
        bads=int(params["min_bin_n_event"]),
        goods=int(params["min_bin_n_nonevent"]),
        bins=int(params["max_n_bins"]),
        smoothing=float(params["smoothing"]),
        is_monotone=params["monotonic_trend"] == "auto_asc_desc",
    )
    penalty = Penalty(float(params["C"]), int(params["max_iter"]), float(params["tol"]))
    given: dict[str, Any] = {}
    if "pdo" in params:
        points = float(params["scorecard_points"])
        given = {
            "scaling": Scaling(float(params["pdo"]), float(params["odds"]), points),
            "is_rounded": bool(params["rounding"]),
            "is_intercept_based": bool(params["intercept_based"]),
        }
    return Plan(
        limits=limits,
        min_iv=float(params["min_iv"]),
        max_correlation=float(params["max_correlation"]),
        positive=bool(params["positive"]),
        turn_z=float(params["turn_z"]),
        penalty=penalty,
        **given,
    )


def read_card(files: Mapping[str, bytes], file: str, space: FeatureSpace) -> Card:
    """Read a card and hold it against the feature space.

    Raises:
        IntegrityError: ``bundle-model``.
    """
    try:
        card = Card.from_dict(json.loads(files[file]))
        card.columns(space)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"The scorecard {file} cannot be read: {error}.",
            remedy="Get the bundle again from where it was made, or train again.",
            code="bundle-model",
        ) from error
    return card


def weighted_classes(classes: Classes) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Return fine classes as rows for a library: position, label, weight; two rows a class."""
    place = np.arange(classes.size, dtype=np.float64)
    x, y = np.concatenate([place, place]), np.repeat([1, 0], classes.size)
    weight = np.concatenate([classes.counts.bads, classes.counts.goods])
    held = weight > 0.0
    return x[held], y[held], weight[held]

"""A whole card: characteristics grown, chosen, weighed and turned into points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.core.scorecards.card import Card
from scorewright.core.scorecards.characteristic import Characteristic
from scorewright.core.scorecards.coefficients import Evidence, Penalty
from scorewright.core.scorecards.evidence import chance_information
from scorewright.core.scorecards.growth import Cases, Splitter, grow_characteristic
from scorewright.core.scorecards.pooling import Limits
from scorewright.core.scorecards.scaling import NATURAL, Scaling
from scorewright.core.scorecards.turning import fit_proved_coefficients

__all__ = ["Plan", "build_card"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a card is built.

    Attributes:
        limits: What a bin must hold.
        min_iv: A feature of less information value, chance taken off, is left out.
        max_correlation: A feature whose weights of evidence correlate more than that with
            those of a feature of more information is left out; 1 switches it off.
        positive: Whether every coefficient must keep the direction of its own bins. Those of
            features with a declared sign keep it in any case.
        turn_z: Standard errors from 0 beyond which another coefficient may turn against its
            bins; see `fit_proved_coefficients`.
        penalty: How the regression is held back.
        scaling: Points of the card.
        is_rounded: Whether points are whole numbers; the PD follows from them.
        is_intercept_based: Whether the lowest points of each feature are 0 and the base holds
            the rest; otherwise the base is spread over the features.
    """

    limits: Limits = field(default_factory=Limits)
    min_iv: float = 0.01
    max_correlation: float = 1.0
    positive: bool = False
    turn_z: float = 2.0
    penalty: Penalty = field(default_factory=Penalty)
    scaling: Scaling = NATURAL
    is_rounded: bool = False
    is_intercept_based: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    """A characteristic with the bin of each row."""

    characteristic: Characteristic
    place: Positions
    is_signed: bool

    def column(self) -> Floats:
        """Return the weight of evidence of each row."""
        return self.characteristic.woe[self.place]


def build_card(
    cases: Cases, space: FeatureSpace, monotone: Mapping[str, int], split: Splitter, plan: Plan
) -> Card:
    """Build a scorecard on the rows given.

    Args:
        cases: Rows; bins are learned with their weights.
        space: Names of the columns.
        monotone: Feature -> sign of the PD; kept exactly.
        split: First division of a feature's fine classes into bins.
        plan: Everything else.

    Raises:
        UsageError: ``one-class``; ``monotone-categorical`` for a category with a sign;
            ``learner-params`` where the regression does not converge.
    """
    _check(cases, space, monotone)
    grown, left_out = _grow(cases, space, monotone, split, plan)
    grown = _uncorrelated(grown, left_out, plan.max_correlation)
    beta, intercept = fit_proved_coefficients(
        [Evidence(g.place, g.characteristic.woe, plan.positive or g.is_signed) for g in grown],
        cases.y,
        cases.weight,
        plan.penalty,
        plan.turn_z,
    )
    kept = []
    for g, b in zip(grown, beta.tolist(), strict=True):
        if b == 0.0:
            left_out[g.characteristic.feature] = "adds nothing in the direction of its own bins"
        else:
            kept.append(replace(g.characteristic, coefficient=b))
    order = {name: left_out[name] for name in space.names if name in left_out}
    return _points(kept, intercept, order, plan)


def _check(cases: Cases, space: FeatureSpace, monotone: Mapping[str, int]) -> None:
    """Refuse rows of one class, and signs on categories."""
    bads = int(np.sum(cases.y))
    if bads in {0, len(cases.y)}:
        raise UsageError(
            f"Only one class is present: {bads} of the {len(cases.y)} rows to fit on are bad.",
            remedy="Check target and bad_value in scorewright.toml; both outcomes are needed.",
            code="one-class",
        )
    for feature in space.features:
        if feature.is_categorical and monotone.get(feature.name):
            raise UsageError(
                f"The feature '{feature.name}' is a category and cannot be monotone.",
                remedy="Remove it from [learner.monotone], or make it a number in its contract.",
                code="monotone-categorical",
            )


def _grow(
    cases: Cases, space: FeatureSpace, monotone: Mapping[str, int], split: Splitter, plan: Plan
) -> tuple[list[_Grown], dict[str, str]]:
    """Learn the bins of all features; leave out those that know too little."""
    bads = int(np.sum(cases.y))
    out, left_out = [], {}
    for i, feature in enumerate(space.features):
        sign = monotone.get(feature.name, 0)
        found, place = grow_characteristic(cases, i, feature, sign, (split, plan.limits))
        filled = sum(b.rows > 0 for b in found.bins)
        known = found.iv - chance_information(filled, bads, len(cases.y) - bads)
        if filled < 2:  # noqa: PLR2004 - one bin tells nothing apart
            left_out[feature.name] = "has one bin"
        elif known < plan.min_iv:
            left_out[feature.name] = f"information value {max(known, 0.0):.4f} under min_iv"
        else:
            out.append(_Grown(found, place, sign != 0))
    return out, left_out


def _uncorrelated(grown: list[_Grown], left_out: dict[str, str], limit: float) -> list[_Grown]:
    """Leave out features that say what one of more information value says already."""
    if limit >= 1.0:
        return grown
    kept: dict[int, Floats] = {}
    for i in sorted(range(len(grown)), key=lambda i: (-grown[i].characteristic.iv, i)):
        column = grown[i].column()
        column = (column - column.mean()) / max(float(column.std()), 1e-12) / len(column)
        twin = [j for j, other in kept.items() if float(column @ other) * len(column) > limit]
        if twin:
            name = grown[twin[0]].characteristic.feature
            left_out[grown[i].characteristic.feature] = f"correlates with {name}"
        else:
            kept[i] = column
    return [grown[i] for i in sorted(kept)]


def _points(
    kept: Sequence[Characteristic], intercept: float, left_out: Mapping[str, str], plan: Plan
) -> Card:
    """Turn coefficients into points, as the plan scales, spreads and rounds them."""
    factor = plan.scaling.factor
    base = plan.scaling.offset - factor * intercept
    points = [factor * c.coefficient * c.woe for c in kept]
    if plan.is_intercept_based:
        lowest = [float(p.min()) for p in points]
        base += sum(lowest)
        points = [p - low for p, low in zip(points, lowest, strict=True)]
    elif kept:
        points = [p + base / len(kept) for p in points]
        base = 0.0
    if plan.is_rounded:
        whole = [np.rint(p) for p in points]
        # What rounding moves on average goes to the base: the mean score stays.
        moved = sum(
            float(np.array([b.share for b in c.bins]) @ (p - w))
            for c, p, w in zip(kept, points, whole, strict=True)
        )
        base, points = float(np.rint(base + moved)) + 0.0, whole
    characteristics = tuple(
        replace(
            c,
            bins=tuple(
                replace(b, points=float(v) + 0.0) for b, v in zip(c.bins, p.tolist(), strict=True)
            ),
        )
        for c, p in zip(kept, points, strict=True)
    )
    return Card(characteristics, base, plan.scaling, left_out)

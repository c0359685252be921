"""A card for people: its table of points, and what an applicant's score is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.scorecards.card import Card
from scorewright.core.scorecards.characteristic import Characteristic

__all__ = ["FeaturePoints", "applicant_points", "points_table"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeaturePoints:
    """What one feature gave an applicant.

    Attributes:
        feature: Name.
        bin: Label of the applicant's bin, as in the table of points.
        points: Points it gives.
        neutral: Points of a bin as good as the average (weight of evidence 0).
        best: Points of the feature's best bin among those that hold a value or are missing.
        below_neutral: ``neutral - points``; negative where the bin is better.
        below_best: ``best - points``, 0 or more.
    """

    feature: str
    bin: str
    points: float
    neutral: float
    best: float
    below_neutral: float
    below_best: float


def points_table(card: Card, space: FeatureSpace) -> list[dict[str, Any]]:
    """Return the card as rows, in its own order; the base comes first, as a row of its own.

    Args:
        card: The card.
        space: Names the categories.

    Returns:
        One row per bin: ``feature``, ``bin`` (its label), ``kind`` (``base``, ``range``,
        ``categories``, ``missing``, ``other``), ``from`` (inclusive) and ``to`` (exclusive) of
        a range, ``categories``, ``rows``, ``share``, ``bad_rate``, ``woe``, ``coefficient``,
        ``iv`` (of the bin), ``points``. What does not apply is None.
    """
    empty = dict.fromkeys(
        ("from", "to", "categories", "rows", "share", "bad_rate", "woe", "coefficient", "iv")
    )
    table: list[dict[str, Any]] = [
        {"feature": "", "bin": "base", "kind": "base", **empty, "points": card.base}
    ]
    features = {f.name: f for f in space.features}
    for c in card.characteristics:
        labels = _labels(c, features[c.feature])
        for i, (b, label) in enumerate(zip(c.bins, labels, strict=True)):
            table.append(
                {
                    "feature": c.feature,
                    "bin": label,
                    **_place(c, i, features[c.feature]),
                    "rows": b.rows,
                    "share": b.share,
                    "bad_rate": b.bad_rate,
                    "woe": b.woe,
                    "coefficient": c.coefficient,
                    "iv": b.iv,
                    "points": b.points,
                }
            )
    return table


def applicant_points(card: Card, row: Floats, space: FeatureSpace) -> tuple[FeaturePoints, ...]:
    """Return each feature's part of one applicant's score, what cost most first.

    The order is by points below the neutral bin, then below the best one, then the card's own:
    the same applicant always has the same order. Base and points add up to the score.

    Args:
        card: The card.
        row: One encoded application, shape (p,).
        space: Names of the columns.
    """
    features = {f.name: f for f in space.features}
    out = []
    for c, column in zip(card.characteristics, card.columns(space), strict=True):
        place = c.locate_one(float(row[column]))
        points = c.bins[place].points
        neutral, best = _neutral(card, c), max(b.points for b in c.bins)
        out.append(
            FeaturePoints(
                feature=c.feature,
                bin=_labels(c, features[c.feature])[place],
                points=points,
                neutral=neutral,
                best=best,
                below_neutral=neutral - points,
                below_best=best - points,
            )
        )
    return tuple(sorted(out, key=lambda p: (-p.below_neutral, -p.below_best)))


def _neutral(card: Card, c: Characteristic) -> float:
    """Return the points of weight of evidence 0, exact but for rounding of points.

    Any bin tells it: ``points - factor * coefficient * WoE`` is the same for all. With rounded
    points the mean over the rows learned on is nearest.
    """
    share = np.array([b.share for b in c.bins])
    return float(share @ (c.points - card.scaling.factor * c.coefficient * c.woe))


def _labels(c: Characteristic, feature: Feature) -> list[str]:
    """Return the label of each bin."""
    if c.groups is not None:
        names = feature.categories
        shown = [
            ", ".join(names[i] if 0 <= i < len(names) else str(i) for i in g) for g in c.groups
        ]
        return [*shown, "missing", "other"]
    if not c.cuts:
        return ["any value", "missing"]
    cuts = [f"{cut:.12g}" for cut in c.cuts]
    inner = [f"[{a}, {b})" for a, b in pairwise(cuts)]
    return [f"< {cuts[0]}", *inner, f">= {cuts[-1]}", "missing"]


def _place(c: Characteristic, i: int, feature: Feature) -> Mapping[str, Any]:
    """Return the kind of a bin and what it holds."""
    none: dict[str, Any] = {"from": None, "to": None, "categories": None}
    if i == c.missing:
        return {"kind": "missing", **none}
    if c.groups is None:
        low = c.cuts[i - 1] if i > 0 else None
        high = c.cuts[i] if i < len(c.cuts) else None
        return {"kind": "range", **none, "from": low, "to": high}
    if i > c.missing:
        return {"kind": "other", **none}
    names = feature.categories
    codes = [names[k] if 0 <= k < len(names) else str(k) for k in c.groups[i]]
    return {"kind": "categories", **none, "categories": codes}

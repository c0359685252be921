"""Truth: logged figures, thresholds and costs against the predictions a run has stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from scorewright.core.audit.figure_names import spoken
from scorewright.core.audit.figures import (
    Rows,
    alternatives,
    logged_doubt,
    over_folds,
    recomputed,
    rows_of,
    rows_of_role,
)
from scorewright.core.audit.predictions import Predictions
from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.view import StoreView
from scorewright.core.decision import CostMatrix, cost_curve

if TYPE_CHECKING:
    from scorewright.core.statistics import Confusion

__all__ = ["FIGURE_CHECKS"]

_COUNTS = {
    "true_positives": "tp",
    "false_positives": "fp",
    "true_negatives": "tn",
    "false_negatives": "fn",
}
_THRESHOLD = "optimal_threshold"
_COST = "business_cost"
#: The rule of `threshold_analysis.json` that means "the cheapest".
_CHEAPEST = "exact_minimum_cost"


@dataclass(frozen=True, slots=True, eq=False)
class _Claim:
    """A run with stored predictions, and what it logged."""

    run: str
    stored: Predictions
    logged: Mapping[str, float]
    costs: CostMatrix | None


def _claims(view: StoreView) -> list[_Claim]:
    keys = view.given.snapshot.metrics["key"].unique().drop_nulls().to_list()
    names = [key for key in keys if spoken(key) is not None]
    logged = view.figures(*names, *_COUNTS, _THRESHOLD, _COST)
    params = view.params("cost_fn", "cost_fp")
    stored = view.given.predictions
    return [
        _Claim(run, stored[run], logged.get(run, {}), _costs(params.get(run, {})))
        for run in view.names
        if run in stored
    ]


def _costs(params: Mapping[str, str]) -> CostMatrix | None:
    """Return the run's costs; without them no cost can be judged."""
    try:
        return CostMatrix(float(params["cost_fn"]), float(params["cost_fp"]))
    except (KeyError, ValueError):
        return None


def _figures(view: StoreView) -> Iterator[Hit]:
    for claim in view.once(_claims):
        wrong = {}
        for metric in sorted(claim.logged):
            found = _contradiction(metric, claim)
            if found is not None:
                wrong[metric] = {"logged": claim.logged[metric], "recomputed": found}
        if wrong:
            parts = [
                f"{name} {pair['logged']:.6g}, its predictions give {pair['recomputed']:.6g}"
                for name, pair in wrong.items()
            ]
            detail = {"file": claim.stored.path, "figures": wrong}
            yield Hit((view.subject(claim.run),), "; ".join(parts), detail)


def _contradiction(metric: str, claim: _Claim) -> float | None:
    """Return what the predictions give, where no choice of rows gives what was logged."""
    told = spoken(metric)
    if told is None:
        return None
    figure, role = told
    logged = claim.logged[metric]
    first = None
    for value, doubt in _possible(figure, role, claim):
        if abs(value - logged) <= logged_doubt(logged) + doubt:
            return None
        first = value if first is None else first
    return first


def _possible(figure: str, role: str, claim: _Claim) -> Iterator[tuple[float, float]]:
    """Give what a figure may be, with the doubt of each.

    A figure without a role may be that of any rows, but not of those whose own figure the run
    has logged besides: beside ``test_auc``, ``auc`` is that of other rows.
    """
    own = {spoken(name) for name in claim.logged}
    for stored in (claim.stored, *claim.stored.others):
        if stored.is_backfilled and not role:
            continue
        mine = replace(stored, others=())
        for rows in rows_of_role(mine, role) if role else rows_of(mine):
            if role or not rows.role or (figure, rows.role) not in own:
                for way in alternatives(stored, rows):
                    found = recomputed(figure, way)
                    if found is not None:
                        yield found
        if role in ("", "oof") and (found := over_folds(figure, stored)) is not None:
            yield found


def _threshold(view: StoreView) -> Iterator[Hit]:
    """Tell of optimal thresholds that cost too much under the run's own costs."""
    excess = view.given.limits.cost_excess
    for claim in view.once(_claims):
        logged = claim.logged.get(_THRESHOLD)
        if logged is None or claim.costs is None or not _is_cheapest(claim.stored.analysis):
            continue
        if not _is_priced(claim.stored):
            continue
        found = [_priced(rows, logged, claim.costs) for rows in rows_of(claim.stored)]
        if any(cost <= (1.0 + excess) * best for cost, best, _ in found):
            continue
        cost, best, at = found[0]
        text = f"{logged:.6g} costs {cost:,.0f}, {at:.6g} would cost {best:,.0f}"
        detail = {"logged": logged, "cost": cost, "optimum": at, "least_cost": best}
        yield Hit((view.subject(claim.run),), text, detail | {"file": claim.stored.path})


def _is_priced(stored: Predictions) -> bool:
    """Return whether costs follow from the rows: whether weights count, no run says."""
    return stored.weight is None and not stored.is_backfilled


def _is_cheapest(analysis: Mapping[str, Any]) -> bool:
    """Return whether the run means the cheapest threshold, not one with a target or limits."""
    if analysis.get("method", _CHEAPEST) != _CHEAPEST:
        return False
    optimum, chosen = analysis.get("exact_optimum"), analysis.get("chosen")
    if not isinstance(optimum, Mapping) or chosen is None:
        return True
    return bool(optimum.get("threshold") == chosen)


def _priced(rows: Rows, threshold: float, costs: CostMatrix) -> tuple[float, float, float]:
    """Return the cost at a threshold, taken kindly, the least cost and where it is reached."""
    curve = cost_curve(rows.y, rows.p, costs)
    best = curve.best()
    low, high = _around(threshold, rows)
    near = (curve.threshold >= low) & (curve.threshold <= high)
    found = [curve.at(threshold).cost, *curve.cost[near].tolist()]
    if rows.unit:
        # On which side rows within the rounding lay is not known: perhaps all on the right one.
        strict, mild = (_confusion(rows, at) for at in (low, high))
        found.append(costs.false_negative * strict.fn + costs.false_positive * mild.fp)
    return min(found), best.cost, best.threshold


def _confusion(rows: Rows, threshold: float) -> Confusion:
    from scorewright.core.statistics import confusion  # noqa: PLC0415 - takes scipy along

    return confusion(rows.y, rows.p, threshold)


def _around(threshold: float, rows: Rows) -> tuple[float, float]:
    """Return the thresholds that rounding, of it or of the scores, may stand for."""
    doubt = logged_doubt(threshold) + rows.unit
    return threshold - doubt, threshold + doubt


def _at_threshold(view: StoreView) -> Iterator[Hit]:
    """Tell of costs and counts that do not follow from the logged threshold."""
    for claim in view.once(_claims):
        wanted = {n: claim.logged[n] for n in (*_COUNTS, _COST) if n in claim.logged}
        if claim.costs is None:
            wanted.pop(_COST, None)
        threshold = claim.logged.get(_THRESHOLD)
        if not wanted or threshold is None or not _is_priced(claim.stored):
            continue
        tried = [_wrong(wanted, threshold, rows, claim.costs) for rows in rows_of(claim.stored)]
        if all(tried):
            parts = [
                f"{name} {wanted[name]:,.6g}, its predictions give {value:,.6g}"
                for name, value in tried[0].items()
            ]
            pairs = {k: {"logged": wanted[k], "recomputed": v} for k, v in tried[0].items()}
            detail = {"threshold": threshold, "figures": pairs, "file": claim.stored.path}
            yield Hit((view.subject(claim.run),), "; ".join(parts), detail)


def _wrong(
    wanted: Mapping[str, float], threshold: float, rows: Rows, costs: CostMatrix | None
) -> dict[str, float]:
    """Return what the predictions give for each figure that rounding does not explain."""
    low, high = _around(threshold, rows)
    strict, table, mild = (_confusion(rows, at) for at in (low, threshold, high))
    wrong = {}
    for name, count in _COUNTS.items():
        if name in wanted:
            ends = sorted((getattr(strict, count), getattr(mild, count)))
            if not ends[0] <= round(wanted[name]) <= ends[1]:
                wrong[name] = float(getattr(table, count))
    if _COST in wanted and costs is not None:
        least, most = _cost_range(rows, costs, (low, high), (strict, mild))
        slack = _slack(wanted[_COST])
        if not least - slack <= wanted[_COST] <= most + slack:
            wrong[_COST] = table.cost(costs.false_negative, costs.false_positive)
    return wrong


def _cost_range(
    rows: Rows,
    costs: CostMatrix,
    window: tuple[float, float],
    ends: tuple[Confusion, Confusion],
) -> tuple[float, float]:
    """Return the least and the highest cost within the rounding of the threshold.

    Where the scores are rounded too, only the two counts of mistakes are known to lie between
    their ends.
    """
    strict, mild = ends
    missed, refused = costs.false_negative, costs.false_positive
    if rows.unit:
        return missed * strict.fn + refused * mild.fp, missed * mild.fn + refused * strict.fp
    curve = cost_curve(rows.y, rows.p, costs)
    near = (curve.threshold >= window[0]) & (curve.threshold <= window[1])
    reached = np.r_[curve.cost[near], [table.cost(missed, refused) for table in ends]]
    return float(reached.min()), float(reached.max())


def _slack(logged: float) -> float:
    """Costs are logged in whole units or with their decimals."""
    return max(logged_doubt(logged), 1e-9 * abs(logged))


FIGURE_CHECKS: dict[str, Check] = {
    "RUN-010": _figures,
    "RUN-011": _threshold,
    "RUN-012": _at_threshold,
}

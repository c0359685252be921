"""Columns made from the outcomes of the very rows they stand in: target encodings.

Encoded inside a fold a category's bad rate comes from other rows and scatters around their own
rate as chance has it. Encoded over the whole table it is their own rate, and a model validated
on them has seen the answer. An encoding of large categories gives little away, one of small
categories nearly all, and none of it shows in the column's AUC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.agreement import Agreement, agreement
from scorewright.core.leakage.leave_one_out import holds_its_counts, turns_with_outcome
from scorewright.core.leakage.limits import answer

__all__ = ["encodings"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]
Codes = npt.NDArray[np.int64]

NUMBERS = (ColumnType.NUMBER, ColumnType.INTEGER)
CATEGORIES = (ColumnType.CATEGORY, ColumnType.TEXT, ColumnType.INTEGER)
#: An agreement less probable than this, as a power of ten, is not chance.
LIMIT = -7.0
#: Groups whose count of bads varies less than this show it by their information value instead;
#: then larger groups alone, as small categories of one size and rate share a value.
LEAST_VARIANCES = (0.5, 4.0)
LEAST_GROUPS = 4
#: Categories of one column, and columns taken for categories.
MOST_CATEGORIES = 20_000
MOST_COLUMNS = 60
#: Rates that follow a column's means less than this are no encoding of it.
LEAST_CORRELATION = 0.7
#: Standard errors by which noise may move with the row's own outcome inside a category.
MOST_ERRORS = 3.0
#: Share of rows whose value another row has, above which a column holds no noise.
MOST_REPEATED = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Categories:
    """A column whose values might have been encoded: codes, -1 is missing."""

    name: str
    code: Codes
    rows: Floats
    bads: Floats


def encodings(
    frame: pl.DataFrame, contract: Contract, y: Labels, known: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield LEAK-010 for each numeric feature that agrees too well with these rows' outcomes.

    Args:
        frame: Typed rows.
        contract: Which column is what; also columns withheld from the model may be the encoded.
        y: Labels of shape (n,).
        known: Columns found to hold the outcome already; they are not looked at.
    """
    outcome = np.asarray(y, dtype=np.float64)
    sources: list[_Categories] | None = None
    for column in contract.features:
        if column.type not in NUMBERS or column.name not in frame.columns or column.name in known:
            continue
        value = _numbers(frame[column.name])
        present = np.isfinite(value)
        if not present.any() or np.ptp(value[present]) == 0:
            continue
        found = _by_value(value[present], outcome[present])
        if found is None:
            sources = _sources(frame, contract, outcome) if sources is None else sources
            found = _by_category(value, outcome, column, sources)
        if found is not None:
            yield _finding(column.name, found)


def _numbers(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _by_value(value: Floats, outcome: Floats) -> dict[str, Any] | None:
    """Compare each distinct value with the bad rate of the rows that carry it."""
    groups = (
        pl.DataFrame({"value": value, "bad": outcome})
        .group_by("value")
        .agg(rows=pl.len(), bads=pl.col("bad").sum())
        .filter(pl.col("rows") > 1)
        .sort("value")
    )
    level, bads = groups["value"].to_numpy(), groups["bads"].to_numpy()
    rows = groups["rows"].cast(pl.Float64).to_numpy()
    found = _agree(bads, rows, level, float(outcome.mean()))
    if found is not None:
        return found
    pairs = holds_its_counts(level, rows, bads)
    return None if pairs is None else {"way": "leave-one-out", "categories": pairs}


def _by_category(
    value: Floats, outcome: Floats, column: Column, sources: list[_Categories]
) -> dict[str, Any] | None:
    """Compare the column's mean in each category of another with the category's bad rate.

    This finds encodings with noise on top, so it is done where values hardly repeat. The mean of
    an honest out-of-fold encoding agrees as well, but its values turn against the row's own
    outcome; where they do so in any category column, nothing is said.
    """
    present = np.isfinite(value)
    shift = float(value[present].mean())
    scale = float(np.abs(value[present] - shift).max())
    centred = np.where(present, (value - shift) / scale, 0.0)
    noisy, candidates = _hardly_repeats(value[present]), []
    for source in sources:
        if source.name == column.name:
            continue
        code = source.code if present.all() else np.where(present, source.code, -1)
        rows, bads = _counts(code, outcome, len(source.rows))
        total = np.bincount(code + 1, weights=centred, minlength=len(rows) + 1)[1:]
        several = rows > 1
        counted, rate = rows[several], bads[several] / rows[several]
        mean = total[several] / counted
        if len(rate) < LEAST_GROUPS or not _follow(mean, rate, counted):
            continue
        within = turns_with_outcome(centred, outcome, code, rows, bads)
        if within.is_exact:
            return {"way": "leave-one-out", "of": source.name, "categories": len(rate)}
        if not noisy or within.standard_errors < -MOST_ERRORS:
            noisy = False
        elif within.standard_errors < MOST_ERRORS:
            candidates.append((source.name, bads[several], counted, mean * scale + shift))
    for name, bads, counted, mean in candidates if noisy else ():
        found = _agree(bads, counted, mean, float(bads.sum() / counted.sum()))
        if found is not None:
            return {**found, "of": name}
    return None


def _hardly_repeats(value: Floats) -> bool:
    return pl.Series(value).n_unique() > (1 - MOST_REPEATED) * len(value)


def _agree(bads: Floats, rows: Floats, value: Floats, mean: float) -> dict[str, Any] | None:
    for least in LEAST_VARIANCES:
        enough = rows * mean * (1 - mean) >= least
        if np.count_nonzero(enough) < LEAST_GROUPS:
            return None
        found: Agreement = agreement(bads[enough], rows[enough], value[enough])
        if found.log10_p <= LIMIT:
            return {
                "way": "bad rate",
                "groups": found.groups,
                "scatter": round(found.scatter, 4),
                "log10_p": round(found.log10_p, 1),
            }
    return None


def _follow(mean: Floats, rate: Floats, rows: Floats) -> bool:
    """Whether the rates follow the means at all, whatever the sign."""
    m, r = mean - np.average(mean, weights=rows), rate - np.average(rate, weights=rows)
    norm = float(np.sum(rows * m * m) * np.sum(rows * r * r))
    return norm > 0 and float(np.sum(rows * m * r)) ** 2 > LEAST_CORRELATION**2 * norm


def _counts(code: Codes, outcome: Floats, size: int) -> tuple[Floats, Floats]:
    """Return rows and bads of each category; code -1 is none."""
    rows = np.bincount(code + 1, minlength=size + 1)[1:].astype(np.float64)
    bads = np.bincount(code + 1, weights=outcome, minlength=size + 1)[1:].astype(np.float64)
    return rows, bads


def _sources(frame: pl.DataFrame, contract: Contract, outcome: Floats) -> list[_Categories]:
    """Return the columns that might have been encoded, those of many categories first."""
    found = []
    for column in contract.columns:
        roles = (contract.key, contract.target)
        if column.type not in CATEGORIES or column.name in roles or column.name not in frame:
            continue
        values = frame[column.name]
        most = min(MOST_CATEGORIES, values.len() // 2)
        if not LEAST_GROUPS <= values.n_unique() <= most:
            continue
        ranks = values.rank("dense").cast(pl.Int64).fill_null(0)
        code = ranks.to_numpy() - 1
        found.append(_Categories(column.name, code, *_counts(code, outcome, int(code.max()) + 1)))
    return sorted(found, key=lambda source: -len(source.rows))[:MOST_COLUMNS]


def _finding(name: str, evidence: dict[str, Any]) -> Finding:
    of = f" of '{evidence['of']}'" if "of" in evidence else ""
    told = (
        f"is a leave-one-out encoding{of}: its values tell apart good and bad rows of one category"
        if evidence["way"] == "leave-one-out"
        else f"agrees with the bad rates of its own {evidence['groups']} groups{of} more closely "
        f"than chance allows: {evidence['scatter']:.1%} of the scatter of counts is left, "
        f"p < 1e{int(np.ceil(evidence['log10_p']))}. It was made from these outcomes"
    )
    return Finding(
        code="LEAK-010",
        severity="error",
        subject=name,
        message=f"Column '{name}' {told}.",
        remedy=answer(
            "LEAK-010",
            name,
            "Give the category itself instead: categories are encoded inside the folds. Set "
            f"use = \"prohibited\" for column '{name}' in its contract",
        ),
        evidence=evidence,
    )

"""Checks of one column at a time: what it knows alone, what it is called, when it was known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.findings import Finding
from scorewright.core.leakage.limits import LeakageLimits, answer
from scorewright.core.statistics import (
    information_value,
    quantile_codes,
    roc_auc,
    single_feature_auc,
)

__all__ = ["late_dates", "names", "strengths"]

Labels = npt.NDArray[np.integer[Any]]

#: Categories with fewer rows than this share are one bin of the information value.
RARE_SHARE = 0.01
#: A column of unique values that ranks better than this looks like a key given in order.
KEY_AUC = 0.6
#: Row numbers shown as examples.
EXAMPLES = 5

DATES = (ColumnType.DATE, ColumnType.DATETIME)
TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)


@dataclass(frozen=True, slots=True)
class _Strength:
    """What one column alone knows of the outcome."""

    auc: float
    iv: float
    missing: float

    def evidence(self, limit: float) -> dict[str, float]:
        return {
            "auc": round(self.auc, 6),
            "information_value": round(self.iv, 6),
            "share_missing": round(self.missing, 6),
            "limit": limit,
        }


def strengths(
    frame: pl.DataFrame, contract: Contract, y: Labels, limits: LeakageLimits
) -> Iterator[Finding]:
    """Yield LEAK-001, or else LEAK-002, and LEAK-009 for each feature of the contract."""
    for column in contract.features:
        if column.name not in frame.columns:
            continue
        values = frame[column.name]
        found = _strength(values, column, y)
        if found.auc > limits.max_auc:
            yield _too_strong(column.name, found, limits.max_auc)
        elif found.iv > limits.max_iv:
            yield _too_informative(column.name, found, limits.max_iv)
        yield from _key_like(values, column, y)


def names(contract: Contract, limits: LeakageLimits) -> Iterator[Finding]:
    """Yield LEAK-003 for each feature whose name is known only after the outcome."""
    for column in contract.features:
        for pattern in limits.denied_names:
            if fnmatchcase(column.name.lower(), pattern.lower()):
                yield Finding(
                    code="LEAK-003",
                    severity="error",
                    subject=column.name,
                    message=f"Column '{column.name}' has the name of something known only after "
                    f"the outcome (pattern '{pattern}').",
                    remedy=answer("LEAK-003", column.name),
                    evidence={"pattern": pattern},
                )
                break


def late_dates(frame: pl.DataFrame, contract: Contract) -> Iterator[Finding]:
    """Yield LEAK-007 for each date column with a value after the decision.

    An error for a feature, a warning for a column that is only monitored; a prohibited column may
    be as late as it likes.
    """
    if contract.as_of is None or contract.as_of not in frame.columns:
        return
    decided = frame[contract.as_of].cast(pl.Date, strict=False)
    features = {column.name for column in contract.features}
    for column in contract.columns:
        if column.name == contract.as_of or column.use is Use.PROHIBITED:
            continue
        if column.type not in DATES or column.name not in frame.columns:
            continue
        late = (frame[column.name].cast(pl.Date, strict=False) > decided).fill_null(value=False)
        rows = late.arg_true().to_list()
        if rows:
            yield Finding(
                code="LEAK-007",
                severity="error" if column.name in features else "warning",
                subject=column.name,
                message=f"Column '{column.name}' is later than the decision date "
                f"'{contract.as_of}' in {len(rows)} rows.",
                remedy=answer("LEAK-007", column.name),
                evidence={
                    "rows": len(rows),
                    "share": round(len(rows) / frame.height, 6),
                    "example_rows": rows[:EXAMPLES],
                },
            )


def _strength(values: pl.Series, column: Column, y: Labels) -> _Strength:
    if column.type in TEXTS:
        text = values.cast(pl.String).fill_null("")
        auc, codes = single_feature_auc(y, text.to_numpy()), _category_codes(values)
    else:
        numbers = _numbers(values)
        auc, codes = single_feature_auc(y, numbers), _number_codes(numbers)
    missing = values.null_count() / max(values.len(), 1)
    return _Strength(auc, information_value(y, codes), missing)


def _numbers(values: pl.Series) -> npt.NDArray[np.float64]:
    """Return numbers, booleans and dates (as days or microseconds) with NaN for missing."""
    physical = values.to_physical() if values.dtype.is_temporal() else values
    return physical.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _number_codes(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    if np.isnan(numbers).all():
        return np.zeros(numbers.size, dtype=np.int64)
    return quantile_codes(numbers)


def _category_codes(values: pl.Series) -> npt.NDArray[np.int64]:
    """Number the categories: 0 is missing, 1 all the rare ones together."""
    counted = (
        values.cast(pl.String)
        .to_frame("value")
        .with_columns(
            rows=pl.len().over("value"), code=pl.col("value").rank("dense").cast(pl.Int64) + 1
        )
    )
    rare = pl.col("rows") < RARE_SHARE * values.len()
    code = pl.when(rare).then(1).otherwise(pl.col("code"))
    missing = pl.col("value").is_null()
    return counted.select(pl.when(missing).then(0).otherwise(code)).to_series().to_numpy()


def _too_strong(name: str, found: _Strength, limit: float) -> Finding:
    return Finding(
        code="LEAK-001",
        severity="error",
        subject=name,
        message=f"Column '{name}' alone reaches an AUC of {found.auc:.3f}, above {limit:g}: "
        "too good to be known before the decision.",
        remedy=answer("LEAK-001", name),
        evidence=found.evidence(limit),
    )


def _too_informative(name: str, found: _Strength, limit: float) -> Finding:
    return Finding(
        code="LEAK-002",
        severity="error",
        subject=name,
        message=f"Column '{name}' alone has an information value of {found.iv:.3f}, "
        f"above {limit:g}: strong enough to be asked when it was known.",
        remedy=answer("LEAK-002", name),
        evidence=found.evidence(limit),
    )


def _key_like(values: pl.Series, column: Column, y: Labels) -> Iterator[Finding]:
    """Yield LEAK-009 for a feature of unique whole numbers or texts that ranks by its order."""
    is_key_type = column.type in TEXTS or column.type is ColumnType.INTEGER
    if not is_key_type or values.null_count() or values.n_unique() < values.len():
        return
    order = values.cast(pl.String) if column.type in TEXTS else values
    auc = roc_auc(y, order.rank("ordinal").cast(pl.Float64).to_numpy())
    auc = max(auc, 1.0 - auc)
    if auc > KEY_AUC:
        yield Finding(
            code="LEAK-009",
            severity="warning",
            subject=column.name,
            message=f"Column '{column.name}' has a different value in every row, like a key, yet "
            f"its order alone reaches an AUC of {auc:.3f}: the rows may be sorted by outcome.",
            remedy=f"Name '{column.name}' as key under [data], or set use = \"prohibited\" for it "
            "in its contract.",
            evidence={"auc": round(auc, 6), "limit": KEY_AUC},
        )

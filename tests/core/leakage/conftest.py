"""A clean table of applicants, into which each test plants its own leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.findings import Finding
from scorewright.core.leakage import LeakageLimits, screen

LIMITS = LeakageLimits(0.95, 0.5, ("recover*", "*days_late*", "last_pymnt_*", "chgoff*"))

TYPES: list[tuple[Callable[[pl.DataType], bool], ColumnType]] = [
    (lambda t: t.is_integer(), ColumnType.INTEGER),
    (lambda t: t.is_float(), ColumnType.NUMBER),
    (lambda t: t == pl.Boolean, ColumnType.BOOLEAN),
    (lambda t: t == pl.Date, ColumnType.DATE),
]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, labels and folds."""

    frame: pl.DataFrame
    y: npt.NDArray[np.int8]
    fold: npt.NDArray[np.int64]

    def planted(self, **columns: pl.Series) -> Table:
        """Return the table with columns added or replaced."""
        return Table(self.frame.with_columns(**columns), self.y, self.fold)

    def contract(
        self, *, key: str | None = None, as_of: str | None = None, hidden: Sequence[str] = ()
    ) -> Contract:
        """Return a contract by the types of the columns."""
        columns = tuple(
            Column(
                name,
                next((t for fits, t in TYPES if fits(dtype)), ColumnType.CATEGORY),
                use=Use.PROHIBITED if name in hidden else Use.MODEL,
            )
            for name, dtype in self.frame.schema.items()
        )
        return Contract(table="applications", columns=columns, key=key, as_of=as_of)

    def screened(
        self,
        limits: LeakageLimits = LIMITS,
        *,
        key: str | None = None,
        as_of: str | None = None,
        hidden: Sequence[str] = (),
    ) -> list[Finding]:
        """Run all checks."""
        contract = self.contract(key=key, as_of=as_of, hidden=hidden)
        return screen(self.frame, contract, self.y, self.fold, limits)


@pytest.fixture
def clean() -> Table:
    """4,000 applicants with honest, moderately informative columns and missing values."""
    rng = np.random.default_rng(11)
    n = 4_000
    risk = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.6 - 0.8 * risk))).astype(np.int8)
    income = np.exp(10 - 0.2 * risk + rng.normal(size=n))
    frame = pl.DataFrame(
        {
            "income": pl.Series(income).set(pl.Series(rng.random(n) < 0.1), None),
            "debt_ratio": risk * 0.5 + rng.normal(size=n),
            "purpose": pl.Series(rng.choice(["car", "home", "other"], n)),
            "is_owner": pl.Series(rng.random(n) < 0.4),
            "months": pl.Series(rng.integers(1, 400, n)),
        }
    )
    return Table(frame, y, rng.permutation(n) % 5)

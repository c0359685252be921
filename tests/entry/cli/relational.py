"""A small project with histories: applications, their loans, and the payments of those."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

__all__ = [
    "CONTRACTS",
    "FEATURES",
    "NAMES",
    "SETTINGS",
    "applications",
    "features_file",
    "loans",
    "payments",
    "write_project",
]

ROWS: Final = 300
LOANS: Final = 700
#: Features of the set, in order.
NAMES: Final = ("loans_count", "debt_to_income", "short_share", "paid_mean", "debt_last")

SETTINGS: Final = """\
[project]
name = "small"

[tables.applications]
files = "applications.parquet"

[tables.loans]
files = "loans.csv"

[tables.payments]
files = "payments/*.parquet"

[data]
table = "applications"
target = "bad"
key = "app_id"
decision_date = "decided"

[learner]
name = "lgbm"
params = { n_estimators = 10 }

[features]
files = ["features.toml"]
set = "small"
"""

FEATURES: Final = """\
[tables.loans]
on = "app_id"
key = "loan_id"
as_of = "opened"
unit = "date"

[tables.payments]
parent = "loans"
on = "loan_id"
as_of = "month"
unit = "months"

[sets.small.features]
loans_count = "count(loans)"
debt_to_income = 'sum(loans, debt, where=kind != "car") / income'
short_share = 'share(payments, paid < due, last="12 months")'
paid_mean = "mean(payments, paid)"
debt_last = "last(loans, debt)"
"""

CONTRACTS: Final = {
    "applications": """\
table = "applications"
version = 1
key = "app_id"
target = "bad"
bad_value = "1"
as_of = "decided"

[columns.app_id]
type = "integer"
nullable = false

[columns.decided]
type = "date"
nullable = false
use = "prohibited"

[columns.income]
type = "number"

[columns.region]
type = "category"
categories = ["north", "south"]

[columns.bad]
type = "integer"
nullable = false
""",
    "loans": """\
table = "loans"
version = 1

[columns.loan_id]
type = "integer"

[columns.app_id]
type = "integer"

[columns.opened]
type = "date"

[columns.debt]
type = "number"

[columns.kind]
type = "category"
categories = ["car", "card", "home"]
""",
    "payments": """\
table = "payments"
version = 1

[columns.loan_id]
type = "integer"

[columns.month]
type = "integer"

[columns.due]
type = "number"

[columns.paid]
type = "number"
""",
}


def applications(rows: int = ROWS) -> pl.DataFrame:
    """Applications 1 to n, decided on the days of a year; a fifth of them end badly."""
    draw = np.random.default_rng(11)
    day = date(2024, 1, 1)
    return pl.DataFrame(
        {
            "app_id": np.arange(1, rows + 1),
            "decided": [day + timedelta(days=i % 360) for i in range(rows)],
            "income": np.round(draw.lognormal(8, 0.4, rows), 0),
            "region": draw.choice(["north", "south"], rows),
            "bad": (draw.random(rows) < 0.2).astype(np.int8),
        }
    )


def loans(rows: int = LOANS, of: int = ROWS) -> pl.DataFrame:
    """Loans 1001 and on, opened before 2024; some applicants have none."""
    draw = np.random.default_rng(12)
    opened = date(2020, 1, 1)
    return pl.DataFrame(
        {
            "loan_id": np.arange(1001, 1001 + rows),
            "app_id": draw.integers(1, of - 20, rows),
            "opened": [opened + timedelta(days=int(d)) for d in draw.integers(0, 1400, rows)],
            "debt": np.round(draw.lognormal(7, 1, rows), 2),
            "kind": draw.choice(["car", "card", "home"], rows),
        }
    )


def payments(of: int = LOANS, months: int = 8) -> pl.DataFrame:
    """Monthly payments of every loan, a tenth of them short."""
    draw = np.random.default_rng(13)
    rows = of * months
    due = np.round(draw.uniform(50, 500, rows), 2)
    short = draw.random(rows) < 0.1
    return pl.DataFrame(
        {
            "loan_id": np.repeat(np.arange(1001, 1001 + of), months),
            "month": np.tile(-np.arange(1, months + 1), of),
            "due": due,
            "paid": np.where(short, np.round(due / 2, 2), due),
        }
    )


def write_project(root: Path) -> None:
    """Write tables, contracts, settings and feature file; nothing is inferred, nothing drawn."""
    applications().write_parquet(root / "applications.parquet")
    loans().write_csv(root / "loans.csv")
    (root / "payments").mkdir(exist_ok=True)
    rows = payments()
    rows.head(3000).write_parquet(root / "payments" / "part-1.parquet")
    rows.slice(3000).write_parquet(root / "payments" / "part-2.parquet")
    (root / "contracts").mkdir(exist_ok=True)
    for name, text in CONTRACTS.items():
        (root / "contracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    (root / "scorewright.toml").write_text(SETTINGS, encoding="utf-8")
    features_file(FEATURES, root)


def features_file(text: str, root: Path = Path()) -> None:
    """Write the feature file."""
    (root / "features.toml").write_text(text, encoding="utf-8")

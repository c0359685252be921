"""Real loans: for each, the banks that lent in its city before, and what they lent there."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tests.core.features.reference import agrees, reference
from tests.core.features.worlds import Row

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.features import (
    AsOf,
    AsOfUnit,
    Feature,
    History,
    Relations,
    RowEvaluator,
    compile_plan,
    compute,
    parse,
    prove_as_of,
    to_sql,
    with_entity,
)

LOANS = Path(__file__).resolve().parents[4] / "shared/data/sba_case/SBAcase.11.13.17.csv"
KINDS = {
    "id": ColumnType.TEXT,
    "application": ColumnType.TEXT,
    "bank": ColumnType.TEXT,
    "decided": ColumnType.DATE,
    "approved": ColumnType.DATE,
    "charged_off": ColumnType.DATE,
    "amount": ColumnType.NUMBER,
    "portion": ColumnType.NUMBER,
    "term": ColumnType.INTEGER,
    "staff": ColumnType.INTEGER,
    "is_new": ColumnType.BOOLEAN,
    "line": ColumnType.CATEGORY,
    "defaulted": ColumnType.INTEGER,
}
DTYPES: dict[ColumnType, pl.DataType] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.CATEGORY: pl.String(),
    ColumnType.DATE: pl.Date(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.BOOLEAN: pl.Boolean(),
}
OWN = ("amount", "portion", "term", "staff", "is_new", "line")
FEATURES = {
    "loans_here": "count(loans)",
    "loans_last_year": 'count(loans, last="1 years")',
    "banks_here": "count(banks)",
    "amount_mean": "mean(loans, amount)",
    "amount_std": "std(loans, amount)",
    "amount_sum": "sum(loans, amount, where=is_new)",
    "portion_max": "max(loans, portion)",
    "terms": "nunique(loans, term)",
    "bank_spread": "std(banks, mean(loans, amount))",
    "busiest_bank": "max(banks, count(loans))",
    "default_share": "share(loans, not is_missing(charged_off))",
    "paid_last": "last(loans, is_missing(charged_off))",
    "line_last": "last(loans, line)",
    "line_first": 'first(loans, line, where=line in ("Y", "N"))',
    "amount_trend": "trend(loans, amount)",
    "since": "time_since(loans)",
    "to_charge_off": "mean(loans, charged_off - approved)",
    "amount_ratio": "amount / amount_mean",
    "amount_z": "(amount - amount_mean) / amount_std",
    "log_amount": "log1p(amount) - log1p(amount_mean)",
    "is_usual": "abs(amount_z) < 2 and (amount_ratio > 0.1 or is_missing(amount_ratio))",
    "own": "row_std(amount / 1000, term, staff)",
}


def day(text: str) -> date | None:
    """Days since 1960, as SAS counts."""
    return date(1960, 1, 1) + timedelta(days=int(text)) if text else None


def loans() -> Iterator[Row]:
    with LOANS.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            yield {
                "id": line["LoanNr_ChkDgt"],
                "bank": line["Bank"],
                "city": line["City"],
                "approved": day(line["ApprovalDate"]),
                "charged_off": day(line["ChgOffDate"]),
                "amount": float(line["DisbursementGross"]),
                "portion": float(line["Portion"]),
                "term": int(line["Term"]),
                "staff": int(line["NoEmp"]),
                "is_new": None if line["NewExist"] in ("", "0") else line["NewExist"] == "2",
                "line": line["RevLineCr"] or None,
            }


def tables() -> dict[str, list[Row]]:
    """The last eighty loans, and below each the banks and loans of its city before it."""
    everything = sorted(loans(), key=lambda row: (row["approved"], row["id"]))
    found: dict[str, list[Row]] = {"applications": [], "banks": [], "loans": []}
    for one in everything[-80:]:
        found["applications"].append({**one, "decided": one["approved"]})
        banks: dict[str, Row] = {}
        for other in everything:
            if other["city"] != one["city"] or other["approved"] >= one["approved"]:
                continue
            key = f"{one['id']} {other['bank']}"
            banks[key] = {"id": key, "application": one["id"], "approved": other["approved"]}
            found["loans"].append({**other, "bank": key})
        found["banks"] += banks.values()
    return found


def contract(table: str, names: tuple[str, ...], **roles: Any) -> Contract:
    columns = tuple(
        Column(n, KINDS[n], categories=("Y", "N", "0") if n == "line" else ()) for n in names
    )
    return Contract(table, columns, **roles)


RELATIONS = Relations(
    contract("applications", ("id", "decided", *OWN), key="id", as_of="decided"),
    (
        History(
            contract("banks", ("id", "application", "approved")),
            "applications", "application", "id", AsOf(("approved",), AsOfUnit.DATE),
        ),
        History(
            contract("loans", ("bank", "approved", "charged_off", *OWN)),
            "banks", "bank", None, AsOf(("approved",), AsOfUnit.DATE),
        ),
    ),
)  # fmt: skip
PLAN = compile_plan(RELATIONS, [Feature(name, parse(text)) for name, text in FEATURES.items()])


@pytest.mark.skipif(not LOANS.is_file(), reason=f"needs {LOANS}, which is not part of the project")
def test_real_loans_give_the_same_everywhere() -> None:
    rows = tables()
    frames = {}
    for name in RELATIONS.names:
        schema = {c.name: DTYPES[c.type] for c in RELATIONS.contract(name).columns}
        kept = [{column: row.get(column) for column in schema} for row in rows[name]]
        frames[name] = pl.DataFrame(kept, schema=schema)
    assert frames["loans"].height > 1_000
    assert all(
        proof.is_clean for proof in prove_as_of(PLAN, {**frames, **with_entity(PLAN, frames)})
    )

    many = {row["id"]: row for row in compute(PLAN, frames).to_dicts()}
    with duckdb.connect() as base:
        for name, frame in frames.items():
            base.register(name, frame)
        queries = {name: dict(base.execute(to_sql(PLAN, name)).fetchall()) for name in PLAN.names}

    evaluator = RowEvaluator(PLAN)
    for application in rows["applications"]:
        key = application["id"]
        banks = [row for row in rows["banks"] if row["application"] == key]
        below = {row["id"] for row in banks}
        own = {"banks": banks, "loans": [row for row in rows["loans"] if row["bank"] in below]}
        alone = evaluator.features(application, own)
        (want,) = reference(PLAN, {"applications": [application], **own})
        for name in PLAN.names:
            for value in (many[key][name], alone[name], queries[name][key]):
                assert agrees(value, want[name]), (key, name, value, want[name])

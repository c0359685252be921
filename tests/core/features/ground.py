"""A small fixed set of tables for tests that need no chance."""

from __future__ import annotations

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.features import AsOf, AsOfUnit, Feature, History, Relations, parse

__all__ = ["ENTITY_CONTRACT", "LOANS", "MONTHS", "NOTES", "RELATIONS", "VISITS", "feature"]

ENTITY_CONTRACT = Contract(
    "applications",
    (
        Column("id", ColumnType.INTEGER, nullable=False),
        Column("income", ColumnType.NUMBER),
        Column("age", ColumnType.INTEGER, use=Use.MONITORING),
        Column("sex", ColumnType.CATEGORY, categories=("f", "m"), use=Use.PROHIBITED),
        Column("employed", ColumnType.BOOLEAN),
        Column("purpose", ColumnType.CATEGORY, categories=("car", "home")),
        Column("note", ColumnType.TEXT),
        Column("decided", ColumnType.DATE),
        Column("bad", ColumnType.INTEGER),
    ),
    key="id",
    target="bad",
    bad_value="1",
    as_of="decided",
)
LOANS = History(
    Contract(
        "loans",
        (
            Column("loan", ColumnType.INTEGER),
            Column("id", ColumnType.INTEGER),
            Column("days", ColumnType.INTEGER),
            Column("amount", ColumnType.NUMBER),
            Column("status", ColumnType.CATEGORY, categories=("open", "closed")),
            Column("owner_age", ColumnType.INTEGER, use=Use.MONITORING),
        ),
    ),
    parent="applications",
    on="id",
    key="loan",
    as_of=AsOf(("days",)),
)
MONTHS = History(
    Contract(
        "months",
        (
            Column("loan", ColumnType.INTEGER),
            Column("month", ColumnType.INTEGER),
            Column("balance", ColumnType.NUMBER),
        ),
    ),
    parent="loans",
    on="loan",
    as_of=AsOf(("month",), AsOfUnit.MONTHS),
)
VISITS = History(
    Contract(
        "visits",
        (
            Column("id", ColumnType.INTEGER),
            Column("day", ColumnType.DATE),
            Column("left", ColumnType.DATETIME),
        ),
    ),
    parent="applications",
    on="id",
    as_of=AsOf(("day", "left"), AsOfUnit.DATE),
)
NOTES = History(
    Contract("notes", (Column("id", ColumnType.INTEGER), Column("text", ColumnType.TEXT))),
    parent="applications",
    on="id",
)
RELATIONS = Relations(ENTITY_CONTRACT, (LOANS, MONTHS, VISITS, NOTES))


def feature(name: str, text: str, unit: str = "", about: str = "") -> Feature:
    """A feature from its text."""
    return Feature(name, parse(text), unit, about)

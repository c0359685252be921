"""Applications as the service takes them: their own columns, and the rows of their histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from scorewright.core.features import ENTITY, FeaturePlan, RequestContract
from scorewright.flows.train.tools import Histories

__all__ = ["raw_applications"]

Row = dict[str, Any]


def raw_applications(
    plan: FeaturePlan, inputs: Iterable[str], chosen: pl.DataFrame, histories: Histories
) -> list[tuple[Row, dict[str, list[Row]]]]:
    """Write applications down with everything that scoring them takes.

    Args:
        plan: The features the model uses.
        inputs: Names of the model's inputs.
        chosen: Typed applications.
        histories: Their rows.

    Returns:
        Values of the application and rows by table, JSON-ready: dates as ISO text, missing
        values of child rows left out. Only columns that are read, and no key of the
        applications: what is written down goes wherever the bundle goes.
    """
    request = RequestContract(plan, inputs)
    relations = plan.relations
    as_of, key = relations.entity.as_of, relations.key
    own = [
        f.column.name
        for f in request.application
        if f.column.name != key and (f.is_read or f.column.name == as_of)
    ]
    sources = {source for feature in plan.features for source in feature.sources}
    read = {
        t.name: [
            f.column.name
            for f in t.fields
            if (f.is_read and not (t.is_direct and f.column.name == t.history.on))
            or (t.name, f.column.name) in sources
        ]
        for t in request.tables
    }
    keys = chosen.get_column(key).to_list()
    below = histories.of(keys) if read else {}
    rows = {name: _by_application(below[name], columns) for name, columns in read.items()}
    return [
        (
            _plain(application),
            {name: found[whose] for name, found in rows.items() if whose in found},
        )
        for whose, application in zip(keys, chosen.select(own).iter_rows(named=True), strict=True)
    ]


def _by_application(frame: pl.DataFrame, columns: list[str]) -> dict[Any, list[Row]]:
    """Return the rows of each application in their order."""
    names = [ENTITY, *(name for name in columns if name != ENTITY)]
    rows: dict[Any, list[Row]] = {}
    for key, *values in frame.select(names).iter_rows():
        row = zip(names[1:], values, strict=True)
        rows.setdefault(key, []).append(_plain({n: v for n, v in row if v is not None}))
    return rows


def _plain(row: Mapping[str, Any]) -> Row:
    return {n: v.isoformat() if isinstance(v, date) else v for n, v in row.items()}

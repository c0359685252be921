"""One applicant at a time: the evaluator, with and without the check of the request, and pandas."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.features.data import declared
from benchmarks.features.peer import KEY, features
from benchmarks.features.peer_domain import domain
from scorewright.core.contracts import Use
from scorewright.core.features import FeaturePlan, RequestContract, RowEvaluator

__all__ = ["online"]

TODAY = date(2025, 1, 1)
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Applicant:
    """A request as it comes: plain values by column, histories as lists of rows."""

    application: dict[str, Any]
    tables: dict[str, Rows]


def online(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Measure all ways on the same applicants.

    Args:
        arguments: ``root``, ``set``, ``applicants`` for us and ``peers`` for pandas.

    Returns:
        ``ways``, each with median and 95th percentile of CPU milliseconds; ``rows``, the median
        number of rows an applicant has; ``differing``, the features in which pandas differs.
    """
    found = declared(Path(arguments["root"]), arguments["set"])
    plan = found.plan
    contract = RequestContract(plan, _inputs(plan))
    frames = _frames(Path(arguments["root"]), contract, plan)
    everyone = _applicants(frames, arguments["applicants"])
    evaluator = RowEvaluator(plan)

    def checked(one: Applicant) -> dict[str, Any]:
        check = contract.check(one.application, one.tables, today=TODAY)
        if check.problems:
            raise AssertionError(f"A generated applicant was refused: {check.problems[0]}")
        return evaluator.features(check.application, check.tables)

    types = {name: _pandas_types(frame) for name, frame in frames.items()}
    peer = _Peer(types, is_whole=arguments["set"] == "combined")
    few = everyone[: arguments["peers"]]
    evaluate = _timed(lambda one: evaluator.features(one.application, one.tables), everyone)
    check = _timed(checked, everyone)
    theirs = _timed(peer.features, few)
    differing = {
        name
        for one in few
        for name in _differing(checked(one), peer.features(one))
    }  # fmt: skip
    sizes = [sum(map(len, one.tables.values())) for one in everyone]
    return {
        "ways": {
            "pandas, the batch code on one applicant": theirs,
            "RowEvaluator, rows of known types": evaluate,
            "RequestContract and RowEvaluator": check,
        },
        "applicants": len(everyone),
        "rows": float(np.median(sizes)),
        "differing": sorted(differing),
    }


@dataclass(frozen=True, slots=True)
class _Peer:
    """The peer's batch code on the rows of one applicant, in the types of the whole tables."""

    types: Mapping[str, dict[str, str]]
    is_whole: bool

    def features(self, one: Applicant) -> dict[str, Any]:
        rows = {**one.tables, "application": [one.application]}

        def read(table: str) -> pd.DataFrame:
            types = self.types[table]
            return pd.DataFrame(rows.get(table, []), columns=list(types)).astype(types)

        frame = features(read)
        if self.is_whole:
            frame = domain(read, frame)
        return dict(frame.iloc[0])


def _inputs(plan: FeaturePlan) -> list[str]:
    """Return what a model would read: all features, and the application's own columns."""
    own = [c.name for c in plan.relations.entity.columns if c.use is Use.MODEL]
    return [*plan.names, *own]


def _frames(root: Path, contract: RequestContract, plan: FeaturePlan) -> dict[str, pl.DataFrame]:
    """Read the first part of every table, with the columns that a request has."""
    columns = {t.name: [f.column.name for f in t.fields] for t in contract.tables}
    columns[plan.relations.entity.table] = [f.column.name for f in contract.application]
    return {
        name: pl.read_parquet(root / "portfolio" / name / "part-00000.parquet", columns=wanted)
        for name, wanted in columns.items()
    }


def _applicants(frames: Mapping[str, pl.DataFrame], count: int) -> list[Applicant]:
    """Return the first applicants that have rows in every table but cards, as JSON would."""
    application = frames["application"]
    chosen = application.filter(
        pl.col(KEY).is_in(frames["bureau"][KEY].unique().to_list())
        & pl.col(KEY).is_in(frames["installments_payments"][KEY].unique().to_list())
    ).head(count)
    keys = chosen[KEY].to_list()
    loans = frames["bureau"].select("SK_ID_BUREAU", KEY)
    below: dict[str, dict[int, Rows]] = {}
    for name, frame in frames.items():
        if name == "application":
            continue
        with_key = frame if KEY in frame.columns else frame.join(loans, on="SK_ID_BUREAU")
        kept = with_key.filter(pl.col(KEY).is_in(keys))
        below[name] = {
            key[0]: part.select(frame.columns).to_dicts()
            for key, part in kept.partition_by(KEY, as_dict=True).items()
        }
    return [
        Applicant(
            {name: _json(value) for name, value in row.items()},
            {name: groups[row[KEY]] for name, groups in below.items() if row[KEY] in groups},
        )
        for row in chosen.to_dicts()
    ]


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _pandas_types(frame: pl.DataFrame) -> dict[str, str]:
    """Return types that hold missing values, as those of a training frame do."""
    return {
        name: "float64" if dtype.is_numeric() and name[:5] != "SK_ID" else
        "int64" if dtype.is_numeric() else "str"
        for name, dtype in frame.schema.items()
    }  # fmt: skip


def _timed(way: Callable[[Applicant], object], everyone: Sequence[Applicant]) -> dict[str, float]:
    """Return median and 95th percentile of the CPU milliseconds of each applicant."""
    for one in everyone[:5]:
        way(one)
    spent = []
    for one in everyone:
        began = time.process_time_ns()
        way(one)
        spent.append((time.process_time_ns() - began) / 1e6)
    return {"median": float(np.median(spent)), "p95": float(np.percentile(spent, 95))}


def _differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the features that differ; what is missing on one side and 0 on the other does not."""
    return [name for name, value in ours.items() if not _is_same(value, theirs[name])]


def _is_same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str):
        return bool(ours == theirs)
    a = 0.0 if ours is None else float(ours)
    b = 0.0 if pd.isna(theirs) or np.isinf(theirs) else float(theirs)
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1.0)

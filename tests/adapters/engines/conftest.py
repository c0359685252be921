"""A small build of features in buckets, for every engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.adapters.engines.portfolio import Portfolio, portfolio_in

from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.engines.local import LocalEngine
from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.decision import Policy
from scorewright.core.features import (
    ENTITY,
    AsOf,
    Feature,
    FeaturePlan,
    History,
    Relations,
    compile_plan,
    parse,
)
from scorewright.flows.features.ports import BucketTask

ROOT = Path(__file__).resolve().parents[3]


def plan() -> FeaturePlan:
    """Return a plan over applications and their loans."""
    kind = ColumnType
    applications = Contract(
        table="applications",
        columns=(
            Column("id", kind.INTEGER),
            Column("income", kind.NUMBER),
            Column("note", kind.TEXT),
        ),
        key="id",
    )
    loans = Contract(
        table="loans",
        columns=(
            Column("id", kind.INTEGER),
            Column("days", kind.INTEGER),
            Column("amount", kind.NUMBER),
            Column("status", kind.CATEGORY, categories=("open", "closed")),
        ),
    )
    features = {
        "loans_n": "count(loans)",
        "loans_open": 'count(loans, where=status == "open")',
        "loans_sum": "sum(loans, amount)",
        "loans_std": 'std(loans, amount, last="12 months")',
        "debt_income": "sum(loans, amount) / income",
    }
    relations = Relations(
        applications, (History(loans, "applications", "id", as_of=AsOf(("days",))),)
    )
    return compile_plan(relations, [Feature(n, parse(text)) for n, text in features.items()])


def write_buckets(folder: Path, buckets: int = 4, rows: int = 60, future: int = 0) -> None:
    """Write the plan and the rows of buckets under a folder.

    Args:
        folder: Gets ``plan.json`` and ``in/``.
        buckets: How many.
        rows: Applications in each.
        future: How many loans of the first bucket are dated after the decision.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan().to_dict()), encoding="utf-8")
    (folder / "in").mkdir()
    rng = np.random.default_rng(11)
    for index in range(buckets):
        ids = rng.permutation(np.arange(rows) + index * rows)
        owners = rng.choice(ids, rows * 5)
        days = -rng.integers(1, 900, rows * 5)
        days[: future if index == 0 else 0] = 3
        pl.DataFrame(
            {"id": ids, "income": rng.lognormal(10, 1, rows), "note": ["x"] * rows}
        ).write_parquet(folder / "in" / f"applications-{index}.parquet")
        pl.DataFrame(
            {
                ENTITY: owners,
                "id": owners,
                "days": days,
                "amount": rng.lognormal(8, 2, rows * 5),
                "status": rng.choice(["open", "closed"], rows * 5),
            }
        ).write_parquet(folder / "in" / f"loans-{index}.parquet")


def tasks_of(folder: Path, output: str = "out", buckets: int = 4) -> list[BucketTask]:
    """Return the tasks of a folder by `write_buckets`."""
    return [
        BucketTask(
            index,
            folder / "plan.json",
            {name: folder / "in" / f"{name}-{index}.parquet" for name in ("applications", "loans")},
            folder / output / f"part-{index:04d}.parquet",
        )
        for index in range(buckets)
    ]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder with four buckets."""
    write_buckets(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import the programs of the tests."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def bytes_of(tasks: Sequence[BucketTask]) -> Mapping[str, bytes]:
    """Return the results, file by file."""
    return {task.output.name: task.output.read_bytes() for task in tasks}


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder, sorted."""
    return sorted(file.name for file in folder.iterdir())


def documents(tasks: Sequence[BucketTask]) -> list[dict[str, Any]]:
    """Return the tasks as workers receive them."""
    return [task.to_dict() for task in tasks]


@pytest.fixture
def portfolio(
    tmp_path: Path,
    store: DiskBundles,
    bundle: Bundle,
    policy_for: Callable[..., Policy],
    rows: list[dict[str, Any]],
) -> Portfolio:
    """A folder to score; the engine is the test's to choose."""
    return portfolio_in(tmp_path, (store, bundle, policy_for(bundle)), rows, LocalEngine(2))

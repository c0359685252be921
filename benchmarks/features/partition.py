"""Splitting one large table by its applicants: DuckDB's ``PARTITION_BY`` beside us.

``python -m benchmarks.features.partition [ROWS]``; 13.6 million rows of eight columns by default.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.features.child import Cost, in_child

__all__ = ["run"]

_ROWS = 13_600_000
_APPLICATIONS = 307_511
_BUCKETS = 32
_COLUMNS = ("loan", "number", "due", "paid_on", "amount", "paid", "version")


def generate(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write random rows, of which one in eight belongs to nobody."""
    import numpy as np  # noqa: PLC0415 - the driver stays light
    import polars as pl  # noqa: PLC0415

    root, rows = Path(arguments["root"]), arguments["rows"]
    rng = np.random.default_rng(1)
    applicants = rng.permutation(_APPLICATIONS * 8 // 7)[:_APPLICATIONS]
    pl.DataFrame({"id": applicants, "bad": 0}).write_parquet(root / "applications.parquet")
    values: dict[str, Any] = {"id": rng.integers(0, _APPLICATIONS * 8 // 7, rows)}
    values |= {name: rng.integers(0, 3000, rows) for name in _COLUMNS[:4]}
    values |= {name: np.round(rng.gamma(2, 5000, rows), 2) for name in _COLUMNS[4:]}
    pl.DataFrame(values).write_parquet(root / "rows.parquet")
    return {}


def ours(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Split with the workspace of a build."""
    from scorewright.adapters.histories import DiskWorkspace, Rows  # noqa: PLC0415
    from scorewright.core.contracts import Column, ColumnType, Contract  # noqa: PLC0415
    from scorewright.core.features import (  # noqa: PLC0415
        Feature,
        History,
        Relations,
        compile_plan,
        parse,
    )
    from scorewright.flows.ports import TableFile  # noqa: PLC0415

    root = Path(arguments["root"])
    whole, number = ColumnType.INTEGER, ColumnType.NUMBER
    columns = [Column(name, whole if name in _COLUMNS[:4] else number) for name in _COLUMNS]
    entity = (Column("id", whole), Column("bad", whole))
    relations = Relations(
        Contract("applications", entity, key="id", target="bad", bad_value="1"),
        (History(Contract("rows", (Column("id", whole), *columns)), "applications", "id"),),
    )
    plan = compile_plan(relations, [Feature(f"f_{n}", parse(f"max(rows, {n})")) for n in _COLUMNS])
    tables = {n: TableFile(n, (str(root / f"{n}.parquet"),)) for n in ("applications", "rows")}
    space = DiskWorkspace(root / "out", Rows())
    parts = space.partition(plan, tables, _BUCKETS, lambda _table, _rows: None)
    return {"rows": parts.rows["rows"]}


def duckdb(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Split with DuckDB, rows in their order."""
    import duckdb as engine  # noqa: PLC0415

    root = arguments["root"]
    with engine.connect(config={"memory_limit": "800MB", "threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT r.*, r.id AS __entity, hash(r.id::VARCHAR) % {_BUCKETS} AS bucket "  # noqa: S608
            f"FROM '{root}/rows.parquet' r SEMI JOIN '{root}/applications.parquet' USING (id)) "
            f"TO '{root}/out' (FORMAT parquet, PARTITION_BY (bucket), COMPRESSION lz4_raw)"
        )
    return {}


def run(rows: int = _ROWS) -> None:
    """Print CPU, wall and peak memory of both, and whether a second run gives the same bytes."""
    with tempfile.TemporaryDirectory(prefix="scorewright-partition-") as root:
        in_child("benchmarks.features.partition:generate", {"root": root, "rows": rows})
        for name in ("duckdb", "ours"):
            first, again = (_once(name, Path(root)) for _ in range(2))
            cost, digest = min(first, again, key=lambda one: one[0].cpu)
            same = "the same bytes twice" if first[1] == again[1] else "other bytes each time"
            print(
                f"{name}: {rows:,} rows, {cost.cpu:.1f} CPU s, {cost.wall:.1f} s, "
                f"{cost.peak_bytes / 2**20:,.0f} MB, {same} ({digest[:8]})"
            )


def _once(name: str, root: Path) -> tuple[Cost, str]:
    shutil.rmtree(root / "out", ignore_errors=True)
    cost = in_child(f"benchmarks.features.partition:{name}", {"root": str(root)})
    digest = hashlib.sha256()
    for file in sorted((root / "out").rglob("*.parquet")):
        digest.update(file.read_bytes())
    return cost, digest.hexdigest()


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))

"""What is measured, each run by a child: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["build", "in_memory", "online", "pandas", "split"]

Arguments = Mapping[str, Any]
Result = dict[str, Any]


def pandas(arguments: Arguments) -> Result:
    """Compute the peer's features.

    Args:
        arguments: ``style`` is ``csv`` or ``parquet`` (whole tables), ``needed`` (the needed
            columns of Parquet) or ``applicant`` (whole CSV, a function of an applicant's rows).
    """
    import pandas as pd  # noqa: PLC0415 - others must not pay for it

    from benchmarks.features.peer import COLUMNS, KEY, features  # noqa: PLC0415
    from benchmarks.features.peer_domain import DOMAIN_COLUMNS, domain  # noqa: PLC0415
    from benchmarks.features.peer_recent import BY_APPLICANT, VECTORISED  # noqa: PLC0415

    root, style = Path(arguments["root"]), arguments["style"]
    is_whole = arguments["set"] == "combined"

    def read(table: str) -> pd.DataFrame:
        if style in ("csv", "applicant"):
            return pd.read_csv(root / "csv" / f"{table}.csv")
        more = DOMAIN_COLUMNS.get(table, []) if is_whole else []
        columns = [*COLUMNS[table], *more] if style == "needed" else None
        return pd.read_parquet(root / "portfolio" / table, columns=columns)

    frame = features(read)
    own = frame.columns[: frame.columns.get_loc("bureau_DAYS_CREDIT_min")]
    if is_whole:
        recent = BY_APPLICANT if style == "applicant" else VECTORISED
        frame = domain(read, frame, recent)
    frame = frame.drop(columns=[name for name in own if name != KEY])
    frame.to_parquet(arguments["output"])
    return {"features": frame.shape[1] - 1, "rows": len(frame)}


def split(arguments: Arguments) -> Result:
    """Split all tables into buckets of applicants."""
    from benchmarks.features.ours import workspace  # noqa: PLC0415 - polars

    made = workspace(arguments)
    parts = made.parts()
    return {"rows": sum(parts.rows.values())}


def build(arguments: Arguments) -> Result:
    """Compute the features of buckets that are split already, with an engine."""
    from benchmarks.features.ours import workspace  # noqa: PLC0415 - polars

    return workspace(arguments).build(arguments["engine"], arguments["processes"])


def in_memory(arguments: Arguments) -> Result:
    """Compute the features of all applications at once."""
    from benchmarks.features.ours import workspace  # noqa: PLC0415 - polars

    return workspace(arguments).in_memory(Path(arguments["output"]))


def online(arguments: Arguments) -> Result:
    """Measure one applicant at a time."""
    from benchmarks.features.online import online as measure  # noqa: PLC0415 - pandas and polars

    return measure(arguments)

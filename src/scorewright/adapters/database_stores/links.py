"""Data sets and models of runs, traces as counts, and the rows that no snapshot has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from scorewright.adapters.database_stores.rows import Doubts, frame_of
from scorewright.adapters.database_stores.session import Session

__all__ = [
    "count_others",
    "count_rows",
    "count_traces",
    "read_input_tags",
    "read_inputs",
    "read_run_models",
]

_TEXT, _INT = pl.String(), pl.Int64()
_DATASET_OF_RUN: Final = "\"source_type\" = 'DATASET' AND \"destination_type\" = 'RUN'"
_MODEL_OF_RUN: Final = (
    "(\"source_type\" = 'RUN_INPUT' AND \"destination_type\" = 'MODEL_INPUT' OR "
    "\"source_type\" = 'RUN_OUTPUT' AND \"destination_type\" = 'MODEL_OUTPUT')"
)
_CONTEXT: Final = "\"name\" = 'mlflow.data.context'"


def read_inputs(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Read which run used which data set, and in which role."""
    schema = {"run_id": _TEXT, "dataset_id": _TEXT, "context": _TEXT}
    if "inputs" not in session.columns:
        return pl.DataFrame(schema=schema)
    role, joined = "''", ""
    if "input_tags" in session.columns:
        role = 'COALESCE("t"."value", \'\')'
        joined = (
            ' LEFT JOIN "input_tags" AS "t" ON "t"."input_uuid" = "i"."input_uuid" '
            f'AND "t".{_CONTEXT}'
        )
    sql = (
        f'SELECT "destination_id", "source_id", {role} FROM "inputs" AS "i"{joined} '  # noqa: S608 - names of this file
        f"WHERE {_DATASET_OF_RUN}"
    )
    return frame_of(session, sql, schema, doubts)


def read_input_tags(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Read what else was noted down about the data sets of runs."""
    schema = {"run_id": _TEXT, "dataset_id": _TEXT, "key": _TEXT, "value": _TEXT}
    if not {"inputs", "input_tags"} <= session.columns.keys():
        return pl.DataFrame(schema=schema)
    sql = (
        'SELECT "i"."destination_id", "i"."source_id", "t"."name", "t"."value" '  # noqa: S608 - names of this file
        'FROM "inputs" AS "i" JOIN "input_tags" AS "t" ON "t"."input_uuid" = "i"."input_uuid" '
        f'WHERE {_DATASET_OF_RUN} AND NOT "t".{_CONTEXT}'
    )
    return frame_of(session, sql, schema, doubts)


def read_run_models(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Read which run used or made which logged model, and at which step."""
    schema = {"run_id": _TEXT, "model_id": _TEXT, "role": _TEXT, "step": _INT}
    if "inputs" not in session.columns:
        return pl.DataFrame(schema=schema)
    step = '"step"' if "step" in session.columns["inputs"] else "0"
    sql = (
        'SELECT "source_id", "destination_id", '  # noqa: S608 - names of this file
        f"CASE \"source_type\" WHEN 'RUN_INPUT' THEN 'input' ELSE 'output' END, {step} "
        f'FROM "inputs" WHERE {_MODEL_OF_RUN}'
    )
    return frame_of(session, sql, schema, doubts)


def count_traces(session: Session, doubts: Doubts) -> pl.DataFrame:
    """Count traces per experiment and status."""
    schema = {"experiment_id": _TEXT, "status": _TEXT, "traces": _INT}
    if "trace_info" not in session.columns:
        return pl.DataFrame(schema=schema)
    columns = '"experiment_id", "status"'
    sql = f'SELECT {columns}, COUNT(*) FROM "trace_info" GROUP BY {columns} ORDER BY {columns}'  # noqa: S608 - names of this file
    return frame_of(session, sql, schema, doubts)


def count_others(session: Session, carried: Iterable[str]) -> pl.DataFrame:
    """Count the rows of tables that no snapshot has, and those it has in part only.

    Args:
        session: The open store.
        carried: Tables that are read whole.
    """
    partly = {"inputs": f" WHERE NOT ({_DATASET_OF_RUN} OR {_MODEL_OF_RUN})"}
    counts = {
        table: count_rows(session, table, partly.get(table, ""))
        for table in sorted(session.columns.keys() - set(carried) - {"alembic_version"})
    }
    filled = {table: rows for table, rows in counts.items() if rows}
    return pl.DataFrame(
        {"table": list(filled), "rows": list(filled.values())}, {"table": _TEXT, "rows": _INT}
    )


def count_rows(session: Session, table: str, where: str = "") -> int:
    """Count rows of a table.

    Args:
        session: The open store.
        table: A name the database itself gave.
        where: Condition, with its keyword.
    """
    name = table.replace('"', '""')
    ((rows,),) = next(iter(session.chunks(f'SELECT COUNT(*) FROM "{name}"{where}')))  # noqa: S608 - see above
    return int(rows)

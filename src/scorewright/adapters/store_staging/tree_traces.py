"""Traces of a tree, which a snapshot counts only: rows for a database; their spans stay files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from scorewright.adapters.store_staging.careful import REFUSED, savepoint

__all__ = ["WrittenTraces", "write_traces"]

_META: Final = "meta.yaml"
_INFO: Final = "trace_info.yaml"
#: Whatever reading a file that anybody may have written, and keeping what it says, may raise.
_ODD: Final = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    yaml.YAMLError,
    *REFUSED,
)


@dataclass(slots=True)
class WrittenTraces:
    """How many traces and assessments were written.

    Attributes:
        traces: All of each, or nothing.
        assessments: Of those traces.
        notes: Which of both could not be read or written, and why.
    """

    traces: int = 0
    assessments: int = 0
    notes: list[str] = field(default_factory=list)


def write_traces(root: Path, path: Path, numbers: Mapping[str, int]) -> WrittenTraces:
    """Write the traces of a tree into a database at the newest schema.

    Args:
        root: The tree.
        path: The database, with the tree's experiments.
        numbers: Experiment of the tree -> its number there.
    """
    written = WrittenTraces()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for folder, number in _homes(root, numbers):
            for trace in _folders(folder):
                _write(connection, trace, number, written)
        connection.commit()
    return written


def _homes(root: Path, numbers: Mapping[str, int]) -> Iterator[tuple[Path, int]]:
    for meta in sorted([*root.glob(f"*/{_META}"), *root.glob(f".trash/*/{_META}")]):
        folder = meta.parent / "traces"
        if not folder.is_dir():
            continue
        try:
            said = str(_yaml(meta).get("experiment_id", meta.parent.name))
        except _ODD:
            said = meta.parent.name
        number = numbers.get(said, numbers.get(meta.parent.name))
        if number is not None:
            yield folder, number


def _folders(folder: Path) -> list[Path]:
    """Return what is in a folder; of one that cannot be read the snapshot has a finding."""
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir())
    except OSError:
        return []


def _yaml(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    if not isinstance(found, dict):
        raise TypeError(path)
    return found


def _write(
    connection: sqlite3.Connection, trace: Path, number: int, written: WrittenTraces
) -> None:
    try:
        info = _yaml(trace / _INFO)
        # Everything is read before anything is written.
        texts: dict[str, dict[str, str]] = {
            "trace_tags": dict(_texts(trace / "tags")),
            "trace_request_metadata": dict(_texts(trace / "request_metadata")),
        }
        with savepoint(connection):
            _insert(connection, "trace_info", _trace(trace, info, number, texts["trace_tags"]))
            for table, pairs in texts.items():
                for key, value in pairs.items():
                    text = {"request_id": _identity(trace, info), "key": key, "value": value}
                    _insert(connection, table, text)
    except _ODD as error:
        written.notes.append(f"Trace {_shown(trace)} cannot be carried and is left: {_why(error)}.")
        return
    written.traces += 1
    for path in sorted((trace / "assessments").glob("*.yaml")):
        try:
            row = _assessment(_yaml(path), _identity(trace, info), number, _moment(info))
            with savepoint(connection):
                _insert(connection, "assessments", row)
        except _ODD as error:
            written.notes.append(
                f"Assessment {_shown(path)} cannot be carried and is left: {_why(error)}."
            )
            continue
        written.assessments += 1


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - names of below
        tuple(row.values()),
    )


def _shown(path: Path) -> str:
    """Return a path as text that can be kept: a name may hold bytes that are not UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _why(error: BaseException) -> str:
    """Return a reason in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(".")


def _trace(
    trace: Path, info: Mapping[str, Any], number: int, tags: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "request_id": _identity(trace, info),
        "experiment_id": number,
        "timestamp_ms": _moment(info),
        "execution_time_ms": info.get("execution_duration_ms", info.get("execution_time_ms")),
        "status": info.get("state") or info.get("status") or "STATE_UNSPECIFIED",
        "client_request_id": info.get("client_request_id"),
        "request_preview": info.get("request_preview"),
        "response_preview": info.get("response_preview"),
        "trace_name": tags.get("mlflow.traceName"),
        "db_payload_generation": 0,
    }


def _identity(trace: Path, info: Mapping[str, Any]) -> str:
    return str(info.get("trace_id") or info.get("request_id") or trace.name)


def _moment(info: Mapping[str, Any]) -> int:
    """Return milliseconds since 1970; MLflow 3 writes a text, MLflow 2 a number."""
    if "timestamp_ms" in info:
        return int(info["timestamp_ms"])
    return _milliseconds(info["request_time"])


def _milliseconds(moment: str | datetime) -> int:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path.read_bytes().decode()


def _assessment(
    found: Mapping[str, Any], trace: str, number: int, moment: int
) -> dict[str, str | int | float | None]:
    kind = "feedback" if "feedback" in found else "expectation"
    said = found.get(kind) or {}
    value = said.get("value")
    if "serialized_value" in said:
        value = json.loads(said["serialized_value"]["value"])
    source = found["source"]
    error = said.get("error")
    metadata = found.get("metadata")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "assessment_id": found["assessment_id"],
        "trace_id": trace,
        "name": found["assessment_name"],
        "assessment_type": kind,
        "value": json.dumps(value),
        "error": json.dumps(error) if error else None,
        "created_timestamp": _milliseconds(found["create_time"]),
        "last_updated_timestamp": _milliseconds(found["last_update_time"]),
        "source_type": source["source_type"],
        "source_id": source.get("source_id"),
        "run_id": found.get("run_id"),
        "span_id": found.get("span_id"),
        "rationale": found.get("rationale"),
        "overrides": found.get("overrides"),
        "valid": int(bool(found.get("valid", True))),
        "assessment_metadata": json.dumps(metadata) if metadata else None,
        "experiment_id": number,
        "trace_timestamp_ms": moment,
        "aggregate_value": float(value) if isinstance(value, int | float) else None,
        "is_numeric_value": int(is_number),
    }

"""Traces of a tree, which a snapshot counts only: rows for a database; their spans stay files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from scorewright.adapters.store_staging.trace_rows import Trace
from scorewright.adapters.store_staging.trace_writer import ODD, TraceWriter, WrittenTraces

__all__ = ["write_tree_traces"]

_META: Final = "meta.yaml"
_INFO: Final = "trace_info.yaml"


def write_tree_traces(root: Path, path: Path, numbers: Mapping[str, int]) -> WrittenTraces:
    """Write the traces of a tree into a database at the newest schema.

    Args:
        root: The tree.
        path: The database, with the tree's experiments.
        numbers: Experiment of the tree -> its number there.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        writer = TraceWriter(connection)
        for folder, number in _homes(root, numbers):
            for one in _folders(folder):
                trace = writer.trace(_shown(one), number, partial(_trace, one))
                if trace is not None:
                    for said in sorted((one / "assessments").glob("*.yaml")):
                        writer.assessment(_shown(said), number, trace, partial(_yaml, said))
        connection.commit()
    return writer.written


def _homes(root: Path, numbers: Mapping[str, int]) -> Iterator[tuple[Path, int]]:
    for meta in sorted([*root.glob(f"*/{_META}"), *root.glob(f".trash/*/{_META}")]):
        folder = meta.parent / "traces"
        if not folder.is_dir():
            continue
        try:
            said = str(_yaml(meta).get("experiment_id", meta.parent.name))
        except ODD:
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


def _shown(path: Path) -> str:
    """Return a path as text that can be kept: a name may hold bytes that are not UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _trace(folder: Path) -> Trace:
    info = _yaml(folder / _INFO)
    identity = str(info.get("trace_id") or info.get("request_id") or folder.name)
    tags, metadata = (dict(_texts(folder / name)) for name in ("tags", "request_metadata"))
    return Trace(identity, info, tags, metadata)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path.read_bytes().decode()

"""Everything a tracking store holds, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum

import polars as pl

from scorewright.core.findings import Finding
from scorewright.core.snapshot.tables import HISTORY, TABLES, empty, shaped

__all__ = ["Snapshot", "Source", "SourceKind", "snapshot_of"]


class SourceKind(Enum):
    """What a store is made of."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    FILES = "files"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a snapshot comes from.

    Attributes:
        location: For people: a password is masked.
        kind: What the store is made of.
        folder: Folder of the file or tree on this machine; empty for servers.
        revision: Revision of a database's schema, as its migrations call it; "" without one.
        layout: In words: "MLflow 2.0 to 2.2", "tree of MLflow 3".
        is_current: Whether the installed MLflow would open it as it is.
    """

    location: str
    kind: SourceKind
    folder: str = ""
    revision: str = ""
    layout: str = ""
    is_current: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A store as values; each table has the columns of `TABLES`.

    Deleted experiments and runs are there too, with ``lifecycle_stage`` "deleted".

    Attributes:
        source: Where it comes from.
        history: Every value of every metric, columns of `HISTORY`; None where it was not read.
        findings: What could not be read, or was read with a doubt: ``STORE-nnn``.
    """

    source: Source
    experiments: pl.DataFrame
    experiment_tags: pl.DataFrame
    runs: pl.DataFrame
    params: pl.DataFrame
    tags: pl.DataFrame
    metrics: pl.DataFrame
    datasets: pl.DataFrame
    inputs: pl.DataFrame
    input_tags: pl.DataFrame
    logged_models: pl.DataFrame
    logged_model_params: pl.DataFrame
    logged_model_tags: pl.DataFrame
    logged_model_metrics: pl.DataFrame
    run_models: pl.DataFrame
    registered_models: pl.DataFrame
    registered_model_tags: pl.DataFrame
    registered_model_aliases: pl.DataFrame
    model_versions: pl.DataFrame
    model_version_tags: pl.DataFrame
    traces: pl.DataFrame
    others: pl.DataFrame
    history: pl.DataFrame | None = None
    findings: tuple[Finding, ...] = ()

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the tables by name, without the history."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name in TABLES}


def snapshot_of(
    source: Source,
    tables: Mapping[str, pl.DataFrame],
    history: pl.DataFrame | None = None,
    findings: tuple[Finding, ...] = (),
) -> Snapshot:
    """Make a snapshot of whatever a reader found; absent tables are empty, absent columns null.

    Args:
        source: Where they come from.
        tables: Name as in `TABLES` -> rows.
        history: Every value of every metric, if it was read.
        findings: What could not be read.

    Raises:
        KeyError: A table that no snapshot has.
    """
    if unknown := tables.keys() - TABLES.keys():
        raise KeyError(", ".join(sorted(unknown)))
    complete = {
        name: shaped(tables[name], schema) if name in tables else empty(schema)
        for name, schema in TABLES.items()
    }
    past = None if history is None else shaped(history, HISTORY)
    return Snapshot(source, **complete, history=past, findings=findings)

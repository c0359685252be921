"""Everything a consolidation is planned with, and a plain writer of what it plans."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.stores.schema import REVISION, create_database

from scorewright.adapters.artifact_files import LocalArtifacts
from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.file_stores import FileStore
from scorewright.adapters.server_stores import HttpArtifacts, HttpStore
from scorewright.adapters.store_editing import encoding_of, reference_of, source_reference_of
from scorewright.adapters.store_staging import SqlMerger, StoreStaging
from scorewright.core.consolidation import CARRIED
from scorewright.core.plans import FileChange, RowChange, RowsChange, StoreChange
from scorewright.flows.store.consolidate import (
    ConsolidationOptions,
    PlannedChange,
    plan_consolidation,
)
from scorewright.flows.store.consolidate_ports import ConsolidationTools
from scorewright.flows.store.ports import OpenedStore

# ruff: noqa: S608 - names of the schema

__all__ = ["KEPT", "consolidated", "note_with", "planned", "rows_of", "tools", "write"]


@cache
def _kept() -> Path:
    return Path(tempfile.mkdtemp(prefix="scorewright-test-"))


class KEPT:
    """Folder in which empty databases are kept between tests of one process."""

    folder = staticmethod(_kept)


class _Opener:
    def open(self, location: str) -> OpenedStore:
        if location.startswith("http"):
            files = HttpArtifacts(location, fetched=_kept() / "fetched")
            return OpenedStore(location, HttpStore(location), files)
        path = Path(location.removeprefix("sqlite:///"))
        if path.is_dir():
            return OpenedStore(str(path), FileStore(path), LocalArtifacts(path), path)
        reader = SqliteStore(path, REVISION)
        return OpenedStore(str(path), reader, LocalArtifacts(path.parent), path.parent)


def _digest(path: str) -> str | None:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scorewright-test-") as folder:
        yield Path(folder)


def tools() -> ConsolidationTools:
    """The real parts."""
    return ConsolidationTools(
        opener=_Opener(),
        staging=StoreStaging(REVISION, _kept()),
        merger=SqlMerger(),
        reference=reference_of,
        source=source_reference_of,
        encoding=encoding_of,
        digest=_digest,
        free=lambda _: 1 << 40,
        folder=_folder,
        now=lambda: datetime(2024, 6, 1, tzinfo=UTC),
        made_by="ana",
    )


def planned(sources: Sequence[str | Path], target: Path, **options: object) -> PlannedChange:
    """Plan a consolidation; the payload lies beside the target."""
    payload = target.with_suffix(f".{len(list(target.parent.glob('*.payload')))}.payload")
    target.parent.mkdir(parents=True, exist_ok=True)
    wished = ConsolidationOptions(payload, **options)  # type: ignore[arg-type]
    return plan_consolidation([str(s) for s in sources], str(target), wished, tools())


def write(change: PlannedChange, target: Path) -> None:
    """Carry a plan out with nothing but plain statements."""
    for one in (c for step in change.plan.steps for c in step.changes):
        match one:
            case StoreChange():
                with closing(create_database(target)) as made:
                    made.execute(
                        "INSERT INTO experiments (experiment_id, name, artifact_location,"
                        " lifecycle_stage, creation_time, workspace)"
                        " VALUES (0, 'Default', ?, 'active', ?, 'default')",
                        (f"{one.artifact_root}/0", one.created),
                    )
                    made.commit()
            case FileChange():
                path = Path(one.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                assert not path.exists()
                if not one.origin.startswith("payload:"):
                    shutil.copyfile(one.origin, path)
            case _:
                pass
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("ATTACH ? AS p", (str(change.payload),))
        for one in (c for step in change.plan.steps for c in step.changes):
            if isinstance(one, RowsChange):
                columns = next(table.columns for table in CARRIED if table.name == one.table)
                names = ", ".join(f'"{name}"' for name in columns)
                done = connection.execute(
                    f'INSERT INTO main."{one.table}" ({names}) SELECT {names} FROM p."{one.table}"'
                    " WHERE _unit = ?",
                    (one.unit,),
                )
                assert done.rowcount == one.rows
            elif isinstance(one, RowChange):
                assert one.before is not None
                assert one.after is not None
                sets = ", ".join(f'"{name}" = ?' for name in one.after)
                where = " AND ".join(f'"{name}" IS ?' for name in (*one.key, *one.before))
                done = connection.execute(
                    f'UPDATE main."{one.table}" SET {sets} WHERE {where}',
                    (*one.after.values(), *one.key.values(), *one.before.values()),
                )
                assert done.rowcount == 1, one
        connection.commit()
        assert connection.execute("PRAGMA main.foreign_key_check").fetchall() == []


def consolidated(sources: Sequence[str | Path], target: Path, **options: object) -> PlannedChange:
    """Plan and write."""
    change = planned(sources, target, **options)
    write(change, target)
    return change


def note_with(notes: tuple[str, ...], *words: str) -> str:
    """Return the one note that has all of some words."""
    (found,) = [note for note in notes if all(word in note for word in words)]
    return found


def rows_of(target: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask a database."""
    with closing(sqlite3.connect(target)) as connection:
        return connection.execute(sql, values).fetchall()

"""The proof that a store is whole: its pages, its references, and that MLflow opens a copy."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.store_editing.backups import copy_pages
from scorewright.adapters.store_editing.children import run_child
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.pointing import dangling, without_soft
from scorewright.adapters.store_editing.refusals import broken, masked, write_failed, writing
from scorewright.core.counting import counted

__all__ = ["Opens", "check_store", "open_with_mlflow"]

#: URI of a store that may be changed -> what MLflow found in it, one line.
Opens = Callable[[str], str]
_EXAMPLES: Final = 3
_FOUND: Final = {
    "experiment": "experiments",
    "run": "runs",
    "metric value": "points",
    "registered model": "models",
    "alias": "aliases",
}
"""What the child counts, by name."""


def check_store(
    database: Database,
    earlier: Sequence[str],
    head: str,
    opens: Opens,
    payload: Path | None = None,
    *,
    is_fresh: bool = False,
) -> tuple[str, ...]:
    """Prove that a store is whole.

    Args:
        database: Of the store.
        earlier: Paths of backups.
        head: Revision that the installed MLflow opens without changing the database; servers of
            another one are not opened.
        opens: Opens a store with MLflow.
        payload: Rows of the plan, as their sources have them: what points at nothing among them is
            not held against the store either.
        is_fresh: The plan has just been carried out, and nobody has deleted anything since.

    Raises:
        IntegrityError: ``store-broken``.
        ScorewrightError: ``store-locked``, ``store-unreachable``, ``store-write-failed``.
    """
    if not database.is_there():
        return ("there is no store any more",)
    lines = [_integrity(database)] if database.file is not None else []
    lines.append(_references(database, earlier, payload, is_fresh=is_fresh))
    lines.append(_opened(database, head, opens))
    return tuple(line for line in lines if line)


def open_with_mlflow(uri: str) -> str:
    """Open a store with the installed MLflow, in a process of its own.

    Raises:
        ChildProcessError: It could not.
    """
    found = json.loads(run_child("opening", uri))
    said = {noun: counted(found[place], noun) for noun, place in _FOUND.items()}
    return (
        f"{said['experiment']}; as a sample {said['run']} with {said['metric value']}; "
        f"{said['registered model']} with {said['alias']}"
    )


def _integrity(database: Database) -> str:
    with database.reading() as connection:
        rows = connection.exec_driver_sql("PRAGMA integrity_check(3)").fetchall()
    if [row[0] for row in rows] != ["ok"]:
        raise broken(database.location, f"SQLite's check says: {rows[0][0]}")
    return "SQLite's integrity check: ok"


def _references(
    database: Database, earlier: Sequence[str], payload: Path | None, *, is_fresh: bool
) -> str:
    with database.reading() as connection:
        now = dangling(connection)
    if not is_fresh:
        now = without_soft(now)
    known: frozenset[str] = frozenset()
    for place in (*earlier, payload) if now else ():
        if place and Path(place).is_file():
            with Database(str(place)).reading() as connection:
                known |= dangling(connection, is_payload=place is payload)
    now_known = len(now & known)
    fresh = sorted(now - known)
    if fresh and any(not Path(place).is_file() for place in earlier):
        return f"references: {len(fresh)} lead nowhere; the backup that knew the old ones is gone"
    if fresh:
        some = "; ".join(fresh[:_EXAMPLES])
        raise broken(database.location, f"{len(fresh)} references lead nowhere, such as {some}")
    kept = f" ({now_known} led nowhere before)" if now_known else ""
    return f"references: each new one leads somewhere{kept}"


def _opened(database: Database, head: str, opens: Opens) -> str:
    try:
        if database.file is not None:
            found = _open_copy(database, opens)
        elif _revision(database) == head:
            found = opens(database.uri)
        else:
            return "not opened with MLflow: its schema is another, and opening would change it"
    except ChildProcessError as error:
        raise broken(database.location, f"MLflow cannot open it: {masked(str(error))}") from error
    return f"opened with MLflow: {found}"


def _open_copy(database: Database, opens: Opens) -> str:
    assert database.file is not None  # noqa: S101 - the caller knows
    with ExitStack() as stack:
        with writing(tempfile.gettempdir()):
            copy = stack.enter_context(private_folder("check")) / "copy.db"
        try:
            with closing(sqlite3.connect(copy)) as target:
                target.execute("PRAGMA synchronous = OFF")
                copy_pages(database.file, target)
        except sqlite3.Error as error:
            raise write_failed(str(copy), OSError(0, str(error))) from error
        return opens(f"sqlite:///{copy.as_posix()}")


def _revision(database: Database) -> str:
    with database.reading() as connection:
        column: sa.ColumnClause[str] = sa.column("version_num")
        statement = sa.select(column).select_from(sa.table("alembic_version"))
        return str(connection.scalar(statement))

"""Stores that are made, and empty ones that go again."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from scorewright.adapters.guarded import sync_directory, sync_file
from scorewright.adapters.store_editing.children import run_child
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.refusals import conflict, invalid, masked, writing
from scorewright.adapters.store_editing.template import Template
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import Row, StoreChange
from scorewright.flows.store.editing import State

__all__ = ["change_store", "store_state"]

_FRESH: Final = {"alembic_version": 1, "workspaces": 1, "experiments": 1}
"""Rows of a store in which nobody has worked."""
_DEFAULT: Final[Mapping[str, type[sa.types.TypeEngine[Any]]]] = {
    "creation_time": sa.BigInteger,
    "last_update_time": sa.BigInteger,
    "lifecycle_stage": sa.String,
}
"""Columns of the experiment "Default" that a plan gives it."""


def store_state(database: Database, change: StoreChange) -> State:
    """Compare a change with what is there: nothing, an empty store, or more."""
    is_there = database.is_there()
    if is_there and not _is_fresh(database, change):
        is_store = change.is_there and _is_store(database)
        return State.AFTER if is_store else State.NEITHER
    return State.AFTER if is_there is change.is_there else State.BEFORE


def change_store(database: Database, change: StoreChange, template: Template | None = None) -> None:
    """Make the store with MLflow, or take it away while nobody has worked in it.

    Args:
        database: Of the store.
        change: To be carried out.
        template: A store as MLflow makes it, copied for a file; None to make each anew.

    Raises:
        ScorewrightError: ``apply-conflict``, ``store-write-failed``, ``store-invalid``.
    """
    if database.file is not None:
        _clear(database.file)
    match store_state(database, change):
        case State.AFTER:
            return
        case State.NEITHER:
            what = "is something else already" if change.is_there else "is a store that is in use"
            raise conflict(f"At {database.location} there {what}.")
        case State.BEFORE if change.is_there:
            _make(database, change, template)
        case State.BEFORE:
            _unmake(database)


def _make(database: Database, change: StoreChange, template: Template | None) -> None:
    given = _given(database, change)
    if database.file is None:
        _run(database, database.uri, change.artifact_root)
        _settle(database, given)
        return
    file = database.file
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{secrets.token_hex(6)}.partial")
    try:
        if not _copied(template, aside, change):
            _run(database, f"sqlite:///{aside.as_posix()}", change.artifact_root)
            if template is not None:
                template.keep(aside)
        _settle(Database(str(aside)), given)
        with writing(file):
            sync_file(aside)
            if file.exists():
                raise conflict(f"At {file} there is something else already.")
            aside.replace(file)
            sync_directory(file.parent)
    finally:
        with suppress(ScorewrightError):  # the next attempt clears it away
            _clear(file)


def _copied(template: Template | None, aside: Path, change: StoreChange) -> bool:
    """Copy the template; where that fails, MLflow makes the store, or says what is in the way."""
    try:
        return template is not None and template.copy(aside, change.artifact_root)
    except (OSError, sqlite3.Error):
        for ending in ("", "-journal"):
            Path(f"{aside}{ending}").unlink(missing_ok=True)
        return False


def _clear(file: Path) -> None:
    """Remove what a killed attempt left aside."""
    with writing(file):
        for left in file.parent.glob(f".{file.name}.*.partial*"):
            left.unlink(missing_ok=True)


def _run(database: Database, uri: str, artifact_root: str) -> None:
    try:
        run_child("making", uri, artifact_root)
    except ChildProcessError as error:
        raise invalid(f"MLflow could not make it ({masked(str(error))})", database.location) from (
            error
        )


def _given(database: Database, change: StoreChange) -> Row:
    """Return what the plan says of the experiment "Default"."""
    created: Row = {} if change.created is None else {"creation_time": change.created}
    given = {**created, **(change.default or {})}
    if strange := given.keys() - _DEFAULT.keys():
        raise invalid(f"no plan gives 'Default' a {min(strange)}", database.location)
    return given


def _settle(database: Database, given: Row) -> None:
    """Write what is given of the experiment "Default"; the rest stays as it was made."""
    if not given:
        return
    with database.changing() as connection:
        table = sa.table("experiments", *(sa.column(name, _DEFAULT[name]) for name in given))
        connection.execute(sa.update(table).values(given))


def _unmake(database: Database) -> None:
    if database.file is not None:
        with writing(database.file):
            for ending in ("-journal", "-wal", "-shm"):
                Path(f"{database.file}{ending}").unlink(missing_ok=True)
            database.file.unlink()
            sync_directory(database.file.parent)
        return
    with database.changing() as connection:
        for name in sa.inspect(connection).get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(f"DROP TABLE {quoted} CASCADE")
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS prevent_secrets_aad_mutation()")


def _is_store(database: Database) -> bool:
    with database.reading() as connection:
        return {"alembic_version", "experiments", "runs"} <= set(
            sa.inspect(connection).get_table_names()
        )


def _is_fresh(database: Database, change: StoreChange) -> bool:
    """Tell whether it holds nothing but the experiment "Default", as it was made."""
    stages = {"active", (change.default or {}).get("lifecycle_stage", "active")}
    if database.file is not None and not database.file.stat().st_size:
        return False
    with database.reading() as connection:
        names = set(sa.inspect(connection).get_table_names())
        if "experiments" not in names:
            return False
        for name in names:
            rows = connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
            if (rows or 0) > _FRESH.get(name, 0):
                return False
        columns: list[sa.ColumnClause[Any]] = [
            sa.column(n) for n in ("experiment_id", "name", "lifecycle_stage")
        ]
        statement = sa.select(*columns).select_from(sa.table("experiments"))
        fresh = {(0, "Default", stage) for stage in stages}
        return {tuple(row) for row in connection.execute(statement)} <= fresh

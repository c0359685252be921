"""The empty store that MLflow makes, kept so that it is made once per release of MLflow."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scorewright.adapters.guarded import sync_file
from scorewright.adapters.store_editing.quoting import quoted

__all__ = ["Template"]

_FRESH: Final = {"alembic_version": 1, "workspaces": 1, "experiments": 1}
"""Rows of a store in which nobody has worked."""


@dataclass(frozen=True, slots=True)
class Template:
    """An empty store in a file of its own; one that is broken or gone is as none.

    Attributes:
        file: Where it is kept: the name tells the release of MLflow.
        head: Revision of the schema it has to have.
    """

    file: Path
    head: str

    def copy(self, to: Path, artifact_root: str) -> bool:
        """Copy it, as if MLflow had just made it; return False where there is none.

        Args:
            to: New file.
            artifact_root: Absolute folder on this machine, below which artifacts go.

        Raises:
            OSError: The new file cannot be written.
            sqlite3.Error: Likewise.
        """
        # Addresses of other kinds are MLflow's to put together, and so are relative ones.
        if not Path(artifact_root).is_absolute() or not self._is_whole():
            return False
        shutil.copyfile(self.file, to)
        now = time.time_ns() // 1_000_000
        with closing(sqlite3.connect(to)) as connection, connection:
            connection.execute(
                "UPDATE experiments SET artifact_location = ?, creation_time = ?, "
                "last_update_time = ?",
                (f"{artifact_root.rstrip('/')}/0", now, now),
            )
        return True

    def keep(self, made: Path) -> None:
        """Keep a copy of a store that MLflow has just made; where that fails, none is kept."""
        aside = self.file.with_name(f"{self.file.name}.{os.getpid()}.partial")
        with suppress(OSError, sqlite3.Error):
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(made, aside)
                with closing(sqlite3.connect(aside)) as connection, connection:
                    connection.execute("UPDATE experiments SET artifact_location = ''")
                sync_file(aside)
                aside.replace(self.file)
            finally:
                aside.unlink(missing_ok=True)

    def _is_whole(self) -> bool:
        try:
            if not self.file.is_file():
                return False
            uri = f"{self.file.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                return _is_whole(connection, self.head)
        except (OSError, sqlite3.Error):
            return False


def _is_whole(connection: sqlite3.Connection, head: str) -> bool:
    """Tell whether every page is sound, the schema is the right one and no row too many."""
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        return False
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'"
    for (name,) in connection.execute(names).fetchall():
        count = f"SELECT COUNT(*) FROM {quoted(name)}"  # noqa: S608 - as it calls itself
        if connection.execute(count).fetchone() != (_FRESH.get(name, 0),):
            return False
    default = "SELECT experiment_id, name, lifecycle_stage FROM experiments"
    revision = "SELECT version_num FROM alembic_version"
    found = [connection.execute(sql).fetchone() for sql in (default, revision)]
    return found == [(0, "Default", "active"), (head,)]

"""MLflow's migrations, in a process of their own and on private copies alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from scorewright.core.errors import ScorewrightError

__all__ = ["Migrations", "revision_of"]

_SECONDS: Final = 3600
#: What the line of an error begins with; SQLAlchemy says more after it.
_ERROR: Final = re.compile(r"[\w.]+(?:Error|Exception): ")
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
_SCHEMA: Final = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "
    "ORDER BY type = 'trigger', type = 'index', rowid"
)


def revision_of(path: Path) -> str:
    """Return the revision of a database's schema, "" where it names none."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return "" if row is None else str(row[0])


class Migrations:
    """Upgrades private copies and makes empty databases.

    Args:
        head: Revision of the installed MLflow's schema.
        kept: Folder for the empty database of this revision, so that it is made once; None to make
            it anew each time.
    """

    def __init__(self, head: str, kept: Path | None = None) -> None:
        self.head = head
        self._kept = kept

    def upgrade(self, path: Path, location: str) -> None:
        """Bring a private copy to the newest schema.

        Args:
            path: The copy.
            location: Of the store, for people.

        Raises:
            ScorewrightError: ``consolidate-upgrade``.
        """
        self._run(path, self.head, location)

    @staticmethod
    def _run(path: Path, revision: str, location: str) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith("PYTHON")
        }
        environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", f"{__package__}.upgrading"],
                input=json.dumps([str(path), revision]) + "\n",
                capture_output=True,
                check=False,
                cwd=path.parent,
                env=environment,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise _failed(location, f"no answer within {_SECONDS} s") from error
        said = [line for line in done.stderr.splitlines() if line.strip()]
        if done.returncode:
            named = [line for line in said if _ERROR.match(line)] or said
            raise _failed(location, named[-1][:500] if named else f"exit code {done.returncode}")
        if revision_of(path) != revision:
            raise _failed(location, f"it ended at revision {revision_of(path) or 'none'}")

    def make(self, path: Path, revision: str) -> None:
        """Make an empty database at a revision of its own.

        Args:
            path: New.
            revision: As the migrations call it.

        Raises:
            ScorewrightError: ``consolidate-upgrade``.
        """
        self._run(path, revision, f"an empty database at revision {revision}")

    def empty(self, path: Path, like: Path | None = None) -> None:
        """Make an empty database at the newest schema.

        Args:
            path: New.
            like: A database that has the schema; saves MLflow's migrations.
        """
        kept = None if self._kept is None else self._kept / f"mlflow-{self.head}.db"
        if like is not None:
            _make_like(like, path)
        elif kept is not None and _is_whole(kept, self.head):
            shutil.copyfile(kept, path)
        else:
            self.upgrade(path, "an empty database")
            if kept is not None:
                _keep(path, kept)


def _is_whole(kept: Path, head: str) -> bool:
    """Tell whether every page of a kept database is sound, and its schema the right one."""
    try:
        if not kept.is_file():
            return False
        with closing(sqlite3.connect(f"{kept.absolute().as_uri()}?mode=ro", uri=True)) as found:
            is_sound = found.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
        return is_sound and revision_of(kept) == head
    except (OSError, sqlite3.Error):
        return False


def _keep(path: Path, kept: Path) -> None:
    """Keep a copy for the next time; where that fails, none is kept."""
    aside = kept.with_suffix(f".{os.getpid()}.partial")
    with suppress(OSError):
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside)
            aside.replace(kept)
        finally:
            aside.unlink(missing_ok=True)


def _make_like(like: Path, path: Path) -> None:
    with closing(sqlite3.connect(like)) as source, closing(sqlite3.connect(path)) as target:
        target.execute("PRAGMA synchronous = OFF")
        target.execute("BEGIN")
        for (statement,) in source.execute(_SCHEMA).fetchall():
            target.execute(statement)
        (revision,) = source.execute("SELECT version_num FROM alembic_version").fetchone()
        target.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        target.commit()


def _failed(location: str, reason: str) -> ScorewrightError:
    return ScorewrightError(
        f"MLflow's migrations failed on a private copy of {location}: {reason}. The store itself "
        "was not touched.",
        remedy="Check it with 'scorewright store audit'; a database whose upgrade was broken off "
        "once has to be restored from its backup first.",
        code="consolidate-upgrade",
    )

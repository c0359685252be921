"""Private copies of stores, all at the schema of the installed MLflow."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

from scorewright.adapters.database_stores import opened
from scorewright.adapters.store_staging.migrations import Migrations, revision_of
from scorewright.adapters.store_staging.server_copy import copy_server
from scorewright.adapters.store_staging.snapshot_rows import experiment_numbers, write_snapshot
from scorewright.adapters.store_staging.texts import mend_texts
from scorewright.adapters.store_staging.tree_traces import write_traces
from scorewright.core.consolidation import DEFAULT
from scorewright.core.errors import UsageError
from scorewright.core.snapshot import Snapshot, SourceKind
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.flows.store.consolidate_ports import Stage

__all__ = ["StoreStaging"]

_STAGE: Final = "copy"
_NEWER: Final = "STORE-023"
_NOT_UTF8: Final = "STORE-028"


class StoreStaging:
    """Copies stores; they are read, never changed, and MLflow sees the copies alone.

    Args:
        head: Revision of the installed MLflow's schema.
        kept: Folder in which the empty database of this revision is kept; None to make it anew.
    """

    def __init__(self, head: str, kept: Path | None = None) -> None:
        self._migrations = Migrations(head, kept)

    def stage(
        self, location: str, label: str, snapshot: Snapshot, folder: Path, notify: Notify
    ) -> Stage:
        """Copy a store into a folder and bring the copy to the newest schema.

        Args:
            location: As the user wrote it.
            label: Short name.
            snapshot: The same store; with history where it is a tree or a server.
            folder: Private.
            notify: Told of the progress.

        Raises:
            UsageError: ``consolidate-schema-newer``.
            ScorewrightError: ``consolidate-upgrade``, ``store-locked``, ``store-unreachable``,
                ``store-invalid``.
        """
        source = snapshot.source
        notify(StageStarted(_STAGE))
        _refuse_newer(snapshot)
        path = folder / f"stage-{len(list(folder.iterdir()))}.db"
        notes: tuple[str, ...] = ()
        left: dict[str, int] = {}
        match source.kind:
            case SourceKind.SQLITE:
                _copy(Path(source.location), path, notify)
                revision = revision_of(path)
            case SourceKind.POSTGRESQL | SourceKind.MYSQL:
                revision = copy_server(location, path, self._migrations)
            case _:
                revision = ""
                self._migrations.empty(path, self._like(folder))
                notes, left = _write(snapshot, path)
        if revision_of(path) != self._migrations.head:
            self._migrations.upgrade(path, source.location)
        if any(finding.code == _NOT_UTF8 for finding in snapshot.findings):
            mend_texts(path)
        notify(StageDone(_STAGE, source.location))
        return Stage(source.location, label, path, revision, notes, left=left)

    def empty(self, folder: Path, root: str) -> Path:
        """Make a database as MLflow makes it: with the experiment "Default" and nothing else.

        Args:
            folder: Private; copies in it that have the schema already save work.
            root: Folder below which new artifacts go.

        Raises:
            ScorewrightError: ``consolidate-upgrade``.
        """
        path = folder / "empty.db"
        self._migrations.empty(path, self._like(folder))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, "
                "lifecycle_stage, workspace) VALUES (0, ?, ?, 'active', 'default')",
                (DEFAULT, f"{root}/0"),
            )
            connection.commit()
        return path

    def _like(self, folder: Path) -> Path | None:
        """Return a copy that was at the newest schema from the start or is so now."""
        for path in sorted(folder.glob("stage-*.db")):
            if path.stat().st_size and revision_of(path) == self._migrations.head:
                return path
        return None


def _refuse_newer(snapshot: Snapshot) -> None:
    for finding in snapshot.findings:
        if finding.code == _NEWER:
            raise UsageError(
                f"{snapshot.source.location}: {finding.message}",
                remedy=finding.remedy,
                code="consolidate-schema-newer",
            )


def _write(snapshot: Snapshot, path: Path) -> tuple[tuple[str, ...], dict[str, int]]:
    """Write what was read; return what a reader should know, and what is left by line."""
    rows = write_snapshot(snapshot, path)
    unread, notes = _not_read(snapshot, path)
    notes = (
        *rows.notes,
        *notes,
        *(f"{n:,} {what} are read by number only; left." for what, n in unread.items()),
    )
    return notes, dict(Counter(rows.left) + Counter(unread))


def _not_read(snapshot: Snapshot, path: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    """Write the traces of a tree; count what is known as a number only, and name the damaged."""
    notes: tuple[str, ...] = ()
    traces = int(snapshot.traces["traces"].sum())
    others = dict(snapshot.others.iter_rows())
    if snapshot.source.kind is SourceKind.FILES and traces:
        numbers = experiment_numbers(snapshot.experiments["experiment_id"].to_list())
        written = write_traces(Path(snapshot.source.folder), path, numbers)
        notes = tuple(written.notes)
        traces -= written.traces
        others["assessments"] = others.get("assessments", 0) - written.assessments
    counts = {"traces": traces, "other rows": sum(others.values())}
    return {what: number for what, number in counts.items() if number > 0}, notes


def _copy(file: Path, path: Path, notify: Notify) -> None:
    with opened(file, notify) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        # A copy in WAL mode would need files beside it.
        copy.execute("PRAGMA journal_mode = DELETE")

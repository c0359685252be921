"""Private copies of stores, all at the schema of the installed MLflow."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from scorewright.adapters.database_stores import opened
from scorewright.adapters.file_stores import traces_of_tree
from scorewright.adapters.server_stores import HttpTraces
from scorewright.adapters.store_staging.migrations import Migrations, revision_of
from scorewright.adapters.store_staging.no_numbers import mend_nans
from scorewright.adapters.store_staging.server_copy import copy_server
from scorewright.adapters.store_staging.server_traces import write_server_traces
from scorewright.adapters.store_staging.set_aside import SetAside
from scorewright.adapters.store_staging.snapshot_rows import (
    WrittenSnapshot,
    experiment_numbers,
    write_snapshot,
)
from scorewright.adapters.store_staging.texts import mend_texts
from scorewright.adapters.store_staging.trace_writer import WrittenTraces
from scorewright.adapters.store_staging.tree_traces import write_tree_traces
from scorewright.core.consolidation import DEFAULT
from scorewright.core.counting import counted
from scorewright.core.errors import UsageError
from scorewright.core.snapshot import Snapshot, SourceKind
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.flows.store.consolidate_ports import Stage

__all__ = ["StoreStaging"]

_STAGE: Final = "copy"
_NEWER: Final = "STORE-023"
_ARCHIVE: Final = "mlflow.trace.archiveLocation"
_UNKNOWN: Final = "STATE_UNSPECIFIED"
_STATES: Final = ("OK", "ERROR", "IN_PROGRESS", _UNKNOWN)


class StoreStaging:
    """Copies stores; they are read, never changed, and MLflow sees the copies alone.

    Args:
        head: Revision of the installed MLflow's schema.
        kept: Folder in which the empty database of this revision is kept; None to make it anew.
        traces: Gives the traces of a tracking server, from its location.
    """

    def __init__(
        self,
        head: str,
        kept: Path | None = None,
        traces: Callable[[str], HttpTraces] = HttpTraces,
    ) -> None:
        self._migrations, self._traces = Migrations(head, kept), traces

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
                rows = write_snapshot(snapshot, path)
                traces = self._write_traces(location, snapshot, path, notify)
                notes, left = _told(snapshot, rows, traces)
        notes = (*notes, *mend_nans(path))
        told = self._brought_up(path, source.location)
        notes = (*notes, *told, *_stated(path), *_archived(path))
        notify(StageDone(_STAGE, source.location))
        return Stage(source.location, label, path, revision, notes, left=left)

    def _brought_up(self, path: Path, location: str) -> list[str]:
        """Bring a copy to the newest schema, and return what a reader should know."""
        notes = mend_texts(path)
        if revision_of(path) == self._migrations.head:
            return notes
        aside = SetAside(path)
        notes += aside.take()
        self._migrations.upgrade(path, location)
        return [*notes, *aside.put_back()]

    def _write_traces(
        self, location: str, snapshot: Snapshot, path: Path, notify: Notify
    ) -> WrittenTraces:
        """Write the traces of a tree or a server, which a snapshot only counts."""
        experiments = snapshot.experiments["experiment_id"].to_list()
        numbers = experiment_numbers(experiments)
        if not snapshot.traces["traces"].sum():
            return WrittenTraces()
        if snapshot.source.kind is SourceKind.FILES:
            found = traces_of_tree(Path(snapshot.source.folder))
            return write_tree_traces(found, path, numbers)
        with_traces = snapshot.traces["experiment_id"].unique(maintain_order=True).to_list()
        runs = snapshot.runs["run_id"].to_list()
        told = self._traces(location).read(with_traces, runs, notify)
        return write_server_traces(told, path, numbers)

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


def _told(
    snapshot: Snapshot, rows: WrittenSnapshot, traces: WrittenTraces
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return what a reader should know, and what is left: some is known as a number only."""
    others = Counter(dict(snapshot.others.iter_rows()))
    others["assessments"] -= traces.assessments
    others["spans"] += traces.without_spans
    others = +others
    left = {
        "traces": int(snapshot.traces["traces"].sum()) - traces.traces,
        "other rows": others.total(),
    }
    unread = {what: number for what, number in left.items() if number > 0}
    notes = [*rows.notes, *traces.notes]
    if unread.get("traces"):
        notes.append(f"{unread['traces']:,} traces are read by number only; left.")
    if others:
        shown = ", ".join(f"{number:,} of {table}" for table, number in sorted(others.items()))
        notes.append(f"Other rows are read by number only: {shown}; left.{_hint(snapshot)}")
    return tuple(notes), dict(Counter(rows.left) + Counter(unread))


def _stated(path: Path) -> list[str]:
    """Give a trace whose state MLflow does not know the one for that: it would show none at all."""
    known = ", ".join("?" * len(_STATES))
    with closing(sqlite3.connect(path)) as connection, connection:
        sql = f"SELECT status, COUNT(*) FROM trace_info WHERE status NOT IN ({known}) GROUP BY 1"  # noqa: S608 - marks
        found = dict(connection.execute(sql, _STATES).fetchall())
        connection.execute(
            f"UPDATE trace_info SET status = ? WHERE status NOT IN ({known})",  # noqa: S608 - marks
            (_UNKNOWN, *_STATES),
        )
    return [
        f"{counted(number, 'trace')} of the state '{state}', which MLflow cannot show, "
        f"{'becomes' if number == 1 else 'become'} {_UNKNOWN}."
        for state, number in sorted(found.items())
    ]


def _archived(path: Path) -> list[str]:
    """Say that the spans of archived traces stay where they were archived."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT COUNT(*), MIN(value) FROM trace_tags WHERE key = ?"
        traces, place = connection.execute(sql, (_ARCHIVE,)).fetchone()
    if not traces:
        return []
    note = (
        f"The spans of {counted(traces, 'archived trace')} stay where they are, such as {place}: "
        "the new store refers to them there. Keep that folder; deleting such a trace in the new "
        "store deletes them."
    )
    return [note]


def _hint(snapshot: Snapshot) -> str:
    if snapshot.source.kind is not SourceKind.SERVER:
        return ""
    return " Name the server's database instead of its address to have them, too."


def _copy(file: Path, path: Path, notify: Notify) -> None:
    with opened(file, notify) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        # A copy in WAL mode would need files beside it.
        copy.execute("PRAGMA journal_mode = DELETE")

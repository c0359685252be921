"""The run log: runs in an MLflow store, complete, ended, and without touching MLflow's globals.

Nothing here calls MLflow's fluent interface (``mlflow.start_run`` and its like) or sets its
tracking URI: a program that uses MLflow for itself finds everything as it left it.
"""

from __future__ import annotations

import contextlib
import getpass
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation, mask
from scorewright.adapters.mlflow_store.opening import (
    ensure_experiment,
    open_client,
    prepare_store,
)
from scorewright.adapters.mlflow_store.run_handle import MlflowRun
from scorewright.adapters.mlflow_store.run_index import FAILURE, existing_run
from scorewright.adapters.mlflow_store.server import require_reachable
from scorewright.adapters.mlflow_store.vendor_errors import stdout_to_stderr, translated
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import RunStart

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["MlflowRunContext", "MlflowRunLog"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_MAX_FAILURE = 2000


class MlflowRunLog:
    """Runs in an MLflow store.

    Args:
        tracking_uri: SQLite file, database or server.
        artifact_root: Folder that holds the artifacts of every experiment made here as
            ``<artifact_root>/<experiment id>``. By default the folder of the SQLite file. A
            server decides that for itself.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path | None = None) -> None:
        self._uri = tracking_uri
        self._artifact_root = artifact_root

    def location(self) -> str:
        """Return the tracking URI for people, without a password."""
        return mask(self._uri)

    def start(self, start: RunStart) -> MlflowRunContext:
        """Check the store, make it and the experiment where they are missing, prepare the run.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-schema``, ``store-locked``,
                ``store-legacy``, ``store-moved``, ``store-unreachable``, ``store-write-failed``,
                ``experiment-deleted``, ``store-refused``.
            UsageError: ``store-uri``, ``store-driver``.
        """
        location = StoreLocation.parse(self._uri)
        root = self._artifact_root or (location.file.parent if location.file else Path("mlruns"))
        prepare_store(location, root)
        client = open_client(location)
        experiment_id = ensure_experiment(client, location, root, start.experiment)
        return MlflowRunContext(client, location, experiment_id, start)


class MlflowRunContext:
    """A run from its beginning to its end, whatever happens in between."""

    def __init__(
        self, client: MlflowClient, location: StoreLocation, experiment_id: str, start: RunStart
    ) -> None:
        self._client = client
        self._location = location
        self._experiment_id = experiment_id
        self._start = start
        self._run_id = ""

    def __enter__(self) -> MlflowRun:
        """Create the run with its name, description and tags, or open the earlier one again.

        Raises:
            UsageError: ``run-missing``: the run it continues is not there.
        """
        began = time.time_ns() // 1_000_000
        try:
            if self._start.continues is not None:
                self._reopen(self._start.continues)
            else:
                self._create(began)
            return MlflowRun(self._client, self._location, self._run_id, self._experiment_id)
        except BaseException as error:
            # Nobody calls __exit__ for a run that could not be entered.
            if not self._run_id and isinstance(error, KeyboardInterrupt | SystemExit):
                self._run_id = self._unheard(began)
            if self._run_id:
                self.__exit__(type(error), error, error.__traceback__)
            raise

    def _create(self, began: int) -> None:
        with translated(self._location):
            run = self._client.create_run(
                self._experiment_id,
                start_time=began,
                tags=_tags(self._start),
                run_name=self._start.name,
            )
        self._run_id = run.info.run_id

    def _unheard(self, began: int) -> str:
        """Return the id of a run that the store made, and of which an interrupt kept the news.

        Args:
            began: Milliseconds since 1970, as it was given to the store.
        """
        wanted = _tags(self._start).items()
        with contextlib.suppress(ScorewrightError), translated(self._location):
            found = self._client.search_runs(
                [self._experiment_id],
                f"attributes.status = 'RUNNING' and attributes.start_time = {began}",
            )
            own = [run.info.run_id for run in found if wanted <= run.data.tags.items()]
            return own[0] if len(own) == 1 else ""
        return ""

    def _reopen(self, run_id: str) -> None:
        """Let an ended run go on: its name and tags are those of today, its figures stay."""
        from mlflow.entities import RunTag  # noqa: PLC0415 - heavy

        run = existing_run(self._client, self._location, run_id)
        self._run_id = run_id
        with translated(self._location):
            self._client.update_run(self._run_id, status="RUNNING", name=self._start.name)
            tags = [RunTag(name, value) for name, value in _tags(self._start).items()]
            self._client.log_batch(self._run_id, tags=tags, synchronous=True)
            if FAILURE in run.data.tags:
                self._client.delete_tag(self._run_id, FAILURE)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """End it as FINISHED, KILLED on an interrupt, FAILED with the reason in a tag."""
        if error is None:
            self._end("FINISHED", None)
            return
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        try:
            self._end("KILLED" if interrupted else "FAILED", _reason(error))
        except ScorewrightError as second:
            # What stopped the run matters more than that its end could not be written down.
            if isinstance(error, BaseException):
                error.add_note(f"The run {self._run_id} stays open: {second}")

    def _end(self, status: str, failure: str | None) -> None:
        if self._location.kind is StoreKind.HTTP:
            require_reachable(self._location)
        with translated(self._location), stdout_to_stderr():
            if failure is not None:
                self._client.set_tag(self._run_id, FAILURE, failure)
            self._client.set_terminated(self._run_id, status)


def _tags(start: RunStart) -> dict[str, str]:
    """Return the run's tags with those MLflow's own pages show."""
    own = {
        "mlflow.runName": start.name,
        "mlflow.note.content": start.description,
        "mlflow.user": _user(),
        "mlflow.source.name": "scorewright",
        "mlflow.source.type": "LOCAL",
    }
    if commit := _COMMIT.match(start.tags.get("git_commit", "")):
        own["mlflow.source.git.commit"] = commit.group()
    if start.parent is not None:
        own["mlflow.parentRunId"] = start.parent
    return {**start.tags, **own}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"


def _reason(error: object) -> str:
    code = f" [{error.code}]" if isinstance(error, ScorewrightError) else ""
    return f"{type(error).__name__}{code}: {error}"[:_MAX_FAILURE]

"""The run index: finds runs again in an MLflow store, reads them back, and clears leftovers away.

A store that is not there is never made: looking for something changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.mlflow_store.database import check_database
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.opening import open_client
from scorewright.adapters.mlflow_store.server import require_reachable, require_supported
from scorewright.adapters.mlflow_store.sqlite_file import check_sqlite
from scorewright.adapters.mlflow_store.vendor_errors import stdout_to_stderr, translated
from scorewright.core.errors import UsageError
from scorewright.flows.ports import RunView

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

__all__ = ["FAILURE", "MlflowRunIndex", "existing_run"]

#: Tag with the reason why a run did not finish.
FAILURE = "failure"

_PAGE = 1000
_OPEN = ("RUNNING", "SCHEDULED")
#: Texts that MLflow's search language takes between quotes as they are.
_PLAIN = re.compile(r"[\w .:@/+-]+")


class MlflowRunIndex:
    """Runs of an MLflow store.

    Args:
        tracking_uri: SQLite file, database or server.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._uri = tracking_uri
        self._opened: MlflowClient | None = None

    def find(self, experiment: str, tags: Mapping[str, str]) -> Sequence[RunView]:
        """Return the runs of an experiment that carry all these tags, the oldest first.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-schema``, ``store-locked``,
                ``store-legacy``, ``store-unreachable``, ``store-refused``.
            UsageError: ``store-uri``, ``store-driver``.
        """
        client, location = self._client()
        if client is None:
            return ()
        with translated(location):
            found = client.get_experiment_by_name(experiment)
            if found is None:
                return ()
            views = [_view(run) for run in _search(client, str(found.experiment_id), tags)]
        kept = [view for view in views if tags.items() <= view.tags.items()]
        return tuple(sorted(kept, key=lambda view: (view.started, view.run_id)))

    def get(self, run_id: str) -> RunView:
        """Return one run.

        Raises:
            UsageError: ``run-missing``: the store has no such run, or it lies in MLflow's bin.
        """
        return _view(self._run(run_id)[2])

    def histories(self, run_id: str, names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """Return metric histories in the order of their steps; absent ones are left out."""
        client, location, run = self._run(run_id)
        found = {}
        with translated(location):
            for name in names:
                if name in run.data.metrics:
                    points = client.get_metric_history(run_id, name)
                    ordered = sorted(points, key=lambda p: (p.step, p.timestamp))
                    found[name] = tuple(float(p.value) for p in ordered)
        return found

    def artifacts(self, run_id: str) -> frozenset[str]:
        """Return the relative paths of all artifact files of a run."""
        client, location, _ = self._run(run_id)
        with translated(location):
            return frozenset(_files(client, run_id, None))

    def artifact(self, run_id: str, path: str) -> bytes:
        """Return one artifact.

        Raises:
            UsageError: ``artifact-missing``.
        """
        client, location, run = self._run(run_id)
        parts = PurePosixPath(path)
        above = "nowhere" if parts.is_absolute() or ".." in parts.parts else str(parts.parent)
        with translated(location), private_folder("artifact") as folder:
            # Asked first: a server is asked again and again for what it does not have.
            beside = client.list_artifacts(run_id, None if above == "." else above)
            if any(entry.path == path and not entry.is_dir for entry in beside):
                return Path(client.download_artifacts(run_id, path, str(folder))).read_bytes()
        raise UsageError(
            f"The run '{run.info.run_name}' ({run_id}) has no artifact '{path}'.",
            remedy="Name one of its artifacts; 'scorewright ui' shows them.",
            code="artifact-missing",
            details={"run_id": run_id, "path": path},
        )

    def discard(self, run_id: str, reason: str) -> None:
        """End a run that an interruption left behind as KILLED, and move it to MLflow's bin.

        Models it began to log go with it: nobody will ever finish them.
        """
        client, location, run = self._run(run_id)
        with translated(location), stdout_to_stderr():
            client.set_tag(run_id, FAILURE, reason)
            if run.info.status in _OPEN:
                client.set_terminated(run_id, "KILLED")
            models = client.search_logged_models(
                [run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'"
            )
            for model in models:
                client.delete_logged_model(model.model_id)
            client.delete_run(run_id)

    def _client(self) -> tuple[MlflowClient | None, StoreLocation]:
        location = StoreLocation.parse(self._uri)
        if location.kind is StoreKind.HTTP:
            require_reachable(location)
        if self._opened is None and _is_there(location):
            self._opened = open_client(location)
        return self._opened, location

    def _run(self, run_id: str) -> tuple[MlflowClient, StoreLocation, Run]:
        client, location = self._client()
        if client is None:
            raise _missing(run_id, location)
        return client, location, existing_run(client, location, run_id)


def existing_run(client: MlflowClient, location: StoreLocation, run_id: str) -> Run:
    """Return a run that is in the store and not in its bin.

    Raises:
        UsageError: ``run-missing``.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    with translated(location):
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise _missing(run_id, location) from error
            raise
    if run.info.lifecycle_stage == "deleted":
        raise _missing(run_id, location)
    return run


def _missing(run_id: str, location: StoreLocation) -> UsageError:
    return UsageError(
        f"The tracking store {location.shown} has no run '{run_id}'.",
        remedy="Name a run that 'scorewright ui' shows; a deleted one comes back with "
        f"MLFLOW_TRACKING_URI={location.shown} mlflow runs restore --run-id {run_id}.",
        code="run-missing",
        details={"run_id": run_id},
    )


def _is_there(location: StoreLocation) -> bool:
    """Return whether a store of the right schema is there, and make none."""
    if location.file is not None:
        return check_sqlite(location.file, location)
    if location.kind is StoreKind.DATABASE:
        return check_database(location)
    if location.kind is StoreKind.HTTP:
        require_supported(location)
    return True


def _search(client: MlflowClient, experiment_id: str, tags: Mapping[str, str]) -> Iterator[Run]:
    wanted = [
        f"tags.`{name}` = '{value}'"
        for name, value in tags.items()
        if _PLAIN.fullmatch(name) and _PLAIN.fullmatch(value)
    ]
    token = None
    while True:
        page = client.search_runs(
            [experiment_id], " and ".join(wanted), max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _view(run: Run) -> RunView:
    inputs = run.inputs.dataset_inputs if run.inputs is not None else []
    known = [i for i in inputs if i.dataset.digest and any(t.value for t in i.tags)]
    return RunView(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics={name: float(value) for name, value in run.data.metrics.items()},
        started=int(run.info.start_time),
        # A run that was opened again still has the end it had before.
        ended=None if run.info.status in _OPEN else run.info.end_time,
        inputs=len(known),
    )


def _files(client: MlflowClient, run_id: str, folder: str | None) -> Iterator[str]:
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from _files(client, run_id, entry.path)
        else:
            yield entry.path

"""Opening a store: checked first, made in one piece, its artifacts in the project."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock, Timeout

from scorewright.adapters.mlflow_store.database import check_database
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.server import require_reachable, require_supported
from scorewright.adapters.mlflow_store.sqlite_file import check_sqlite, require_writable
from scorewright.adapters.mlflow_store.vendor_errors import locked, translated, write_failed
from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

__all__ = ["ensure_experiment", "open_client", "prepare_store"]

#: Making a new database takes about a second; a crashed maker leaves no lock behind.
_MAKING_SECONDS = 60.0


def prepare_store(location: StoreLocation, artifact_root: Path) -> None:
    """Check a store and make it where it is not there yet.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-schema``, ``store-locked``,
            ``store-unreachable``, ``store-write-failed``.
        UsageError: ``store-driver``.
    """
    if location.file is not None:
        if not check_sqlite(location.file, location):
            _make_sqlite(location.file, location, artifact_root)
        require_writable(location.file, location)
    elif location.kind is StoreKind.HTTP:
        require_reachable(location)
        require_supported(location)
    elif location.kind is StoreKind.DATABASE and not check_database(location):
        with translated(location):
            _store(location.uri, artifact_root)


def _make_sqlite(file: Path, location: StoreLocation, artifact_root: Path) -> None:
    """Make a new store aside and rename it: an interrupt leaves nothing half-made."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(".making.lock"), timeout=_MAKING_SECONDS):
            if check_sqlite(file, location):  # made by another process in the meantime
                return
            for left in file.parent.glob(".partial-*.db*"):  # of makers that were killed
                left.unlink(missing_ok=True)
            aside = file.with_name(f".partial-{secrets.token_hex(8)}.db")
            try:
                with translated(location):
                    store = _store(f"sqlite:///{aside.as_posix()}", artifact_root)
                    store.engine.dispose()
                aside.replace(file)
            finally:
                aside.unlink(missing_ok=True)
    except Timeout as error:
        raise locked(location) from error
    except OSError as error:
        raise write_failed(error, location) from error


# MLflow takes the artifact root of new experiments from the constructor of its SQL store and from
# nowhere else: `MlflowClient` always passes "./mlruns", relative to wherever the program happens
# to be started. The alternative, `create_experiment(name, artifact_location=...)`, needs the id
# that the database has yet to choose, and cannot help the experiment "Default", which the first
# opening creates. The class is what `mlflow server` itself constructs with
# `--default-artifact-root`; its two positional arguments have not changed since MLflow 1.
def _store(uri: str, artifact_root: Path) -> Any:  # noqa: ANN401 - MLflow gives it no public type
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - heavy

    return SqlAlchemyStore(uri, str(artifact_root.absolute()))  # type: ignore[no-untyped-call]


def open_client(location: StoreLocation) -> MlflowClient:
    """Return a client that looks at nothing but its arguments.

    The registry is named too: otherwise the client would take it from the environment.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - takes seconds to import

    with translated(location):
        return MlflowClient(tracking_uri=location.uri, registry_uri=location.uri)


def ensure_experiment(
    client: MlflowClient, location: StoreLocation, artifact_root: Path, name: str
) -> str:
    """Return the id of an experiment, made where it is not there yet.

    Raises:
        ScorewrightError: ``experiment-deleted``, ``store-moved``, and what `translated` raises.
    """
    with translated(location):
        found = client.get_experiment_by_name(name)
        if found is None:
            _create(client, location, artifact_root, name)
            found = client.get_experiment_by_name(name)
    if found is None:
        raise ScorewrightError(
            f"The tracking store {location.shown} made no experiment '{name}'.",
            remedy="Run the command again.",
            code="store-refused",
        )
    _refuse_deleted(found, location)
    if location.file is not None:
        _refuse_moved(found, artifact_root, location)
    return str(found.experiment_id)


def _create(client: MlflowClient, location: StoreLocation, artifact_root: Path, name: str) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    in_database = location.kind in (StoreKind.SQLITE, StoreKind.DATABASE)
    maker = _store(location.uri, artifact_root) if in_database else client
    try:
        maker.create_experiment(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process was quicker
            raise


def _refuse_deleted(experiment: Experiment, location: StoreLocation) -> None:
    if experiment.lifecycle_stage == "deleted":
        raise ScorewrightError(
            f"The experiment '{experiment.name}' was deleted; its name stays taken.",
            remedy=(
                f"MLFLOW_TRACKING_URI={location.shown} mlflow experiments restore "
                f"--experiment-id {experiment.experiment_id}, or set tracking.experiment in "
                "scorewright.toml to another name."
            ),
            code="experiment-deleted",
        )


def _refuse_moved(experiment: Experiment, artifact_root: Path, location: StoreLocation) -> None:
    """Refuse an experiment whose artifacts would go to a folder that was moved away.

    MLflow would silently make the old folder again and write there.
    """
    uri = str(experiment.artifact_location)
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return
    place = Path(url2pathname(parts.path) if parts.scheme == "file" else uri)
    here = artifact_root.absolute() / str(experiment.experiment_id)
    if place == here or place.parent.exists():
        return
    raise ScorewrightError(
        f"The experiment '{experiment.name}' of {location.shown} keeps its artifacts in {place}, "
        "a folder that is not there any more.",
        remedy="Move the project back to where it was, or set tracking.experiment in "
        "scorewright.toml to another name: a new experiment keeps its artifacts here.",
        code="store-moved",
    )

"""One open run, written to through `MlflowClient` alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.mlflow_store.dataset import dataset_entity
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.adapters.mlflow_store.model_directory import ModelIdentity, write_model_directory
from scorewright.adapters.mlflow_store.server import require_reachable
from scorewright.adapters.mlflow_store.values import (
    LONG_PARAMS,
    MAX_PARAM,
    finite,
    param_text,
    shortened,
)
from scorewright.adapters.mlflow_store.vendor_errors import translated
from scorewright.core.bundles import Manifest
from scorewright.flows.ports import DatasetInput

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["MlflowRun"]


class MlflowRun:
    """Logs into one run. `MlflowClient` splits what is too much for one request.

    Attributes:
        run_id: Id of the run.
        experiment_id: Id of its experiment.
    """

    def __init__(
        self, client: MlflowClient, location: StoreLocation, run_id: str, experiment_id: str
    ) -> None:
        self.run_id = run_id
        self.experiment_id = experiment_id
        self._client = client
        self._location = location
        self._params: dict[str, str] = {}
        self._long: dict[str, str] = {}
        self._metrics: dict[str, tuple[float, int]] = {}
        self._dataset: tuple[str, str] | None = None

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters. Values longer than MLflow keeps go whole into ``params_long.json``.

        Raises:
            ScorewrightError: ``store-refused`` for a name MLflow does not take, or a value that
                was logged before and was different.
        """
        from mlflow.entities import Param  # noqa: PLC0415 - heavy

        texts = {name: param_text(value) for name, value in params.items()}
        long = {name: text for name, text in texts.items() if len(text) > MAX_PARAM}
        kept = texts | {name: shortened(text) for name, text in long.items()}
        self._require_reachable()
        with translated(self._location):
            self._client.log_batch(
                self.run_id, params=[Param(k, v) for k, v in kept.items()], synchronous=True
            )
        self._params |= kept
        if long:
            self._long |= long
            data = json.dumps(self._long, indent=2, sort_keys=True).encode("utf-8")
            self.log_files({LONG_PARAMS: data})

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log final metrics (step 0).

        Raises:
            ScorewrightError: ``metric-not-finite``; nothing is logged then.
        """
        now = _milliseconds()
        values = {name: (finite(name, value), now) for name, value in metrics.items()}
        self._log_batch([(name, value, now, 0) for name, (value, _) in values.items()])
        self._metrics |= values

    def log_history(self, histories: Mapping[str, Sequence[float]]) -> None:
        """Log metric histories; the position is the step.

        Raises:
            ScorewrightError: ``metric-not-finite``; nothing is logged then.
        """
        now = _milliseconds()
        self._log_batch(
            [
                (name, finite(name, value), now, step)
                for name, values in histories.items()
                for step, value in enumerate(values)
            ]
        )

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag  # noqa: PLC0415 - heavy

        self._require_reachable()
        with translated(self._location):
            self._client.log_batch(
                self.run_id, tags=[RunTag(k, str(v)) for k, v in tags.items()], synchronous=True
            )

    def log_input(self, dataset: DatasetInput) -> None:
        """Log a data set as an input with its role."""
        entity = dataset_entity(dataset)
        self._require_reachable()
        with translated(self._location):
            self._client.log_inputs(self.run_id, datasets=[entity])
        if self._dataset is None:
            self._dataset = (entity.dataset.name, entity.dataset.digest)

    def log_files(self, files: Mapping[str, bytes]) -> None:
        """Log artifacts by relative path.

        Raises:
            ValueError: A path is absolute or climbs out of the run's folder.
        """
        with _empty_folder() as folder:
            with translated(self._location):
                for name, data in files.items():
                    path = PurePosixPath(name)
                    if path.is_absolute() or ".." in path.parts or not path.parts:
                        raise ValueError(f"'{name}' is no relative path of an artifact")
                    target = folder.joinpath(*path.parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(data)
            self._require_reachable()
            with translated(self._location):
                self._client.log_artifacts(self.run_id, str(folder))

    def log_model(
        self, name: str, bundle_dir: Path, manifest: Manifest, example: Mapping[str, Any]
    ) -> str:
        """Log the bundle as an MLflow model that needs no pickle.

        The model is a *logged model* of MLflow 3, linked to the run with its parameters and
        metrics, and lies under ``model/`` of the run's own artifacts besides: that is where
        ``runs:/<run id>/model`` and MLflow 2 look.

        Args:
            name: Name of the logged model.
            bundle_dir: The signed bundle.
            manifest: Its manifest.
            example: One application by feature name.

        Returns:
            ``models:/<model id>``.
        """
        self._require_reachable()
        with translated(self._location):
            model = self._client.create_logged_model(
                experiment_id=self.experiment_id,
                name=name,
                source_run_id=self.run_id,
                tags={
                    "bundle": manifest.digest,
                    "model_digest": manifest.model_digest,
                    "data_version": manifest.data_version,
                },
                params=dict(self._params),
                model_type=manifest.model_type,
            )
        identity = ModelIdentity(model.model_id, self.run_id, model.artifact_location)
        try:
            with _empty_folder() as folder, translated(self._location):
                write_model_directory(folder, bundle_dir, manifest, example, identity)
                self._client.log_model_artifacts(identity.model_id, str(folder))
                self._client.log_artifacts(self.run_id, str(folder), "model")
                self._link(identity.model_id)
        except BaseException:  # after an interrupt as well no model stays pending
            self._finalize(identity.model_id, "FAILED")
            raise
        self._finalize(identity.model_id, "READY")
        return f"models:/{identity.model_id}"

    def _finalize(self, model_id: str, status: Literal["READY", "FAILED"]) -> None:
        self._require_reachable()
        with translated(self._location):
            self._client.finalize_logged_model(model_id, status)

    def _link(self, model_id: str) -> None:
        """Make the model an output of the run and give it the run's metrics."""
        from mlflow.entities import LoggedModelOutput, Metric  # noqa: PLC0415 - heavy

        self._client.log_outputs(self.run_id, [LoggedModelOutput(model_id, step=0)])
        name, digest = self._dataset or (None, None)
        metrics = [
            Metric(
                key, value, at, 0,
                model_id=model_id, dataset_name=name, dataset_digest=digest, run_id=self.run_id,
            )
            for key, (value, at) in self._metrics.items()
        ]  # fmt: skip
        self._client.log_batch(self.run_id, metrics=metrics, synchronous=True)

    def _log_batch(self, points: Sequence[tuple[str, float, int, int]]) -> None:
        from mlflow.entities import Metric  # noqa: PLC0415 - heavy

        self._require_reachable()
        with translated(self._location):
            self._client.log_batch(
                self.run_id, metrics=[Metric(*point) for point in points], synchronous=True
            )

    def _require_reachable(self) -> None:
        """Ask a server first whether it is there: MLflow would try again for minutes."""
        if self._location.kind is StoreKind.HTTP:
            require_reachable(self._location)


@contextmanager
def _empty_folder() -> Iterator[Path]:
    """Give a folder to collect files in.

    It lies inside the temporary one: MLflow copies a folder's permissions with it, and those of
    a temporary folder would shut everybody else out of the artifacts.
    """
    with private_folder("run") as temporary:
        folder = temporary / "files"
        folder.mkdir()
        yield folder


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000

"""What a stranger reads of a run in an MLflow store."""

from __future__ import annotations

from mlflow import MlflowClient

from scorewright.core.conventions import RunRecord

__all__ = ["client_of", "read_run"]


def client_of(tracking_uri: str) -> MlflowClient:
    """Return a client that was told where the store is and nothing else."""
    return MlflowClient(tracking_uri, tracking_uri)


def read_run(tracking_uri: str, run_id: str) -> RunRecord:
    """Read a run back, every name and every value from the store."""
    client = client_of(tracking_uri)
    run = client.get_run(run_id)
    metrics = run.data.metrics
    outputs = run.outputs.model_outputs if run.outputs else []
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return RunRecord(
        name=run.info.run_name,
        experiment=client.get_experiment(run.info.experiment_id).name,
        status=run.info.status,
        metrics=metrics,
        histories={name: _history(client, run_id, name) for name in metrics},
        params=run.data.params,
        tags=run.data.tags,
        artifacts=frozenset(_files(client, run_id, None)),
        has_model=bool(outputs),
        inputs=sum(1 for i in inputs if i.dataset.digest and i.tags),
        model_type=run.data.tags.get("model_type", ""),
    )


def _history(client: MlflowClient, run_id: str, name: str) -> list[float]:
    points = sorted(client.get_metric_history(run_id, name), key=lambda point: point.step)
    return [point.value for point in points]


def _files(client: MlflowClient, run_id: str, folder: str | None) -> list[str]:
    found: list[str] = []
    for entry in client.list_artifacts(run_id, folder):
        found += _files(client, run_id, entry.path) if entry.is_dir else [entry.path]
    return found

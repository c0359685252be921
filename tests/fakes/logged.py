"""A bundle as training leaves it: logged by a run of MLflow, published with its policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.mlflow_store import MlflowRunLog
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.ports import RunStart

__all__ = ["log_bundle"]


def log_bundle(
    uri: str,
    artifacts: Path,
    store: DiskBundles,
    bundle: Bundle,
    policy_for: Callable[..., Policy],
    **changes: Any,
) -> tuple[Bundle, Path]:
    """Log a bundle as the model of a new run; return it with the run's id, and its policy."""
    start = RunStart("demo", "train", "A model.", {"project": "demo"})
    with MlflowRunLog(uri, artifacts).start(start) as run:
        bundle = replace(bundle, run_id=run.run_id)
        directory = store.publish(bundle)
        policy, file = store.publish_policy(policy_for(bundle, version=0, **changes))
        run.log_model(bundle.name, directory, bundle.manifest(), bundle.golden[0].example())
    assert policy.bundle == directory.name
    return bundle, file

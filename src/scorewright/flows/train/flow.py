"""The training flow, from table to deployed bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.project import Settings
from scorewright.flows.events import StageDone
from scorewright.flows.ports import TableSource
from scorewright.flows.train.package import make_policy
from scorewright.flows.train.prepare import prepare
from scorewright.flows.train.record import run_start
from scorewright.flows.train.run import complete_run
from scorewright.flows.train.tools import TrainTools, Validated

__all__ = ["TrainResult", "TrainTools", "train"]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What training left behind.

    Attributes:
        run_id, run_name, experiment, tracking: Where the run is found.
        model_uri: MLflow URI of the logged model.
        bundle, bundle_directory: Digest and place of the deployed bundle.
        policy, policy_file: The decision rule.
        metrics: Every logged figure.
        validated: Arrays and values for reports.
    """

    run_id: str
    run_name: str
    experiment: str
    tracking: str
    model_uri: str
    bundle: Bundle
    bundle_digest: str
    bundle_directory: Path
    policy: Policy
    policy_file: Path
    metrics: Mapping[str, float]
    validated: Validated

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright train --json``."""
        return {
            "schema_version": 1,
            "run_id": self.run_id,
            "run_name": self.run_name,
            "experiment": self.experiment,
            "tracking_uri": self.tracking,
            "model_uri": self.model_uri,
            "bundle": self.bundle_digest,
            "bundle_directory": str(self.bundle_directory),
            "model_digest": self.bundle.model_digest,
            "policy": {
                "id": self.policy.id,
                "version": self.policy.version,
                "threshold": self.policy.threshold,
                "file": str(self.policy_file),
            },
            "data_version": self.bundle.data_version,
            "metrics": dict(sorted(self.metrics.items())),
        }


def train(settings: Settings, source: TableSource, tools: TrainTools) -> TrainResult:
    """Train, validate, log and deploy one model.

    Keys and bundle store are checked first, so that no training is lost to them. Nothing is
    logged before the data and leakage checks have passed. Inside the run every
    failure ends it as FAILED with its reason; the bundle becomes current last.

    Args:
        settings: The project.
        source: The application table and its contract.
        tools: Ports.

    Returns:
        Where everything is, and every figure.

    Raises:
        FindingsError: ``data-findings``, ``leakage-findings``.
        UsageError: Wrong settings, files or columns.
        ScorewrightError: A store that cannot be used, a disk that is full.
    """
    began = tools.clock.elapsed()
    tools.bundles.check_ready()
    prepared = prepare(settings, source, tools)
    start = run_start(prepared, tools.code.commit())
    with tools.run_log.start(start) as run:
        logged = complete_run(run, start, prepared, tools, began)
        # Only now: a run that failed must not leave a signed policy behind.
        draft = make_policy(prepared, logged.validated, logged.bundle, tools.clock.now())
        policy, policy_file = tools.bundles.publish_policy(draft)
        run.log_files({"policy.json": policy.to_bytes()})
        tools.bundles.activate(policy.bundle, policy_file.name, tools.clock.now())
        tools.notify(StageDone("bundle", f"{policy.bundle[:12]}, signed and proved"))
        return TrainResult(
            run_id=run.run_id,
            run_name=start.name,
            experiment=start.experiment,
            tracking=tools.run_log.location(),
            model_uri=logged.model_uri,
            bundle=logged.bundle,
            bundle_digest=policy.bundle,
            bundle_directory=logged.directory,
            policy=policy,
            policy_file=policy_file,
            metrics=logged.metrics,
            validated=logged.validated,
        )

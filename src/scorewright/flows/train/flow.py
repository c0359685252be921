"""The training flow, from table to deployed bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorewright.core.bundles import Bundle
from scorewright.core.conventions import RunRecord, missing
from scorewright.core.decision import Policy
from scorewright.core.project import Settings
from scorewright.flows.events import Note, StageDone, StageStarted
from scorewright.flows.ports import RunHandle, RunStart, TableSource
from scorewright.flows.train.package import make_bundle, make_policy
from scorewright.flows.train.prepare import prepare
from scorewright.flows.train.record import (
    artifacts,
    dataset_input,
    parameters,
    run_record,
    run_start,
)
from scorewright.flows.train.tools import TrainTools, Validated
from scorewright.flows.train.validate import assess, cross_validate, doubts, prove_signs, refit
from scorewright.flows.verify_bundle import prove_bundle

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
        run.log_params(parameters(prepared))
        run.log_input(dataset_input(prepared))
        scores = cross_validate(prepared, tools)
        assessment = assess(prepared, scores, tools)
        tools.notify(StageStarted("refit"))
        final = refit(prepared)
        validated = Validated(prepared, scores, assessment, final, prove_signs(prepared, final))
        tools.notify(StageDone("refit", f"on all {len(prepared.y):,} rows"))
        seconds = tools.clock.elapsed() - began
        metrics = {**assessment.metrics, "training_seconds": seconds}
        for doubt in doubts(assessment):
            tools.notify(Note(doubt))
        record = _log(run, start, validated, metrics, tools)
        tools.notify(StageStarted("bundle"))
        bundle, directory = _publish(run, validated, tools)
        model_uri = run.log_model(
            bundle.name, directory, bundle.manifest(), bundle.golden[0].example()
        )
        # Only now: a run that failed must not leave a signed policy behind.
        draft = make_policy(prepared, validated, bundle, tools.clock.now())
        policy, policy_file = tools.bundles.publish_policy(draft)
        run.log_files({"policy.json": policy.to_bytes()})
        for finding in missing(record, tools.conventions):
            tools.notify(Note(f"{finding.code}: {finding.message}"))
        tools.bundles.activate(policy.bundle, policy_file.name, tools.clock.now())
        tools.notify(StageDone("bundle", f"{policy.bundle[:12]}, signed and proved"))
        return TrainResult(
            run_id=run.run_id,
            run_name=start.name,
            experiment=start.experiment,
            tracking=tools.run_log.location(),
            model_uri=model_uri,
            bundle=bundle,
            bundle_digest=policy.bundle,
            bundle_directory=directory,
            policy=policy,
            policy_file=policy_file,
            metrics=metrics,
            validated=validated,
        )


def _log(
    run: RunHandle,
    start: RunStart,
    validated: Validated,
    metrics: Mapping[str, float],
    tools: TrainTools,
) -> RunRecord:
    """Log figures, histories and artifacts; return what a reader of the store will find."""
    tools.notify(StageStarted("log"))
    run.log_metrics(metrics)
    losses = validated.final.loss_history()
    histories: dict[str, list[float]] = dict(validated.assessment.histories)
    if losses:
        histories["train_loss"] = list(losses)
    run.log_history(histories)
    files = artifacts(validated, tools.charts, tools.library_versions)
    run.log_files(files)
    tools.notify(StageDone("log", f"{len(metrics)} metrics, {len(files)} artifacts"))
    return run_record(start, validated.prepared, metrics, histories, frozenset(files))


def _publish(run: RunHandle, validated: Validated, tools: TrainTools) -> tuple[Bundle, Path]:
    """Publish the bundle, verify it, and prove it in a disposable child."""
    bundle = make_bundle(validated, run.run_id, tools.clock.now(), tools.library_versions)
    directory = tools.bundles.publish(bundle)
    prove_bundle(tools.prover, directory, tools.bundles.verify(directory))
    return bundle, directory

"""One complete run: validated, fitted, logged by the conventions, with a model that was proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scorewright.core.bundles import Bundle
from scorewright.core.conventions import RunRecord, missing
from scorewright.flows.events import Note, StageDone, StageStarted
from scorewright.flows.ports import RunHandle, RunStart
from scorewright.flows.train.kept import kept_figures
from scorewright.flows.train.package import make_bundle
from scorewright.flows.train.record import artifacts, dataset_input, parameters, run_record
from scorewright.flows.train.tools import Prepared, TrainTools, Validated
from scorewright.flows.train.validate import (
    Watch,
    assess,
    cross_validate,
    doubts,
    prove_signs,
    refit,
)
from scorewright.flows.verify_bundle import prove_bundle

__all__ = ["CompleteRun", "complete_run", "validate"]


@dataclass(frozen=True, slots=True)
class CompleteRun:
    """What a run left behind.

    Attributes:
        validated: Figures, predictions and the fitted model.
        metrics: Every logged figure.
        bundle, directory: The proved bundle and where it was published.
        model_uri: MLflow URI of the logged model.
    """

    validated: Validated
    metrics: Mapping[str, float]
    bundle: Bundle
    directory: Path
    model_uri: str


def validate(prepared: Prepared, tools: TrainTools, watch: Watch | None = None) -> Validated:
    """Cross-validate, calibrate, choose a threshold and fit on all rows.

    Args:
        prepared: Rows, folds, learner and sampling.
        tools: Ports.
        watch: Hears every fold as it is done.

    Raises:
        ScorewrightError: ``monotone-violated``.
    """
    scores = cross_validate(prepared, tools, watch)
    assessment = assess(prepared, scores, tools)
    tools.notify(StageStarted("refit"))
    final = refit(prepared, scores.params)
    validated = Validated(prepared, scores, assessment, final, prove_signs(prepared, final))
    tools.notify(StageDone("refit", f"on all {len(prepared.y):,} rows"))
    return validated


def complete_run(
    run: RunHandle,
    start: RunStart,
    prepared: Prepared,
    tools: TrainTools,
    began: float,
    watch: Watch | None = None,
) -> CompleteRun:
    """Do all a training run does inside an open run.

    Args:
        run: The open run.
        start: How it was started.
        prepared: Rows, folds, learner and sampling.
        tools: Ports; the bundle is published in their store of bundles.
        began: When the work began, on the clock of the tools.
        watch: Hears every fold as it is done.
    """
    run.log_input(dataset_input(prepared))
    validated = validate(prepared, tools, watch)
    run.log_params(parameters(prepared, validated.out_of_fold.params))
    seconds = tools.clock.elapsed() - began
    kept = kept_figures(validated.final)
    metrics = {**validated.assessment.metrics, **kept, "training_seconds": seconds}
    for doubt in doubts(validated.assessment):
        tools.notify(Note(doubt))
    record = _log(run, start, validated, metrics, tools)
    tools.notify(StageStarted("bundle"))
    bundle, directory = _publish(run, validated, tools)
    model_uri = run.log_model(bundle.name, directory, bundle.manifest(), bundle.golden[0].example())
    for finding in missing(record, tools.conventions):
        tools.notify(Note(f"{finding.code}: {finding.message}"))
    return CompleteRun(validated, metrics, bundle, directory, model_uri)


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
    return run_record(start, validated, metrics, histories, frozenset(files))


def _publish(run: RunHandle, validated: Validated, tools: TrainTools) -> tuple[Bundle, Path]:
    """Publish the bundle, verify it, and prove it in a disposable child."""
    bundle = make_bundle(validated, run.run_id, tools.clock.now(), tools.library_versions)
    directory = tools.bundles.publish(bundle)
    prove_bundle(tools.prover, directory, tools.bundles.verify(directory))
    return bundle, directory

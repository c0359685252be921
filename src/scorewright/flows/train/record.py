"""What a run says of itself: name, description, parameters, tags and artifacts."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from scorewright.core.charts import (
    calibration_chart,
    confusion_chart,
    cost_curve_chart,
    fold_chart,
    importance_chart,
    pr_chart,
    roc_chart,
    score_distribution_chart,
)
from scorewright.core.conventions import RunRecord, experiment_name
from scorewright.core.decision import threshold_table
from scorewright.flows.ports import (
    ChartRenderer,
    DatasetInput,
    FittedModel,
    HasPointsTable,
    RunStart,
)
from scorewright.flows.train.kept import selection_files
from scorewright.flows.train.tools import Assessment, Prepared, Validated
from scorewright.flows.train.validate import cost_matrix

__all__ = [
    "artifacts",
    "charts",
    "dataset_input",
    "parameters",
    "run_record",
    "run_start",
    "threshold_document",
]


def run_start(prepared: Prepared, commit: str) -> RunStart:
    """Return name, description and tags, as the conventions ask.

    Args:
        prepared: What will be trained on.
        commit: Commit of the code, ``-dirty`` appended where the tree was.
    """
    settings = prepared.settings
    project = settings.project.name
    model_type = prepared.learner.model_type
    weighted = prepared.learner.weight_ratio(prepared.params, prepared.y) != 1.0
    sampling = "balanced" if weighted and prepared.sampler.name == "none" else prepared.sampler.name
    tags = {
        "project": project,
        "stage": "candidate",
        "status": "active",
        "feature_strategy": prepared.strategy,
        "sampling_strategy": sampling,
        "model_type": model_type,
        "validation": prepared.plan.label,
        "data_version": prepared.data_version,
        "git_commit": commit,
    }
    return RunStart(
        experiment=settings.tracking.experiment or experiment_name(project, "model_selection"),
        name=f"train_{model_type}_{len(prepared.space.features)}features",
        description=describe(prepared),
        tags=tags,
    )


def describe(prepared: Prepared) -> str:
    """Write the run's description from its own configuration."""
    settings, y = prepared.settings, prepared.y
    lines = [
        (
            f"{prepared.learner.name} on {prepared.data_version}: {len(y):,} rows, "
            f"{100 * float(y.mean()):.2f} % bad, {len(prepared.space.features)} features."
        ),
        (
            f"Validation: {prepared.plan.label}, seed {settings.project.seed}. Every figure comes "
            "from rows the model never saw."
        ),
        (
            f"Costs: {settings.costs.false_negative:g} for an approved bad, "
            f"{settings.costs.false_positive:g} for a declined good."
        ),
    ]
    if prepared.maturity is not None:
        told = prepared.maturity.sentence()
        lines.append(f"{told[0].upper()}{told[1:]}.")
    if settings.learner.monotone:
        signs = ", ".join(f"{k} {v:+d}" for k, v in settings.learner.monotone.items())
        lines.append(f"Monotone, proved after the fit: {signs}.")
    lines += [
        f"Accepted finding {finding.code} on {finding.subject}: {accepted.reason}"
        for finding, accepted in prepared.leakage.accepted
    ]
    return "\n\n".join(lines)


def parameters(prepared: Prepared, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's parameters under its library's names, and the conventions' own.

    Args:
        prepared: The project and its data.
        params: What the models were fitted with, a number of rounds chosen over folds included.
    """
    settings = prepared.settings
    signs = settings.learner.monotone
    own = {
        "n_features": len(prepared.space.features),
        "n_rows": len(prepared.y),
        "cv_folds": settings.validation.folds,
        "cv_repeats": settings.validation.repeats,
        "random_state": settings.project.seed,
        "cost_fn": settings.costs.false_negative,
        "cost_fp": settings.costs.false_positive,
        "learner": prepared.learner.name,
    }
    if prepared.maturity is not None:
        own["performance_months"] = prepared.maturity.months
        own["label_as_of"] = prepared.maturity.as_of.isoformat()
    if prepared.learner.supports_monotone:
        own["monotone_constraints"] = json.dumps([signs.get(n, 0) for n in prepared.space.names])
    return {**params, **own}


def dataset_input(prepared: Prepared) -> DatasetInput:
    """Return the training data as an MLflow input with digest and role."""
    contract = prepared.contract
    return DatasetInput(
        name=prepared.data_version.split("@")[0],
        digest=prepared.data_digest,
        role="training",
        source=prepared.source,
        schema={c.name: str(c.type) for c in contract.columns},
        profile={
            "num_rows": len(prepared.y),
            "num_columns": len(contract.columns),
            "base_rate": float(prepared.y.mean()),
            "contract_digest": contract.digest,
        },
    )


def run_record(
    start: RunStart,
    validated: Validated,
    metrics: Mapping[str, float],
    histories: Mapping[str, Sequence[float]],
    files: frozenset[str],
) -> RunRecord:
    """Return the run as a reader of the store will find it, to hold against the conventions."""
    own = {"mlflow.runName": start.name, "mlflow.note.content": start.description}
    prepared = validated.prepared
    params = parameters(prepared, validated.out_of_fold.params)
    return RunRecord(
        name=start.name,
        experiment=start.experiment,
        status="FINISHED",
        metrics=metrics,
        histories=histories,
        params={name: str(value) for name, value in params.items()},
        tags={**start.tags, **own},
        artifacts=files,
        has_model=True,
        inputs=1,
        model_type=prepared.learner.model_type,
    )


def charts(validated: Validated) -> dict[str, Mapping[str, Any]]:
    """Return the charts of a run by artifact name, without suffix."""
    a, metrics = validated.assessment, validated.assessment.metrics
    interval = (a.interval.low, a.interval.high) if a.interval else None
    return {
        "confusion_matrix": confusion_chart(
            int(metrics["true_positives"]),
            int(metrics["false_positives"]),
            int(metrics["true_negatives"]),
            int(metrics["false_negatives"]),
        ),
        "roc_curve": roc_chart(
            a.y,
            a.pd,
            auc=metrics["roc_auc"],
            low=metrics["roc_auc_low"],
            high=metrics["roc_auc_high"],
        ),
        "pr_curve": pr_chart(a.y, a.pd, average_precision=metrics["pr_auc"]),
        "calibration_curve": calibration_chart(a.y, a.pd, raw=a.raw),
        "score_distribution": score_distribution_chart(a.y, a.pd, threshold=a.chosen_threshold),
        "feature_importance": importance_chart(validated.final.importance()),
        "cost_curve": cost_curve_chart(
            a.curve.threshold,
            a.curve.cost,
            best=a.best.threshold,
            bayes=a.bayes,
            interval=interval,
            band=a.curve.band(0.01),
        ),
        "fold_distribution": fold_chart(
            {name: a.histories[f"fold_{name}"] for name in ("roc_auc", "ks", "brier")}
        ),
    }


def threshold_document(prepared: Prepared, a: Assessment) -> dict[str, Any]:
    """Return ``threshold_analysis.json``: 99 points and the exact optimum."""
    costs = cost_matrix(prepared)
    low, high = a.curve.band(0.01)
    return {
        "schema_version": 1,
        "data_role": "out_of_fold",
        "rows": len(a.y),
        "costs": asdict(costs),
        "points": threshold_table(a.y, a.pd, costs),
        "exact_optimum": asdict(a.best),
        "bayes_threshold": a.bayes,
        "within_one_percent": {"low": low, "high": high},
        "bootstrap": asdict(a.interval) if a.interval else None,
        "chosen": a.chosen_threshold,
        "method": prepared.settings.policy.method,
    }


def artifacts(
    validated: Validated, renderer: ChartRenderer, library_versions: Mapping[str, str]
) -> dict[str, bytes]:
    """Return every artifact of the conventions but the model, by relative path."""
    prepared, a = validated.prepared, validated.assessment
    files = {f"{name}.png": renderer.png(spec) for name, spec in charts(validated).items()}
    confusion = {
        k: int(a.metrics[k])
        for k in ("true_positives", "false_positives", "true_negatives", "false_negatives")
    }
    importance = sorted(validated.final.importance().items(), key=lambda kv: (-kv[1], kv[0]))
    table = pl.DataFrame(
        {"feature": [k for k, _ in importance], "importance": [v for _, v in importance]}
    )
    metadata = {
        "schema_version": 1,
        "learner": prepared.learner.name,
        "model_type": prepared.learner.model_type,
        "features": list(prepared.space.names),
        "data_version": prepared.data_version,
        "data_digest": prepared.data_digest,
        "contract_digest": prepared.contract.digest,
        "validation": prepared.plan.label,
        "calibration": a.deployed.to_dict(),
        "calibration_candidates": [asdict(c) for c in a.calibration.candidates],
        "monotone_proofs": [asdict(p) for p in validated.monotone],
        "accepted_findings": [
            {"code": f.code, "column": f.subject, "reason": s.reason}
            for f, s in prepared.leakage.accepted
        ],
        "leakage_notes": [
            {"code": f.code, "subject": f.subject, "message": f.message}
            for f in prepared.leakage.notes
        ],
        "library_versions": dict(library_versions),
    }
    files |= _points_table(validated.final)
    files |= selection_files(validated.out_of_fold.kept, prepared.space.names)
    return files | {
        "confusion_matrix.json": _json({"threshold": a.chosen_threshold, **confusion}),
        "feature_importance.csv": table.write_csv().encode("utf-8"),
        "threshold_analysis.json": _json(threshold_document(prepared, a)),
        "hyperparameters.json": _json(dict(validated.out_of_fold.params)),
        "model_metadata.json": _json(metadata),
        "predictions.parquet": _predictions(prepared, a),
    }


def _points_table(model: FittedModel) -> dict[str, bytes]:
    """Return the table of points of a scorecard, for programs and for spreadsheets."""
    if not isinstance(model, HasPointsTable):
        return {}
    rows = [dict(row) for row in model.table()]
    flat = [
        {k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows
    ]
    frame = pl.DataFrame(flat, infer_schema_length=None)
    return {
        "scorecard.json": _json({"schema_version": 1, "rows": rows}),
        "scorecard.csv": frame.write_csv().encode("utf-8"),
    }


def _predictions(prepared: Prepared, a: Assessment) -> bytes:
    """Return row key, label, out-of-fold PD and fold as Parquet."""
    rows = np.flatnonzero(prepared.development)
    frame = pl.DataFrame(
        {
            "row_key": prepared.keys.gather(rows),
            "y": a.y,
            "p": a.pd,
            "p_raw": a.raw,
            "fold": a.fold.astype(np.int32),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()


def _json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")

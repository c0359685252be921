"""Score a file: every row held to the bundle's contract, none lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Contract
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import FeatureLibrary, FeaturePlan
from scorewright.core.matrix import to_matrix
from scorewright.core.project import FeatureSettings
from scorewright.core.tables import TableReport, check_frame
from scorewright.flows.events import Note, Notify, StageDone, StageStarted
from scorewright.flows.features.attach import join_features
from scorewright.flows.features.build import BuildTools, build_features
from scorewright.flows.features.declared import Declared
from scorewright.flows.ports import TableFile, TableReader, TableSource, TableWriter
from scorewright.flows.verify_bundle import Deployment

__all__ = ["RowsToScore", "ScoreRequest", "ScoreResult", "score_file"]

ROW = "row"


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What to score and where to write.

    Attributes:
        file: The applications.
        output: Result file, ``.csv`` or ``.parquet``.
        rejects: File for rows that break the contract; None means one bad row stops all.
    """

    file: TableFile
    output: Path
    rejects: Path | None = None


@dataclass(frozen=True, slots=True)
class RowsToScore:
    """Where the histories of applications lie, and what computing features of them takes."""

    settings: FeatureSettings
    sources: Mapping[str, TableSource]
    build: BuildTools


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """What came of it.

    ``rows`` counts the scored ones; ``unknown_categories`` how often each feature held a value
    its contract does not list, which the model took as missing.
    """

    rows: int
    rejected: int
    unknown_categories: Mapping[str, int]
    mean_pd: float
    approval_rate: float
    bundle: str
    policy_id: str
    policy_version: int
    output: Path
    rejects: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright score --json``."""
        return {
            "schema_version": 1,
            "rows": self.rows,
            "rejected": self.rejected,
            "unknown_categories": dict(self.unknown_categories),
            "mean_pd": self.mean_pd,
            "approval_rate": self.approval_rate,
            "bundle": self.bundle,
            "policy": {"id": self.policy_id, "version": self.policy_version},
            "output": str(self.output),
            "rejects": str(self.rejects) if self.rejects else None,
        }


def score_file(
    request: ScoreRequest,
    deployment: Deployment,
    reader: TableReader,
    writer: TableWriter,
    notify: Notify,
    below: RowsToScore | None = None,
) -> ScoreResult:
    """Score the rows of a file with a deployed bundle and its policy.

    Args:
        request: Files.
        deployment: A proved bundle with its policy.
        reader: Reads the applications.
        writer: Writes the result.
        notify: Hears the progress.
        below: The histories of the applications, where the bundle computes features of them.

    Returns:
        Counts and headline figures.

    Raises:
        FindingsError: ``score-findings``: rows break the contract and no place for them was
            given, or not a single row keeps it. Nothing is written.
        UsageError: Files that cannot be read or written.
    """
    notify(StageStarted("score"))
    for target in (request.output, request.rejects):
        if target is not None:
            writer.check(target)
    raw = reader.read(request.file)
    scoring = _scoring_contract(deployment.loaded.bundle, raw)
    read = _read_by_features(deployment.loaded.bundle)
    ignored = [name for name in raw.columns if name not in scoring.names and name not in read]
    if ignored:
        notify(Note(f"columns the model does not use are ignored: {', '.join(ignored[:8])}"))
    report = check_frame(raw.select([n for n in raw.columns if n in scoring.names]), scoring)
    bad = np.array(report.bad_rows, dtype=np.int64) - 1
    if not report.is_clean:
        _refuse(report, request, rows=raw.height, bad=len(bad))
    keep = np.setdiff1d(np.arange(raw.height), bad)
    frame = report.frame[keep.tolist()]
    plan = deployment.loaded.bundle.features
    if plan is not None:
        frame = _with_features(frame, plan, request.file, below)
    scored = _scored(frame, keep, scoring, deployment)
    if request.rejects is not None and len(bad):
        writer.write(_rejected(raw, report), request.rejects)
    writer.write(scored, request.output)
    notify(StageDone("score", f"{len(keep):,} rows, {len(bad):,} rejected"))
    policy = deployment.policy
    return ScoreResult(
        rows=len(keep),
        rejected=len(bad),
        unknown_categories={
            name: sum(counts.values()) for name, counts in report.unknown_categories.items()
        },
        mean_pd=float(scored["pd"].to_numpy().mean()),
        approval_rate=float((scored["decision"] == "approve").to_numpy().mean()),
        bundle=deployment.loaded.manifest.digest,
        policy_id=policy.id,
        policy_version=policy.version,
        output=request.output,
        rejects=request.rejects if len(bad) else None,
    )


def _read_by_features(bundle: Bundle) -> frozenset[str]:
    """Return the columns of applications that features are made of."""
    plan = bundle.features
    return frozenset(() if plan is None else plan.columns_of(plan.relations.entity.table))


def _scoring_contract(bundle: Bundle, raw: pl.DataFrame) -> Contract:
    """Return what the file must hold: the model's inputs that are columns of applications."""
    contract = bundle.contract
    if bundle.features is None:
        return contract.for_scoring(with_key=contract.key in raw.columns)
    entity = bundle.features.relations.entity
    wanted = {*bundle.space.names, entity.key}
    columns = tuple(c for c in entity.columns if c.name in wanted)
    return Contract(table=entity.table, columns=columns, key=entity.key, version=entity.version)


def _with_features(
    frame: pl.DataFrame, plan: FeaturePlan, file: TableFile, below: RowsToScore | None
) -> pl.DataFrame:
    """Compute the bundle's features for these applications and join them."""
    if below is None:
        raise UsageError(
            "The bundle computes features of histories, and no tables of them are named.",
            remedy="Score inside the project whose scorewright.toml names the tables.",
            code="features-relations",
        )
    entity = plan.relations.entity.table
    sources = {n: s for n, s in below.sources.items() if n in plan.tables}
    absent = sorted(set(plan.tables) - set(sources))
    if absent:
        raise UsageError(
            f"The bundle reads the table '{absent[0]}', which the project does not have.",
            remedy=f"Add [tables.{absent[0]}] to scorewright.toml.",
            code="features-relations",
        )
    applications = replace(below.sources[entity], file=replace(file, name=entity))
    declared = Declared(FeatureLibrary((), ()), plan, {entity: applications, **sources})
    built = build_features(declared, below.settings, below.build)
    return join_features(frame, below.build.builds.read(built.build), plan)


def _refuse(report: TableReport, request: ScoreRequest, *, rows: int, bad: int) -> None:
    """Stop where nothing could be scored, or rejects have no place to go."""
    first = next(problem for problem in report.errors if problem.severity == "error")
    is_whole_table = not first.first_rows
    if not is_whole_table and request.rejects is not None and bad < rows:
        return
    what = f"column '{first.column}', {first.code}"
    if is_whole_table:
        said = f"The file as a whole breaks the contract: {what}"
    else:
        said = f"{bad:,} of {rows:,} rows break the contract; the first: row {first.first_rows[0]}"
        said += f", {what}"
    raise FindingsError(
        f"{said}, expected {first.expected}. Nothing was written.",
        remedy="Mend the rows, or give --rejects FILE to set them aside and score the others."
        if not is_whole_table
        else "Give the file the columns of the contract: 'scorewright bundle inspect' lists them.",
        code="score-findings",
        details={"report": report.to_dict()},
    )


def _scored(
    frame: pl.DataFrame, rows: np.ndarray[Any, np.dtype[np.int64]], scoring: Contract,
    deployment: Deployment,
) -> pl.DataFrame:  # fmt: skip
    """Return key (or row number), PD, decision and what decided."""
    pd = deployment.scorer.score_matrix(to_matrix(frame, deployment.scorer.space))
    policy = deployment.policy
    first = frame[scoring.key] if scoring.key else pl.Series(ROW, rows + 1)
    return pl.DataFrame(
        {
            first.name: first,
            "pd": pd,
            "decision": np.where(pd >= policy.threshold, "decline", "approve"),
            "threshold": policy.threshold,
            "policy": f"{policy.id}@{policy.version}",
            "bundle": deployment.loaded.manifest.digest,
        }
    )


def _rejected(raw: pl.DataFrame, report: TableReport) -> pl.DataFrame:
    """Return the bad rows as they came, with row number and reasons."""
    rows = [row - 1 for row in report.bad_rows]
    reasons = ["; ".join(report.reasons(row + 1)) for row in rows]
    return (
        raw[rows]
        .insert_column(0, pl.Series("reasons", reasons))
        .insert_column(0, pl.Series(ROW, [row + 1 for row in rows]))
    )

"""Score a file: every row held to the bundle's contract, none lost in silence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import FeaturePlan
from scorewright.core.matrix import to_matrix
from scorewright.core.tables import TableReport, check_frame
from scorewright.flows.events import Note, Notify, StageDone, StageStarted
from scorewright.flows.ports import TableFile, TableReader, TableWriter
from scorewright.flows.score_late import find_late, late_failures, with_repeated
from scorewright.flows.score_rows import RowsToScore, dated, histories_of, with_features
from scorewright.flows.verify_bundle import Deployment

__all__ = [
    "ScoreRequest",
    "ScoreResult",
    "score_file",
    "scored_rows",
    "scoring_contract",
    "split_rows",
]

ROW = "row"
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What to score and where to write.

    Attributes:
        file: The applications.
        output: Result file, ``.csv`` or ``.parquet``.
        rejects: File for rows that break the contract; None means one bad row stops all.
        today: Date of the decision where features need one and the file has no column of it.
    """

    file: TableFile
    output: Path
    rejects: Path | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """What came of it.

    ``rows`` counts the scored ones, ``approval_rate`` and ``referral_rate`` are shares of them;
    ``unknown_categories`` how often each feature held a value its contract does not list, which
    the model took as missing. ``assumed_decision_date`` is the date that was taken for all rows
    because one was needed and the file has none.
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
    assumed_decision_date: date | None = None
    referral_rate: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright score --json``."""
        return {
            "schema_version": 1,
            "rows": self.rows,
            "rejected": self.rejected,
            "unknown_categories": dict(self.unknown_categories),
            "mean_pd": self.mean_pd,
            "approval_rate": self.approval_rate,
            "referral_rate": self.referral_rate,
            "bundle": self.bundle,
            "policy": {"id": self.policy_id, "version": self.policy_version},
            "output": str(self.output),
            "rejects": str(self.rejects) if self.rejects else None,
            "assumed_decision_date": str(self.assumed_decision_date)
            if self.assumed_decision_date
            else None,
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
            given, or not a single row keeps it; ``features-future-rows`` and what else building
            features finds in the histories. Nothing is written.
        UsageError: Files that cannot be read or written; ``score-same-file``;
            ``output-is-input``; ``features-relations``: the bundle
            reads histories that were not given.
    """
    notify(StageStarted("score"))
    _refuse_same(request)
    for target in (request.output, request.rejects):
        if target is not None:
            writer.check(target)
    raw = reader.read(request.file)
    bundle = deployment.loaded.bundle
    given, assumed = dated(raw, bundle.features, request.today)
    if assumed is not None:
        notify(Note(f"the file has no date of the decision; {assumed} is taken for all rows"))
    scoring = scoring_contract(bundle, given.columns)
    ignored = [name for name in raw.columns if name not in scoring.names]
    if ignored:
        notify(Note(f"columns the model does not use are ignored: {', '.join(ignored[:8])}"))
    report = check_frame(given.select([n for n in given.columns if n in scoring.names]), scoring)
    report = _of_rows(report, request, bundle.features, below)
    bad, keep = split_rows(report)
    frame = report.frame[keep.tolist()]
    if bundle.features is not None and below is not None:
        frame = with_features(frame, bundle.features, below)
    scored = scored_rows(frame, keep, scoring, deployment)
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
        assumed_decision_date=assumed,
        referral_rate=float((scored["decision"] == "refer").to_numpy().mean()),
    )


def _refuse_same(request: ScoreRequest) -> None:
    """Refuse one file for two things.

    Raises:
        UsageError: ``score-same-file``.
    """
    if request.rejects is not None and request.output.resolve() == request.rejects.resolve():
        raise UsageError(
            f"--output and --rejects are one file: {request.output}. The second would replace the "
            "first.",
            remedy="Give the rejected rows a file of their own.",
            code="score-same-file",
        )


def scoring_contract(bundle: Bundle, columns: Collection[str]) -> Contract:
    """Return what the file must hold: what the model and its features read of applications.

    Args:
        bundle: Whose features they are.
        columns: Of the file; its key is held to the contract where it has one.
    """
    contract, plan = bundle.contract, bundle.features
    if plan is None:
        return contract.for_scoring(with_key=contract.key in columns)
    entity = plan.relations.entity
    wanted = {*bundle.space.names, entity.key, *plan.columns_of(entity.table)}
    read = tuple(c for c in entity.columns if c.name in wanted)
    return Contract(table=entity.table, columns=read, key=entity.key, version=entity.version)


def _of_rows(
    report: TableReport,
    request: ScoreRequest,
    plan: FeaturePlan | None,
    below: RowsToScore | None,
) -> TableReport:
    """Add what histories ask of the rows; stop where rejects have no place to go.

    Raises:
        FindingsError: ``score-findings``.
        UsageError: ``features-relations``.
    """
    if plan is not None:
        report = with_repeated(report, plan.relations.key)
    if not report.is_clean:
        _refuse(report, request)
    if plan is None:
        return report
    sources = histories_of(plan, below)
    if below is None or request.rejects is None:
        return report
    # Every key is looked for only where it can be set aside; else the build stops at the first.
    kept = report.frame[split_rows(report)[1].tolist()]
    files = {name: source.file for name, source in sources.items()}
    late = late_failures(
        report.frame.get_column(plan.relations.key), find_late(plan, kept, files, below.rows)
    )
    if late:
        report = replace(report, failures=(*report.failures, *late))
        _refuse(report, request)
    return report


def split_rows(report: TableReport) -> tuple[Rows, Rows]:
    """Return the positions of the rows that break the contract, and of those that keep it."""
    bad = np.array(report.bad_rows, dtype=np.int64) - 1
    return bad, np.setdiff1d(np.arange(report.rows), bad)


def _refuse(report: TableReport, request: ScoreRequest) -> None:
    """Stop where nothing could be scored, or rejects have no place to go."""
    rows, bad = report.rows, len(report.bad_rows)
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


def scored_rows(
    frame: pl.DataFrame, rows: Rows, scoring: Contract, deployment: Deployment
) -> pl.DataFrame:
    """Return key (or row number), PD, decision and what decided."""
    pd = deployment.scorer.score_matrix(to_matrix(frame, deployment.scorer.space))
    policy = deployment.policy
    decision, threshold = policy.decide_all(pd, _segments(policy, frame))
    first = frame[scoring.key] if scoring.key else pl.Series(ROW, rows + 1)
    return pl.DataFrame(
        {
            first.name: first,
            "pd": pd,
            "decision": decision,
            "threshold": threshold,
            "policy": f"{policy.id}@{policy.version}",
            "bundle": deployment.loaded.manifest.digest,
        }
    )


def _segments(policy: Policy, frame: pl.DataFrame) -> list[Any] | None:
    """Return the values the policy tells applications apart by, where it does."""
    if not policy.segments or policy.segment_column is None:
        return None
    return frame[policy.segment_column].to_list()


def _rejected(raw: pl.DataFrame, report: TableReport) -> pl.DataFrame:
    """Return the bad rows as they came, with row number and reasons."""
    rows = [row - 1 for row in report.bad_rows]
    reasons = ["; ".join(report.reasons(row + 1)) for row in rows]
    return (
        raw[rows]
        .insert_column(0, pl.Series("reasons", reasons))
        .insert_column(0, pl.Series(ROW, [row + 1 for row in rows]))
    )

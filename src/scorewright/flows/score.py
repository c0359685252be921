"""Score a file: every row held to the bundle's contract, none lost in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Contract
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import FeaturePlan
from scorewright.core.tables import TableReport, check_frame, joined
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.ports import PartReader, TableFile, TableWriter
from scorewright.flows.score_frame import (
    numbers_of,
    rejected_rows,
    scored_rows,
    scoring_contract,
    split_rows,
)
from scorewright.flows.score_late import find_late, late_failures, with_repeated
from scorewright.flows.score_rows import RowsToScore, dated, histories_of, with_features
from scorewright.flows.verify_bundle import Deployment

__all__ = ["ScoreRequest", "ScoreResult", "score_file"]


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
    reader: PartReader,
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
    work = _Work(request, deployment, notify, below)
    for number, raw in enumerate(_parts(request, deployment.loaded.bundle, reader), start=1):
        work.take(raw)
        notify(StepDone("score", number, f"{work.rows:,} rows"))
    report, scored = work.finished()
    rejected = work.rejected()
    if request.rejects is not None and rejected is not None:
        writer.write(rejected, request.rejects)
    writer.write(scored, request.output)
    notify(StageDone("score", f"{scored.height:,} rows, {work.rows - scored.height:,} rejected"))
    policy = deployment.policy
    return ScoreResult(
        rows=scored.height,
        rejected=work.rows - scored.height,
        unknown_categories={
            name: sum(counts.values()) for name, counts in report.unknown_categories.items()
        },
        mean_pd=float(scored["pd"].to_numpy().mean()),
        approval_rate=float((scored["decision"] == "approve").to_numpy().mean()),
        bundle=deployment.loaded.manifest.digest,
        policy_id=policy.id,
        policy_version=policy.version,
        output=request.output,
        rejects=None if rejected is None else request.rejects,
        assumed_decision_date=work.assumed,
        referral_rate=float((scored["decision"] == "refer").to_numpy().mean()),
    )


def _parts(request: ScoreRequest, bundle: Bundle, reader: PartReader) -> Iterator[pl.DataFrame]:
    """Give the rows in parts; all at once where histories are read for them, once for all."""
    if bundle.features is not None:
        return iter([reader.read(request.file)])
    if request.rejects is not None:
        return reader.parts(request.file)  # rows that are set aside are written as they came
    numbers = numbers_of(scoring_contract(bundle, bundle.contract.names))
    return reader.parts(request.file, numbers)


class _Work:
    """A file in work: what comes of each part is kept, its rows are let go."""

    def __init__(
        self,
        request: ScoreRequest,
        deployment: Deployment,
        notify: Notify,
        below: RowsToScore | None,
    ) -> None:
        self._request, self._deployment, self._below = request, deployment, below
        self._notify = notify
        self._reports: list[TableReport] = []
        self._keys: list[pl.Series] = []
        self._scored: list[pl.DataFrame] = []
        self._rejected: list[pl.DataFrame] = []
        self.rows = 0
        self.assumed: date | None = None

    def take(self, raw: pl.DataFrame) -> None:
        """Check and score the next rows.

        Raises:
            FindingsError: ``score-findings`` of a file as a whole; those of histories.
            UsageError: ``features-relations``.
        """
        bundle, before = self._deployment.loaded.bundle, self.rows
        given, self.assumed = dated(raw, bundle.features, self._request.today)
        scoring = scoring_contract(bundle, given.columns)
        if not self._reports:
            self._tell(raw.columns, scoring)
        names = frozenset(scoring.names)
        known = given.select([name for name in given.columns if name in names])
        report = _of_rows(check_frame(known, scoring), self._request, bundle.features, self._below)
        bad, keep = split_rows(report)
        self._keep(report, scoring)
        self.rows += raw.height
        if len(bad) and self._request.rejects is not None:
            self._rejected.append(rejected_rows(raw, report, before))
        if not len(keep) or (self._request.rejects is None and self._is_broken()):
            return
        frame = report.frame[keep.tolist()] if len(bad) else report.frame
        if bundle.features is not None and self._below is not None:
            frame = with_features(frame, bundle.features, self._below)
        self._scored.append(scored_rows(frame, keep + before, scoring, self._deployment))

    def finished(self) -> tuple[TableReport, pl.DataFrame]:
        """Return the report and the result of all rows.

        Raises:
            FindingsError: ``score-findings``.
        """
        report = joined(self._reports, self._keys)
        if not report.is_clean:
            _refuse(report, self._request)
        return report, pl.concat(self._scored)

    def rejected(self) -> pl.DataFrame | None:
        """Return the rows that are set aside; None where there are none."""
        return pl.concat(self._rejected) if self._rejected else None

    def _tell(self, columns: Sequence[str], scoring: Contract) -> None:
        if self.assumed is not None:
            said = f"the file has no date of the decision; {self.assumed} is taken for all rows"
            self._notify(Note(said))
        known = frozenset(scoring.names)
        ignored = [name for name in columns if name not in known]
        if ignored:
            said = f"columns the model does not use are ignored: {', '.join(ignored[:8])}"
            self._notify(Note(said))

    def _keep(self, report: TableReport, scoring: Contract) -> None:
        """Keep what was found, without the rows."""
        self._reports.append(replace(report, frame=report.frame.clear()))
        if scoring.key is not None and scoring.key in report.frame.columns:
            self._keys.append(report.frame.get_column(scoring.key))

    def _is_broken(self) -> bool:
        return not all(report.is_clean for report in self._reports)


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
    if plan is None:
        if any(
            failure.severity == "error" and not len(failure.rows) for failure in report.failures
        ):
            _refuse(report, request)  # a column is missing: it is in every part
        return report
    report = with_repeated(report, plan.relations.key)
    if not report.is_clean:
        _refuse(report, request)
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

"""Score the files of a batch a part at a time: every row has a decision or an entry in a report.

First everything is read and scored, then every decision goes to the decision log, and only then
is there a result. So a file that turns out unreadable in its last line leaves no decision.

Challengers take no part: a file asks for one rule for all its rows, and is often a portfolio that
is scored again, whose applicants would distort the comparison. All is logged as the champion's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import numpy as np
import polars as pl

from scorewright.core.contracts import Column, Contract, expectation
from scorewright.core.decision_log import DecisionBlock, Keeping
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import FeaturePlan
from scorewright.core.tables import TableReport, check_frame
from scorewright.flows.batch_lines import all_rows, flagged, problems, shown_flags
from scorewright.flows.batch_records import Recorder, inputs_of
from scorewright.flows.ports import Clock
from scorewright.flows.score_frame import (
    numbers_of,
    scored_rows,
    scoring_contract,
    split_rows,
)
from scorewright.flows.score_late import find_late, late_failures, with_repeated
from scorewright.flows.score_rows import RowsToScore, dated, histories_of, with_features
from scorewright.flows.serve import BatchOrder, Variant

__all__ = ["BatchKeep", "BatchReport", "BatchSource", "BatchTools", "score_batch"]

#: Decisions that go to the log in one transaction.
CHUNK = 1_000
#: Columns that are named where they lack.
MOST_NAMED = 100


class BatchSource(Protocol):
    """The applications of a batch."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns.

        Raises:
            UsageError: Those of `parts`, and ``batch-columns``.
        """
        ...

    @property
    def total(self) -> int | None:
        """Number of rows, where the file says it at its beginning."""
        ...

    def parts(
        self, columns: Sequence[str], numbers: Collection[str] = ()
    ) -> Iterator[pl.DataFrame]:
        """Yield these columns, the rows in their order.

        Args:
            columns: Names.
            numbers: Those the contract takes as numbers: they may come as Float64 where that
                says no less than their texts.

        Raises:
            UsageError: ``data-...``: the file cannot be read.
        """
        ...


class BatchKeep(Protocol):
    """Keeps what was scored until it may be seen."""

    def add(self, rows: pl.DataFrame, problems: pl.DataFrame, inputs: pl.DataFrame) -> None:
        """Keep a part: results, entries of the error report, and inputs for the log."""
        ...

    def inputs(self) -> Iterator[pl.DataFrame]:
        """Yield the inputs again, part by part."""
        ...

    def publish(self) -> None:
        """Put result and error report into their places."""
        ...

    def close(self) -> None:
        """Let go of what is open; called in any case."""
        ...


@dataclass(frozen=True, slots=True)
class BatchTools:
    """What scoring a batch needs.

    Attributes:
        keep: Keeps the rows.
        log: Puts decisions into the decision log, durably, each id once; tells how many it kept.
        keeping: What the log keeps of an application.
        clock: The time.
        progress: Hears rows in total (None while unknown), done, rejected and logged.
        below: The histories, where the bundle reads any.
        may_drop: Whether the settings allow the log to drop decisions.
    """

    keep: BatchKeep
    log: Callable[[DecisionBlock], int]
    keeping: Keeping
    clock: Clock
    progress: Callable[[int | None, int, int, int], None]
    below: RowsToScore | None = None
    may_drop: bool = False


@dataclass(slots=True)
class BatchReport:
    """What came of a batch. ``rows`` is ``rejected`` and the sum of ``decisions`` together.

    Attributes:
        rows: Rows of the file.
        rejected: Rows that break the contract.
        logged: Decisions in the log.
        decisions: Decision -> rows.
        seconds: Stage -> seconds.
        dropped: Decisions the log did not take, where the settings allow that.
    """

    rows: int = 0
    rejected: int = 0
    logged: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    dropped: int = 0


def score_batch(
    order: BatchOrder, variant: Variant, source: BatchSource, most: int, tools: BatchTools
) -> BatchReport:
    """Score a batch.

    Args:
        order: What was asked.
        variant: Model and policy.
        source: The applications.
        most: Rows that are taken.
        tools: Ports.

    Returns:
        Counts.

    Raises:
        UsageError: ``data-...``; ``batch-rows``; ``features-relations``.
        FindingsError: ``batch-contract``: a column is missing; those of building features.
        ScorewrightError: ``score-not-finite``; those of the log; ``write-failed``.
    """
    try:
        report = _scored(order, variant, source, most, tools)
        tools.keep.publish()
    finally:
        tools.keep.close()
    return report


def _scored(
    order: BatchOrder, variant: Variant, source: BatchSource, most: int, tools: BatchTools
) -> BatchReport:
    began = tools.clock.elapsed()
    report = BatchReport()
    work = _Work(order, variant, tools, report)
    wanted = work.wanted(source.columns)
    total = source.total
    if total is not None and total > most:
        raise _too_many(most)
    parts = source.parts(wanted, work.numbers)
    if work.plan is not None:
        # Histories are read once for all applications, so these are one part.
        parts = iter([_together(parts, most)])
    for part in parts:
        work.score(part)
        if report.rows > most:
            raise _too_many(most)
        tools.progress(total, report.rows, report.rejected, 0)
    report.seconds["score"] = tools.clock.elapsed() - began
    for records in work.records():
        kept = tools.log(records)
        report.logged += kept
        report.dropped += len(records) - kept
        tools.progress(report.rows, report.rows, report.rejected, report.logged)
    report.seconds["log"] = tools.clock.elapsed() - began - report.seconds["score"]
    _reconcile(report, may_drop=tools.may_drop)
    return report


class _Work:
    """A batch in work."""

    def __init__(
        self, order: BatchOrder, variant: Variant, tools: BatchTools, report: BatchReport
    ) -> None:
        self._order, self._variant, self._tools, self._report = order, variant, tools, report
        self._deployment = variant.deployment
        self._bundle = variant.deployment.loaded.bundle
        self.plan: FeaturePlan | None = self._bundle.features
        self.numbers: frozenset[str] = frozenset()
        self._today: date = tools.clock.now().date()
        self._assumed: date | None = None

    def wanted(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns to read, of those there are.

        Raises:
            FindingsError: ``batch-contract``: columns are missing.
        """
        empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        given, _ = dated(empty, self.plan, self._today)
        contract = scoring_contract(self._bundle, given.columns)
        _refuse_missing([c for c in contract.columns if c.name not in given.columns])
        self.numbers = numbers_of(contract)
        known = set(contract.names)
        return tuple(name for name in columns if name in known)

    def score(self, raw: pl.DataFrame) -> None:
        """Score the next rows."""
        before = self._report.rows
        given, self._assumed = dated(raw, self.plan, self._today)
        contract = scoring_contract(self._bundle, given.columns)
        report = check_frame(given, contract)
        if self.plan is not None:
            report = self._related(report, self.plan)
        bad, keep = split_rows(report)
        frame, flags = report.frame, flagged(report, self._variant)
        flags_kept = flags
        if len(bad):
            frame, flags_kept = frame[keep], flags[keep]
        full = frame
        if self.plan is not None and self._tools.below is not None and len(keep):
            full = with_features(frame, self.plan, self._tools.below)
        scored = self._scored(full, keep, contract, before)
        rows = all_rows(report, bad, scored, contract.key, before)
        rows = rows.with_columns(shown_flags(flags))
        inputs = inputs_of(frame, flags_kept, scored, self._bundle)
        self._tools.keep.add(rows, problems(report, before), inputs)
        self._report.rows += raw.height
        self._report.rejected += len(bad)
        self._report.decisions.update(scored["decision"].to_list())

    def _scored(
        self, full: pl.DataFrame, keep: np.ndarray[Any, Any], contract: Contract, before: int
    ) -> pl.DataFrame:
        if not len(keep):
            return pl.DataFrame(
                schema={
                    "row": pl.Int64, "decision_id": pl.String, "pd": pl.Float64,
                    "decision": pl.String, "threshold": pl.Float64,
                }
            )  # fmt: skip
        scored = scored_rows(full, keep, contract, self._deployment)
        numbers = pl.Series("row", keep + 1 + before, dtype=pl.Int64)
        ids = (pl.lit(f"{self._order.id}-") + numbers.cast(pl.String).str.zfill(9)).alias(
            "decision_id"
        )
        return pl.select(numbers, pl.select(ids).to_series()).with_columns(
            scored["pd"], scored["decision"], scored["threshold"]
        )

    def _related(self, report: TableReport, plan: FeaturePlan) -> TableReport:
        """Add what histories ask of the rows."""
        below = self._tools.below
        sources = histories_of(plan, below)
        report = with_repeated(report, plan.relations.key)
        if below is None:
            return report
        kept = report.frame[split_rows(report)[1].tolist()]
        files = {name: source.file for name, source in sources.items()}
        late = late_failures(
            report.frame.get_column(plan.relations.key), find_late(plan, kept, files, below.rows)
        )
        return TableReport(
            report.table,
            report.rows,
            report.columns,
            (*report.failures, *late),
            report.unknown_categories,
            report.frame,
        )

    def records(self) -> Iterator[DecisionBlock]:
        """Yield the rows of the log, some thousand at a time."""
        recorder = Recorder(self._order, self._variant, self._tools.keeping, self._assumed)
        for part in self._tools.keep.inputs():
            for rows in part.iter_slices(CHUNK):
                yield recorder.records(rows, self._tools.clock.now())


def _together(parts: Iterator[pl.DataFrame], most: int) -> pl.DataFrame:
    """Return all applications at once."""
    found, rows = [], 0
    for part in parts:
        rows += part.height
        if rows > most:
            raise _too_many(most)
        found.append(part)
    return pl.concat(found, rechunk=True)


def _refuse_missing(missing: Sequence[Column]) -> None:
    """Refuse a file that lacks columns."""
    if not missing:
        return
    raise FindingsError(
        f"The file lacks {len(missing)} of the columns that the model reads.",
        remedy="Add them; /docs lists the columns under Features.",
        code="batch-contract",
        details={
            "fields": [
                {"field": column.name, "code": "missing", "expected": expectation(column)}
                for column in missing[:MOST_NAMED]
            ]
        },
    )


def _reconcile(report: BatchReport, *, may_drop: bool) -> None:
    """Let no row be lost between reading, deciding and logging."""
    decided = sum(report.decisions.values())
    is_logged = report.logged + report.dropped == decided and (may_drop or not report.dropped)
    if report.rows != report.rejected + decided or not is_logged:
        raise UsageError(
            f"Of {report.rows} rows {decided} were decided, {report.logged} logged, "
            f"{report.dropped} dropped and {report.rejected} rejected: the counts do not agree.",
            remedy="Report this with the version of the service.",
            code="batch-counts",
        )


def _too_many(most: int) -> UsageError:
    return UsageError(
        f"The file has more than {most:,} rows.",
        remedy="Post it in parts, or raise serve.limits.batch_rows.",
        code="batch-rows",
    )

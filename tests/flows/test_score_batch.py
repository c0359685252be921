"""A batch and its counts: what the log did not take is told, and only where it may be dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import applications
from tests.fakes.batches import KEEPING

from scorewright.adapters.batch_files import FolderKeep
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.decision_log import DecisionBlock
from scorewright.core.errors import UsageError
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FittedModel, LoadedBundle
from scorewright.flows.score_batch import CHUNK, BatchReport, BatchTools, score_batch
from scorewright.flows.serve import BatchOrder, Variant
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDER = BatchOrder("b1", "c", "t", NOW.isoformat(), {}, "b", "{}", "p@1")
ROWS = CHUNK + 100


class StillClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOW

    def elapsed(self) -> float:
        return 0.0


class Rows:
    """Applications in memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self.columns = tuple(frame.columns)
        self.total: int | None = frame.height

    def parts(
        self, columns: Sequence[str], numbers: Collection[str] = ()
    ) -> Iterator[pl.DataFrame]:
        yield self._frame.select(columns)


@pytest.fixture
def scored(
    bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy], tmp_path: Path
) -> Callable[..., BatchReport]:
    """Score a batch with a log that keeps what this function says."""
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    loaded = LoadedBundle(bundle.manifest(), bundle, model)
    variant = Variant.of(Deployment(loaded, policy_for(bundle), scorer, NOW))
    rows = [{"application": f"a{i}", **row} for i, row in enumerate(applications(ROWS))]
    frame = pl.DataFrame(rows).with_columns(pl.all().cast(pl.String))

    def score(log: Callable[[DecisionBlock], int], *, may_drop: bool) -> BatchReport:
        tools = BatchTools(
            FolderKeep(tmp_path), log, KEEPING, StillClock(), lambda *_: None, may_drop=may_drop
        )
        return score_batch(ORDER, variant, Rows(frame), 10_000, tools)

    return score


def _keeps_only_whole_chunks(block: DecisionBlock) -> int:
    return len(block) if len(block) == CHUNK else 0


def test_what_the_log_took_is_counted_and_so_is_what_it_dropped(
    scored: Callable[..., BatchReport],
) -> None:
    report = scored(_keeps_only_whole_chunks, may_drop=True)
    decided = sum(report.decisions.values())
    assert report.rows == ROWS == decided + report.rejected
    assert (report.logged, report.dropped) == (CHUNK, decided - CHUNK)
    assert report.dropped > 0


def test_a_log_that_must_keep_all_and_did_not_gives_no_result(
    scored: Callable[..., BatchReport], tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as wrong:
        scored(_keeps_only_whole_chunks, may_drop=False)
    assert wrong.value.code == "batch-counts"
    assert not (tmp_path / "result.csv").exists()


def test_all_of_it_logged_is_nothing_dropped(scored: Callable[..., BatchReport]) -> None:
    report = scored(len, may_drop=False)
    assert (report.logged, report.dropped) == (sum(report.decisions.values()), 0)

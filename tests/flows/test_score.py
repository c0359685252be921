"""A file is scored in parts, and nobody can tell: results, refusals and row numbers agree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import applications

from scorewright.adapters.tables import FileTableReader, FileTableWriter
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError
from scorewright.core.scoring import Scorer
from scorewright.flows.events import ignore
from scorewright.flows.ports import FittedModel, LoadedBundle, TableFile
from scorewright.flows.score import ScoreRequest, ScoreResult, score_file
from scorewright.flows.verify_bundle import Deployment

ROWS, PART = 90, 25
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class InParts:
    """Reads a file whole, and gives some rows at a time."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def read(self, table: TableFile) -> pl.DataFrame:
        return FileTableReader().read(table)

    def parts(self, table: TableFile, numbers: Collection[str] = ()) -> Iterator[pl.DataFrame]:
        for part in FileTableReader().parts(table, numbers):
            yield from part.iter_slices(self._rows)


Score = Callable[..., ScoreResult]


@pytest.fixture
def score(
    bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy], tmp_path: Path
) -> Score:
    """Score rows as a file, in parts of so many."""
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    loaded = LoadedBundle(bundle.manifest(), bundle, model)
    deployment = Deployment(loaded, policy_for(bundle), scorer, NOW)
    file = tmp_path / "applications.csv"

    def scored(rows: list[dict[str, Any]], part: int, *, rejects: bool = False) -> ScoreResult:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(file)
        request = ScoreRequest(
            TableFile("applications", (str(file),)),
            tmp_path / f"scores-{part}.csv",
            tmp_path / f"rejects-{part}.csv" if rejects else None,
        )
        return score_file(request, deployment, InParts(part), FileTableWriter(), ignore)

    return scored


def _numbered(*wrong: int) -> list[dict[str, Any]]:
    """Return applications with a key; those with these positions have an age that is no number."""
    rows = [{"id": f"a{i}", **row} for i, row in enumerate(applications(ROWS))]
    for place in wrong:
        rows[place]["age"] = "old"
    return [{**row, "age": None if row["age"] is None else str(row["age"])} for row in rows]


def test_parts_change_no_result(score: Score) -> None:
    whole, parts = (score(_numbered(), part) for part in (ROWS, PART))
    assert whole.output.read_bytes() == parts.output.read_bytes()
    assert whole.rows == parts.rows == ROWS
    same = ("mean_pd", "approval_rate", "unknown_categories", "rejected")
    assert [getattr(whole, name) for name in same] == [getattr(parts, name) for name in same]


def test_rows_that_are_set_aside_keep_their_numbers_and_their_texts(score: Score) -> None:
    rows = _numbered(3, 24, 25, 80)
    rows[25]["income"] = "1234.50"
    whole, parts = (score(rows, part, rejects=True) for part in (ROWS, PART))
    assert whole.output.read_bytes() == parts.output.read_bytes()
    assert whole.rejects is not None
    assert parts.rejects is not None
    assert whole.rejects.read_bytes() == parts.rejects.read_bytes()
    aside = pl.read_csv(parts.rejects, infer_schema=False)
    assert aside["row"].to_list() == ["4", "25", "26", "81"]
    assert aside["income"][2] == "1234.50"
    assert (parts.rows, parts.rejected) == (ROWS - 4, 4)


def test_a_refusal_counts_the_rows_of_all_parts_and_leaves_nothing(
    score: Score, tmp_path: Path
) -> None:
    said = []
    for part in (ROWS, PART):
        with pytest.raises(FindingsError) as wrong:
            score(_numbered(30, 31, 80), part)
        said.append((wrong.value.message, wrong.value.details["report"]))
        assert not (tmp_path / f"scores-{part}.csv").exists()
    assert said[0] == said[1]
    assert "3 of 90 rows break the contract; the first: row 31" in said[0][0]


def test_a_part_without_a_good_row_is_no_reason_to_stop(score: Score) -> None:
    result = score(_numbered(*range(PART, 2 * PART)), PART, rejects=True)
    assert (result.rows, result.rejected) == (ROWS - PART, PART)


def test_no_good_row_at_all_is_refused(score: Score, tmp_path: Path) -> None:
    with pytest.raises(FindingsError, match="90 of 90 rows break the contract"):
        score(_numbered(*range(ROWS)), PART, rejects=True)
    assert {file.name for file in tmp_path.glob("*.csv")} == {"applications.csv"}


def test_a_missing_column_is_said_before_the_second_part(score: Score) -> None:
    rows = [{k: v for k, v in row.items() if k != "income"} for row in _numbered()]
    with pytest.raises(FindingsError, match="as a whole breaks the contract: column 'income'"):
        score(rows, PART, rejects=True)

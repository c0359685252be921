"""``scorewright score`` with a bundle that reads histories: rejects, dates, names, contracts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.entry.cli import interrupted
from tests.entry.cli.portfolio import Answer, Cli
from tests.entry.cli.relational import applications, loans, write_project

from scorewright.flows.features import build as building

FINE, FINDINGS, USAGE = 0, 1, 2
ROWS = 12


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with histories that was trained once; copy it before you change it."""
    root = tmp_path_factory.mktemp("histories")
    write_project(root)
    subprocess.run(
        [sys.executable, "-m", "scorewright", "-q", "train"],
        cwd=root, check=True, capture_output=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    return root


@pytest.fixture
def trained(cli: Cli, trained_once: Path) -> Cli:
    """The command line in a trained project of the test's own, with ``new.csv`` to score."""
    shutil.copytree(trained_once, Path(), dirs_exist_ok=True)
    new().write_csv("new.csv")
    return cli


def new() -> pl.DataFrame:
    return applications(ROWS).drop("bad")


def score(cli: Cli, *more: str | Path, file: str = "new.csv") -> Answer:
    return cli("score", file, "-o", "out.parquet", "--json", *more)


def scored(cli: Cli, *more: str | Path, file: str = "new.csv") -> Mapping[int, float]:
    """Score, require that it went well, and return the PD of each application."""
    answer = score(cli, *more, file=file)
    assert answer.code == FINE, answer
    frame = pl.read_parquet("out.parquet")
    assert answer.json["rows"] == frame.height
    assert ", local" in answer.err or "--processes" not in more, answer
    return dict(frame.select("app_id", "pd").iter_rows())


def reasons() -> dict[int, str]:
    frame = pl.read_parquet("bad.parquet")
    return dict(frame.select("row", "reasons").iter_rows())


REJECTS = ("--rejects", "bad.parquet")


def with_faults() -> pl.DataFrame:
    """Row 2 has no number for an income, rows 3 and 5 are one applicant, row 7 is nobody's."""
    keys = pl.col("app_id").cast(pl.String)
    row = pl.int_range(1, pl.len() + 1)
    return new().with_columns(
        pl.when(row == 2).then(pl.lit("abc")).otherwise(pl.col("income")).alias("income"),
        pl.when(row == 5).then(pl.lit("3")).when(row == 7).then(None).otherwise(keys)
        .alias("app_id"),
    )  # fmt: skip


@pytest.fixture(params=["memory", "buckets"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Options with which features are computed at once, or as if the rows were too many."""
    if request.param == "memory":
        return ()
    monkeypatch.setattr(building, "_WORKING_FACTOR", interrupted.FACTOR * 10)
    return ("--processes", "1")


def test_bad_rows_are_set_aside_and_the_others_scored(trained: Cli, way: tuple[str, ...]) -> None:
    whole = scored(trained)
    Path("out.parquet").unlink()
    with_faults().write_csv("new.csv")
    answer = score(trained, *way)
    assert (answer.code, "score-findings" in answer.err) == (FINDINGS, True)
    assert not Path("out.parquet").exists()
    kept = scored(trained, *REJECTS, *way)
    assert kept == pytest.approx({key: whole[key] for key in (1, 4, 6, 8, 9, 10, 11, 12)})
    found = reasons()
    assert list(found) == [2, 3, 5, 7]
    assert "income: type" in found[2]
    assert all("app_id: duplicate-key" in found[row] for row in (3, 5))
    assert "app_id: not-nullable" in found[7]


def test_applicants_whose_rows_were_not_known_are_set_aside(
    trained: Cli, way: tuple[str, ...]
) -> None:
    whole = scored(trained)
    # A loan of applicant 4 was opened after the decision, one of 6 nobody knows when, and the
    # payments of a loan of applicant 8 lie ahead
    late = pl.DataFrame(
        {
            "loan_id": [5001, 5002, 5003],
            "app_id": [4, 6, 8],
            "opened": [date(2024, 6, 1), None, date(2020, 1, 1)],
            "debt": [1.0, 1.0, 1.0],
            "kind": ["car", "car", "car"],
        }
    )
    pl.concat([loans(), late]).write_csv("loans.csv")
    ahead = pl.DataFrame({"loan_id": [5003], "month": [0], "due": [1.0], "paid": [1.0]})
    ahead.write_parquet("payments/part-3.parquet")
    answer = score(trained, *way)
    assert (answer.code, "features-future-rows" in answer.err) == (FINDINGS, True)
    kept = scored(trained, *REJECTS, *way)
    assert set(kept) == set(whole) - {4, 6, 8}
    assert all(kept[key] == pytest.approx(whole[key]) for key in kept)
    found = reasons()
    assert list(found) == [4, 6, 8]
    assert "loans.opened: future-row" in found[4]
    assert "loans.opened: undated-row" in found[6]
    assert "payments.month: future-row" in found[8]


def test_rejects_of_every_row_are_told(trained: Cli) -> None:
    new().with_columns(app_id=pl.lit(1)).write_csv("new.csv")
    answer = score(trained, *REJECTS)
    assert answer.code == FINDINGS
    assert "12 of 12 rows break the contract; the first: row 1, column 'app_id'" in answer.text
    assert not Path("bad.parquet").exists()


def test_a_file_without_the_date_of_the_decision_is_decided_today(trained: Cli) -> None:
    before = datetime.now(tz=UTC).date()
    dated = new().with_columns(decided=pl.lit(before))
    dated.write_csv("dated.csv")
    expected = scored(trained, file="dated.csv")
    dated.drop("decided").write_csv("new.csv")
    answer = score(trained)
    assert answer.code == FINE, answer
    taken = date.fromisoformat(answer.json["assumed_decision_date"])
    assert taken - before <= timedelta(days=1)
    assert f"{taken} is taken for all rows" in answer.text
    found = pl.read_parquet("out.parquet")
    assert dict(found.select("app_id", "pd").iter_rows()) == expected
    # And it is no column of the rejects
    faulty = pl.col("income").cast(pl.String).replace(str(dated["income"][0]), "abc")
    dated.drop("decided").with_columns(faulty).write_csv("new.csv")
    assert score(trained, *REJECTS).code == FINE
    assert "decided" not in pl.read_parquet("bad.parquet").columns


def test_a_date_that_stands_in_the_file_is_not_assumed(trained: Cli) -> None:
    assert score(trained).json["assumed_decision_date"] is None


def test_the_table_of_applications_may_have_another_name(trained: Cli) -> None:
    expected = scored(trained)
    settings = Path("scorewright.toml")
    text = settings.read_text(encoding="utf-8")
    text = text.replace("[tables.applications]", "[tables.apps]")
    settings.write_text(text.replace('"applications"', '"apps"'), encoding="utf-8")
    assert scored(trained) == expected


def test_a_history_that_the_project_lacks_is_named(trained: Cli) -> None:
    settings = Path("scorewright.toml")
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[tables.loans]", "[tables.debts]"), encoding="utf-8")
    answer = score(trained)
    assert answer.code == USAGE
    assert "features-relations" in answer.err
    assert "'loans'" in answer.text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("minimum = 0", "row 701, is '-5.0', expected a number of at least 0"),
        ("nullable = false", "row 702, is missing, expected a number, never missing"),
    ],
)
def test_contracts_of_histories_hold_while_features_are_built(
    cli: Cli, rule: str, said: str
) -> None:
    write_project(Path())
    contract = Path("contracts/loans.toml")
    text = contract.read_text(encoding="utf-8")
    column = '[columns.debt]\ntype = "number"\n'
    assert column in text
    contract.write_text(text.replace(column, f"{column}{rule}\n"), encoding="utf-8")
    assert cli("features", "build").code == FINE
    rows = loans().tail(2).with_columns(loan_id=pl.col("loan_id") + 9000)
    rows = rows.with_columns(debt=pl.Series([-5.0, None]))
    pl.concat([loans(), rows]).write_csv("loans.csv")
    answer = cli("features", "build")
    assert (answer.code, "error (data-range)" in answer.err) == (FINDINGS, True)
    assert "Table 'loans': 1 of the values of column 'debt'" in answer.text
    assert "loans.csv" in answer.text
    assert said in answer.text

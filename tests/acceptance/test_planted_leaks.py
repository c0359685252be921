"""Every kind of leak, planted in a real table, stops checking and training by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from scorewright.adapters.project_files import dataset
from scorewright.entry.cli import main

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
Floats = npt.NDArray[np.float64]
Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.slow


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in this process; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scorewright", "--quiet", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def credit() -> tuple[pl.DataFrame, Floats]:
    """Return the shipped set and its outcomes."""
    found = dataset("credit_data")
    frame = pl.read_parquet(found.path)
    y = (frame[found.target] == str(found.bad_value)).cast(pl.Float64).to_numpy()
    return frame.with_row_index("loan_id", 1), y


def counts(category: pl.Series, y: Floats) -> tuple[Floats, Floats]:
    """Return, per row, the rows and bads of its category."""
    code = category.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    return np.bincount(code)[code].astype(np.float64), np.bincount(code, y)[code]


def encode(frame: pl.DataFrame, y: Floats, kind: str) -> Floats:
    """Encode the monthly expenses with the outcomes of the whole table, out of any fold."""
    rng = np.random.default_rng(7)
    n, k = counts(frame["Expenses"], y)
    both = frame["Home"].fill_null("-") + frame["Time"].cast(pl.String)
    m, b = counts(both, y)
    mean = y.mean()
    values: dict[str, Floats] = {
        "bad rate": k / n,
        "bad rate of two columns": b / m,
        "smoothed": (k + 20 * mean) / (n + 20),
        "weight of evidence": np.log((k + 0.5) / (n - k + 0.5)),
        "leave one out": (k - y) / np.maximum(n - 1, 1),
        "with noise": k / n + 0.03 * rng.normal(size=len(y)),
    }
    return values[kind]


def late(frame: pl.DataFrame, y: Floats) -> pl.DataFrame:
    """Add what is known only after the outcome, under a telling and an innocent name."""
    rng = np.random.default_rng(3)
    paid = np.where(y == 1, 0.0, rng.uniform(100, 900, len(y)))
    collected = np.where((y == 1) & (rng.random(len(y)) < 0.4), rng.uniform(1, 90, len(y)), 0.0)
    return frame.with_columns(settled=pl.Series(paid), recoveries=pl.Series(collected))


def copied(frame: pl.DataFrame, kind: str, key: str = "loan_id", every: int = 20) -> pl.DataFrame:
    """Enter every twentieth applicant again under another number."""
    again = frame.gather_every(every).with_columns(pl.col(key) + 100_000)
    if kind == "shaken":
        again = again.with_columns(Price=pl.col("Price") + 7)
    return pl.concat([frame, again.cast(frame.schema)])


def begin(run: Run, frame: pl.DataFrame, target: str = "Status", bad: str = "bad") -> None:
    frame.write_csv("table.csv")
    code, _, said = run("init", "table.csv", "--target", target, "--bad-value", bad)
    assert code == 0, said


def check(run: Run) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """Return the exit code and the open findings of ``data check``."""
    code, out, _ = run("data", "check", "--json")
    found = json.loads(out)["leakage"]["open"]
    return code, {(finding["code"], finding["subject"]): finding for finding in found}


def stops(run: Run, code: str, subject: str) -> None:
    """Require that both commands stop, name the column, and accuse no other."""
    status, found = check(run)
    assert status == 1
    assert (code, subject) in found
    assert {name for _, name in found} == {subject}
    status, _, said = run("train")
    assert status == 1
    assert "leakage-findings" in said
    assert min(found)[0] in said
    assert f"{subject}:" in " ".join(said.split())
    assert not Path("mlruns").exists()


def test_the_clean_table_passes(run: Run) -> None:
    frame, _ = credit()
    begin(run, frame)
    assert check(run) == (0, {})


@pytest.mark.parametrize(
    "kind",
    [
        "bad rate", "bad rate of two columns", "smoothed", "weight of evidence",
        "leave one out", "with noise",
    ],
)  # fmt: skip
def test_a_target_encoding_out_of_any_fold(run: Run, kind: str) -> None:
    frame, y = credit()
    begin(run, frame.with_columns(encoded=pl.Series(encode(frame, y, kind))))
    stops(run, "LEAK-010", "encoded")


def test_what_is_known_after_the_outcome(run: Run) -> None:
    frame, y = credit()
    begin(run, late(frame, y))
    status, found = check(run)
    assert status == 1
    assert {("LEAK-001", "settled"), ("LEAK-003", "recoveries")} <= set(found)
    assert {subject for _, subject in found} == {"settled", "recoveries"}
    assert run("train")[0] == 1


def test_applicants_entered_again_under_another_number(run: Run) -> None:
    begin(run, copied(credit()[0], "exact"))
    stops(run, "LEAK-006", "table")


def test_applicants_entered_again_with_one_value_changed(run: Run) -> None:
    begin(run, copied(credit()[0], "shaken"))
    stops(run, "LEAK-006", "Price")


def test_applicants_dealt_into_several_folds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One number, other values: found by the key where the folds ignore it."""
    frame, _ = credit()
    begin(run, frame)
    frame.with_columns(loan_id=pl.col("loan_id") % 2_000).write_csv("table.csv")
    Path("contracts/table.toml").unlink()
    monkeypatch.setenv("SCOREWRIGHT__VALIDATION__SCHEME", "stratified")
    stops(run, "LEAK-004", "loan_id")


def taiwan(run: Run) -> pl.DataFrame:
    """Begin with 30,000 cards whose strong honest columns were accepted."""
    path = SHARED / "taiwan/taiwan.csv"
    if not path.is_file():
        pytest.skip("the table is not beside the repository: shared/data/taiwan/taiwan.csv")
    frame = pl.read_csv(path, skip_rows=1, infer_schema_length=None)
    begin(run, frame, "default payment next month", "1")
    reason = "repayment status of past months, known at the decision"
    for column in ("PAY_0", "PAY_2"):
        run("data", "accept", "LEAK-002", column, "--reason", reason)
    assert check(run) == (0, {})
    return frame


@pytest.mark.parametrize("every", [20, 4])
def test_taiwan_applicants_entered_again(run: Run, every: int) -> None:
    """Hundreds of cards without any movement are equal too, and must not hide the copies."""
    frame = taiwan(run)
    copied(frame, "exact", "ID", every).write_csv("table.csv")
    stops(run, "LEAK-006", "table")


def test_taiwan_with_everything_planted(run: Run) -> None:
    # Given
    frame = taiwan(run)
    # When
    y = frame["default payment next month"].to_numpy().astype(np.float64)
    n, k = counts(frame["AGE"].cast(pl.String) + frame["EDUCATION"].cast(pl.String), y)
    planted = frame.with_columns(
        by_group=pl.Series(k / n),
        woe_of_group=pl.Series(np.log((k + 1) / (n - k + 1))),
        one_out=pl.Series((k - y) / np.maximum(n - 1, 1)),
        last_pymnt_amnt=pl.Series(np.where(y == 1, 0, frame["PAY_AMT1"].to_numpy())),
    )
    again = planted.gather_every(25).with_columns(ID=pl.col("ID") + 100_000)
    pl.concat([planted, again.cast(planted.schema)]).write_csv("table.csv")
    Path("contracts/table.toml").unlink()
    # Then
    status, found = check(run)
    assert status == 1
    assert {("LEAK-003", "last_pymnt_amnt"), ("LEAK-006", "table")} <= set(found)
    # And the encodings are found though copies came in after they were made
    assert {("LEAK-010", "by_group"), ("LEAK-010", "woe_of_group")} <= set(found)

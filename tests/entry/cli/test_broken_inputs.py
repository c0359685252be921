"""Broken inputs: each gives one clear message with a remedy and leaves nothing half-written."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomlkit
from tests.entry.cli.portfolio import Answer, Cli, loans

USAGE, FINDINGS, FAILURE = 2, 1, 3


def project(cli: Cli, frame: pl.DataFrame | None = None) -> Path:
    """Start a project here on a table."""
    (loans() if frame is None else frame).write_csv("loans.csv")
    assert cli("init", "loans.csv").code == 0
    return Path("scorewright.toml")


def edit(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def choose(file: Path, **sections: dict[str, Any]) -> None:
    """Set values in sections of the settings."""
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for section, values in sections.items():
        table: Any = document.setdefault(section, tomlkit.table())
        for name, value in values.items():
            table[name] = value
    file.write_text(tomlkit.dumps(document), encoding="utf-8")


def refused(answer: Answer, exit_code: int, code: str, *words: str) -> None:
    """One message, one remedy, the right code, the words that locate the fault."""
    assert answer.code == exit_code, answer
    assert f"({code})" in answer.err, answer
    assert "what to do:" in answer.err
    assert answer.err.count("error (") == 1
    for word in words:
        assert word in answer.text, (word, answer.text)


def nothing_was_made(root: Path = Path()) -> None:
    """No store, no bundle, no temporary file."""
    assert not (root / "mlruns").exists()
    assert not list(root.glob("bundles/*")) or not (root / "bundles" / "current.json").exists()
    assert [p for p in root.rglob("*") if ".partial" in p.name or p.suffix == ".tmp"] == []


def test_no_project_here(cli: Cli) -> None:
    refused(cli("train"), USAGE, "config-missing", "scorewright init")


def test_toml_that_does_not_parse_names_the_line(cli: Cli) -> None:
    settings = project(cli)
    edit(settings, lambda text: "[project\n" + text)
    refused(cli("train"), USAGE, "config-syntax", "scorewright.toml:1")
    nothing_was_made()


def test_an_unknown_setting_names_near_misses_and_its_line(cli: Cli) -> None:
    settings = project(cli)
    edit(settings, lambda text: text + "\n[cost]\nfalse_negative = 5.0\n")
    line = settings.read_text(encoding="utf-8").splitlines().index("[cost]") + 1
    refused(cli("train"), USAGE, "config-unknown-key", f"scorewright.toml:{line}", "costs")


def test_a_setting_of_the_wrong_type(cli: Cli) -> None:
    settings = project(cli)
    choose(settings, costs={"false_negative": "ten"})
    refused(cli("train"), USAGE, "config-invalid", "false_negative", "scorewright.toml:")


def test_a_missing_data_file(cli: Cli) -> None:
    project(cli)
    Path("loans.csv").unlink()
    refused(cli("train"), USAGE, "data-file-missing", "loans.csv")
    nothing_was_made()


def test_init_of_a_missing_file(cli: Cli) -> None:
    refused(cli("init", "nowhere.csv"), USAGE, "data-file-missing", "nowhere.csv")
    assert list(Path().iterdir()) == []


def test_an_unknown_target(cli: Cli) -> None:
    loans().write_csv("loans.csv")
    refused(cli("init", "loans.csv", "--target", "stauts"), USAGE, "target-unknown", "status")
    assert not Path("scorewright.toml").exists()


def test_a_project_is_not_overwritten(cli: Cli) -> None:
    settings = project(cli)
    before = settings.read_bytes()
    refused(cli("init", "loans.csv"), USAGE, "project-exists", "--force")
    assert settings.read_bytes() == before


def test_one_class_only(cli: Cli) -> None:
    project(cli)
    loans().with_columns(status=pl.lit("good")).write_csv("loans.csv")
    answer = cli("train")
    assert answer.code in (FINDINGS, USAGE)
    assert "what to do:" in answer.err
    assert "status" in answer.text
    nothing_was_made()


def test_a_table_with_a_header_only(cli: Cli) -> None:
    project(cli)
    loans().head(0).write_csv("loans.csv")
    refused(cli("train"), USAGE, "data-file-empty", "loans.csv")
    nothing_was_made()


def test_a_file_of_no_bytes(cli: Cli) -> None:
    Path("loans.csv").touch()
    refused(cli("init", "loans.csv"), USAGE, "data-file-empty")


def test_the_wrong_encoding_names_the_line(cli: Cli) -> None:
    project(cli)
    lines = Path("loans.csv").read_bytes().splitlines()
    lines[10] = lines[10].replace(b"fixed", b"f\xe9xed").replace(b"none", b"n\xf6ne")
    lines[10] = lines[10].replace(b"freelance", b"fr\xe9elance")
    Path("loans.csv").write_bytes(b"\n".join(lines))
    refused(cli("train"), USAGE, "data-encoding", "line 11")


def test_ragged_rows_name_the_line(cli: Cli) -> None:
    project(cli)
    lines = Path("loans.csv").read_text(encoding="utf-8").splitlines()
    lines[7] += ",surplus"
    Path("loans.csv").write_text("\n".join(lines), encoding="utf-8")
    refused(cli("train"), USAGE, "data-ragged", "line 8")


def test_a_garbage_parquet_file(cli: Cli) -> None:
    Path("loans.parquet").write_bytes(b"PAR1 this is not a table PAR1")
    refused(cli("init", "loans.parquet"), USAGE, "data-unreadable", "loans.parquet")


def test_cells_that_are_not_numbers_name_row_and_column(cli: Cli) -> None:
    project(cli)
    text = Path("loans.csv").read_text(encoding="utf-8").splitlines()
    cells = text[20].split(",")
    cells[1] = "a lot"
    text[20] = ",".join(cells)
    Path("loans.csv").write_text("\n".join(text), encoding="utf-8")
    refused(cli("train"), FINDINGS, "data-findings", "income", "row 20")
    nothing_was_made()


def test_missing_columns(cli: Cli) -> None:
    project(cli)
    loans().drop("income").write_csv("loans.csv")
    refused(cli("train"), FINDINGS, "data-findings", "income")


def test_duplicate_keys_are_reported(cli: Cli) -> None:
    project(cli)
    frame = loans()
    pl.concat([frame, frame.head(40)]).write_csv("loans.csv")
    answer = cli("data", "check")
    assert "loan_id" in answer.text
    assert "duplicate" in answer.text


def test_a_column_that_is_all_missing_or_constant_is_reported(cli: Cli) -> None:
    frame = loans().with_columns(empty=pl.lit(None, dtype=pl.Float64), same=pl.lit(7))
    project(cli, frame)
    answer = cli("data", "check")
    assert "empty" in answer.text
    assert "same" in answer.text


def test_ten_thousand_categories(cli: Cli) -> None:
    frame = loans(12_000).with_columns(
        employer=pl.Series([f"employer {i % 10_500}" for i in range(12_000)])
    )
    project(cli, frame)
    contract = Path("contracts/loans.toml").read_text(encoding="utf-8")
    after = contract.split('"employer"')[1] if '"employer"' in contract else contract
    assert "monitoring" in after
    assert cli("data", "check").code == 0


def test_a_leaky_column_stops_training_until_accepted(cli: Cli) -> None:
    frame = loans()
    frame = frame.with_columns(
        recoveries=pl.when(pl.col("status") == "bad").then(120.0).otherwise(0.0)
    )
    project(cli, frame)
    refused(cli("train"), FINDINGS, "leakage-findings", "recoveries", "LEAK-")
    nothing_was_made()


def test_an_acceptance_needs_a_reason(cli: Cli) -> None:
    settings = project(cli)
    before = settings.read_bytes()
    answer = cli("data", "accept", "LEAK-001", "income", "--reason", "ok")
    assert answer.code == USAGE
    assert "what to do:" in answer.err
    assert settings.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "column", "words"),
    [
        ("LEAK-999", "income", ("LEAK-001", "LEAK-010")),
        ("LEAK-002", "incom", ("such as income",)),
        ("LEAK-002", "loans", ("never about 'loans'",)),
        ("LEAK-005", "income", ("shuffle-control",)),
    ],
)
def test_what_no_finding_could_be_is_not_accepted(
    cli: Cli, code: str, column: str, words: tuple[str, ...]
) -> None:
    settings = project(cli)
    before = settings.read_bytes()
    answer = cli("data", "accept", code, column, "--reason", "known at the decision")
    refused(answer, USAGE, "accept-unknown", *words)
    assert settings.read_bytes() == before
    # While a finding on the whole table has its name
    assert cli("data", "accept", "LEAK-006", "loans", "--reason", "few columns").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--report"),
        ("tune", "--report"),
        ("policy", "fit", "--report"),
        ("policy", "fit", "--output"),
        ("experiment", "report", "-o"),
    ],
)
@pytest.mark.parametrize("place", ["contracts", "loans.csv/report.html"])
def test_where_no_report_can_be_written_no_work_begins(
    cli: Cli, words: tuple[str, ...], place: str
) -> None:
    project(cli)
    refused(cli(*words, place), USAGE, "report-target", place)
    nothing_was_made()


def test_an_unknown_engine_is_refused_for_a_single_file(cli: Cli) -> None:
    project(cli)
    answer = cli("score", "loans.csv", "-o", "scored.csv", "--engine", "nosuch")
    refused(answer, USAGE, "engine-unknown", "nosuch", "local")


@pytest.mark.parametrize(
    ("wish", "code", "word"),
    [
        ({"learner": {"name": "lightgmb"}}, "learner-unknown", "lgbm"),
        ({"learner": {"params": {"num_leafs": 3}}}, "learner-params", "num_leaves"),
        ({"learner": {"monotone": {"incom": -1}}}, "monotone-unknown", "income"),
        ({"learner": {"monotone": {"job": -1}}}, "monotone-categorical", "job"),
        (
            {"learner": {"name": "logistic", "monotone": {"income": -1}}},
            "monotone-unsupported",
            "lgbm",
        ),
        ({"validation": {"scheme": "out_of_time"}}, "decision-date-missing", "decision_date"),
    ],
)
def test_learners_and_schemes_that_cannot_be(
    cli: Cli, wish: dict[str, dict[str, Any]], code: str, word: str
) -> None:
    choose(project(cli), **wish)
    refused(cli("train"), USAGE, code, word)
    assert not Path("bundles/current.json").exists()


def test_a_tracking_store_that_is_no_store(cli: Cli) -> None:
    project(cli)
    Path("mlruns").mkdir()
    Path("mlruns/mlflow.db").touch()
    refused(cli("train"), FAILURE, "store-invalid", "mlflow.db")
    assert Path("mlruns/mlflow.db").stat().st_size == 0
    assert not Path("bundles/current.json").exists()


def test_an_unknown_data_set_for_the_demo(cli: Cli) -> None:
    refused(cli("demo", "--data", "lending_clubs"), USAGE, "dataset-unknown", "lending_club")
    assert list(Path().iterdir()) == []


def test_nothing_has_been_trained_yet(cli: Cli) -> None:
    project(cli)
    refused(cli("score", "loans.csv", "-o", "out.csv"), USAGE, "no-bundle", "scorewright train")
    assert not Path("out.csv").exists()


def test_scoring_rows_that_break_the_contract_writes_nothing(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    loans(20).with_columns(income=pl.lit("much")).write_csv("new.csv")
    answer = cli("--config", config, "score", "new.csv", "-o", "out.csv")
    refused(answer, FINDINGS, "score-findings", "income", "--rejects")
    assert not Path("out.csv").exists()


def test_scoring_a_file_without_a_column(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    loans(20).drop("debt").write_csv("new.csv")
    answer = cli("--config", config, "score", "new.csv", "-o", "out.csv")
    refused(answer, FINDINGS, "score-findings", "debt")


def test_an_output_nobody_can_write(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    loans(20).write_csv("new.csv")
    answer = cli("--config", config, "score", "new.csv", "-o", "out.xlsx")
    refused(answer, USAGE, "output-format", ".parquet")


def test_a_full_disk_while_writing(cli: Cli, trained: Path, full_disk: Path) -> None:
    config = trained / "scorewright.toml"
    loans(5000).write_csv("new.csv")
    answer = cli("--config", config, "score", "new.csv", "-o", full_disk / "out.csv")
    refused(answer, FAILURE, "write-failed")
    assert [p.name for p in full_disk.iterdir()] == ["ballast"]


def test_a_tampered_bundle(cli: Cli, trained: Path) -> None:
    model = next(trained.glob("bundles/*/model/model.txt"))
    edit(model, lambda text: text.replace("leaf_value=", "leaf_value=0.1 ", 1))
    config = trained / "scorewright.toml"
    refused(
        cli("--config", config, "bundle", "verify"), FAILURE, "bundle-file-changed", "model.txt"
    )
    loans(20).write_csv("new.csv")
    answer = cli("--config", config, "score", "new.csv", "-o", "out.csv")
    refused(answer, FAILURE, "bundle-file-changed")
    assert not Path("out.csv").exists()


def test_a_truncated_model_file(cli: Cli, trained: Path) -> None:
    model = next(trained.glob("bundles/*/model/model.txt"))
    model.write_bytes(model.read_bytes()[:2000])
    answer = cli("--config", trained / "scorewright.toml", "bundle", "verify")
    refused(answer, FAILURE, "bundle-file-changed", "model.txt")


def test_a_port_in_use(cli: Cli, trained: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        answer = cli("--config", trained / "scorewright.toml", "serve", "--port", port)
        refused(answer, USAGE, "port-in-use", str(port + 1))
        answer = cli("--config", trained / "scorewright.toml", "ui", "--port", port)
        refused(answer, USAGE, "port-in-use", str(port + 1))


def test_json_errors_are_one_document(cli: Cli) -> None:
    answer = cli("train", "--json")
    assert answer.code == USAGE
    assert answer.json["error"]["code"] == "config-missing"
    assert answer.json["error"]["remedy"]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_training_leaves_a_killed_run_and_no_bundle(
    cli: Cli, sent: signal.Signals, code: int
) -> None:
    settings = project(cli, loans(20_000))
    choose(settings, learner={"params": {"n_estimators": 3000}})
    environment = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scorewright", "train"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    store = Path("mlruns/mlflow.db")
    until = time.monotonic() + 120
    while not _has_a_run(store) and time.monotonic() < until:
        time.sleep(0.2)
    process.send_signal(sent)
    out, err = process.communicate(timeout=120)

    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert _statuses(store) == ["KILLED"]
    assert not Path("bundles/current.json").exists()
    assert not list(Path("bundles").glob(".partial*")) if Path("bundles").exists() else True


def _statuses(store: Path) -> list[str]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM runs")]


def _has_a_run(store: Path) -> bool:
    import sqlite3

    try:
        return bool(_statuses(store))
    except sqlite3.Error:
        return False

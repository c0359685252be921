"""Every command where all is well: what it says to people, to programs, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import polars as pl
import pytest
import tomlkit
from tests.entry.cli.portfolio import Answer, Cli, loans
from tests.entry.cli.tracking import read_run

from scorewright import wiring

FINE, FINDINGS, USAGE, FAILURE = 0, 1, 2, 3
ESCAPE = "\x1b["


def one_document(answer: Answer) -> dict[str, Any]:
    """Require exactly one versioned JSON document on stdout."""
    assert answer.code == FINE, answer
    document: dict[str, Any] = json.loads(answer.out)
    assert document["schema_version"] == 1
    return document


def for_people(answer: Answer, *words: str) -> None:
    """Require text that holds the words and no colour."""
    assert answer.code == FINE, answer
    assert not answer.out.lstrip().startswith("{")
    assert ESCAPE not in answer.out + answer.err
    for word in words:
        assert word in answer.text, (word, answer.text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_init(cli: Cli) -> None:
    # Given a table
    loans().write_csv("loans.csv")
    # When a project is made of it, for people and for programs
    for_people(cli("init", "loans.csv"), "status (bad: bad", "loan_id", "sex", "data check")
    document = one_document(cli("init", "loans.csv", "--force", "--json"))
    # Then what was guessed is told and written
    assert document["target"] == "status"
    assert document["key"] == "loan_id"
    assert Path(document["settings_file"]).is_file()
    assert Path(document["contract_file"]).is_file()
    assert "#" in Path("scorewright.toml").read_text(encoding="utf-8")


def test_init_in_another_folder_with_what_the_user_knows(cli: Cli) -> None:
    loans().write_csv("loans.csv")
    wish = ("--directory", "credit", "--name", "retail", "--target", "status", "--bad-value", "bad")
    assert cli("init", "loans.csv", *wish).code == FINE
    text = Path("credit/scorewright.toml").read_text(encoding="utf-8")
    assert tomlkit.parse(text)["project"]["name"] == "retail"
    # A project found upwards from where one stands
    assert cli("--config", "credit/scorewright.toml", "data", "check").code == FINE


def test_data_check(cli: Cli) -> None:
    loans().write_csv("loans.csv")
    cli("init", "loans.csv")
    for_people(cli("data", "check"), "Every row keeps its contract")
    document = one_document(cli("data", "check", "--json"))
    assert document["is_clean"] is True
    assert document["contracts_written"] == []
    assert [table["table"] for table in document["tables"]] == ["loans"]


def test_data_check_ends_with_one_where_rows_break_the_contract(cli: Cli) -> None:
    loans().write_csv("loans.csv")
    cli("init", "loans.csv")
    loans().with_columns(job=pl.lit(None, dtype=pl.String)).write_csv("loans.csv")
    answer = cli("data", "check", "--json")
    assert answer.code == FINDINGS
    assert answer.json["is_clean"] is False


def test_data_accept(cli: Cli) -> None:
    # Given a strong column that stops the check
    frame = loans()
    points = frame["status"].eq("good").cast(pl.Int64) * 2 + pl.Series([0, 1, 2, 3] * 150)
    frame.with_columns(points=points).write_csv("loans.csv")
    cli("init", "loans.csv")
    stopped = cli("data", "check", "--json")
    assert stopped.code == FINDINGS
    (finding,) = stopped.json["leakage"]["open"]
    assert finding["subject"] == "points"
    # When somebody answers for it
    reason = "the bureau's points, known at the decision"
    answer = cli("data", "accept", finding["code"], "points", "--reason", reason, "--json")
    # Then it is written down with the reason, and the check passes
    document = one_document(answer)
    assert document["accepted"] == {"code": finding["code"], "column": "points", "reason": reason}
    assert reason in Path(document["file"]).read_text(encoding="utf-8")
    assert cli("data", "check").code == FINE
    for_people(
        cli("data", "accept", "LEAK-003", "points", "--reason", "another good reason"),
        "LEAK-003 on points accepted",
    )


@pytest.mark.parametrize("learner", ["dummy", "logistic"])
def test_other_learners_from_training_to_decision(cli: Cli, learner: str) -> None:
    # Given a project that asks for another learner
    loans(400).write_csv("loans.csv")
    cli("init", "loans.csv")
    settings = tomlkit.parse(Path("scorewright.toml").read_text(encoding="utf-8"))
    settings["learner"]["name"] = learner
    settings["validation"]["bootstrap"] = 50
    Path("scorewright.toml").write_text(tomlkit.dumps(settings), encoding="utf-8")
    before = mlflow.get_tracking_uri()
    # When it is trained in this process
    document = one_document(cli("train", "--json"))
    # Then the run is there, the bundle proves itself, and MLflow's state is what it was
    record = read_run(document["tracking_uri"], document["run_id"])
    assert record.tags["model_type"] == record.params["learner"] == learner
    assert (mlflow.get_tracking_uri(), mlflow.active_run()) == (before, None)
    proof = one_document(cli("bundle", "verify", "--json"))
    assert proof["bundle"] == document["bundle"]
    assert proof["proof"]["largest_difference"] <= 1e-9
    # And the service answers from it
    row = loans(5, seed=9).drop("loan_id", "sex", "status").row(1, named=True)
    with wiring.project(Path("scorewright.toml")).service() as service:
        said = service.post("/predict", {"features": row})
        with urllib.request.urlopen(f"{service.url}/version", timeout=30) as page:  # noqa: S310
            version = page.read().decode()
    assert 0.0 < said["pd"] < 1.0
    assert said["model"]["model_digest"] == document["model_digest"]
    assert document["run_id"] in version


def test_train_for_people(cli: Cli, tmp_path: Path) -> None:
    # Given
    loans(400).write_csv("loans.csv")
    cli("init", "loans.csv")
    environment = {"SCOREWRIGHT__LEARNER__NAME": "dummy", "SCOREWRIGHT__VALIDATION__BOOTSTRAP": "0"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        # When
        answer = cli("train", "--report", "figures.html")
    # Then
    for_people(answer, "AUC", "KS", "Brier", "threshold", "approved", "scorewright serve")
    assert "Cross-validate: 5 folds" in answer.err
    assert Path("figures.html").stat().st_size > 10_000
    assert not Path("report.html").exists()


def test_a_second_training_replaces_the_first_and_keeps_it(cli: Cli, trained: Path) -> None:
    # Given a trained project
    config = trained / "scorewright.toml"
    first = one_document(cli("-c", config, "bundle", "inspect", "--json"))
    # When it is trained again with the same data, settings and seed
    second = one_document(cli("-q", "-c", config, "train", "--json"))
    # Then run and bundle are others, the model is the same to the byte
    assert second["bundle"] != first["bundle"]
    assert second["model_digest"] == first["manifest"]["model_digest"]
    assert second["policy"]["version"] == first["policy"]["version"] + 1
    for name, value in first["metrics"].items():
        assert second["metrics"][name] == value
    # And the first can still be named by the beginning of its digest
    earlier = one_document(cli("-c", config, "bundle", "verify", first["bundle"][:10], "--json"))
    assert earlier["bundle"] == first["bundle"]
    assert earlier["since"] is None


def test_quiet_says_nothing_but_the_result(cli: Cli, trained: Path) -> None:
    loans(20).write_csv("new.csv")
    config = trained / "scorewright.toml"
    answer = cli("--quiet", "-c", config, "score", "new.csv", "-o", "out.csv")
    for_people(answer, "rows", "20")
    assert answer.err == ""
    assert cli("-c", config, "score", "new.csv", "-o", "out.csv").err != ""


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_score(cli: Cli, trained: Path, suffix: str) -> None:
    # Given new applications, their outcome unknown
    config = trained / "scorewright.toml"
    loans(50, seed=8).drop("status").write_csv("new.csv")
    # When
    answer = cli("-c", config, "score", "new.csv", "-o", f"out.{suffix}", "--json")
    # Then every row has its key, a PD and a decision that follows from it
    document = one_document(answer)
    read: Callable[[str], pl.DataFrame] = pl.read_csv if suffix == "csv" else pl.read_parquet
    scored = read(f"out.{suffix}")
    assert scored["loan_id"].to_list() == loans(50, seed=8)["loan_id"].to_list()
    assert scored["pd"].is_between(0, 1).all()
    declined = (scored["pd"] >= scored["threshold"]).to_list()
    assert [d == "decline" for d in scored["decision"]] == declined
    assert document["rows"] == 50
    assert document["rejected"] == 0
    assert document["mean_pd"] == pytest.approx(scored["pd"].mean())
    assert document["approval_rate"] == pytest.approx(1 - sum(declined) / 50)
    assert set(scored["bundle"]) == {document["bundle"]}


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_new_applications_may_be_separated_otherwise(
    cli: Cli, trained: Path, separator: str
) -> None:
    config = trained / "scorewright.toml"
    loans(30).write_csv("commas.csv")
    loans(30).write_csv("others.csv", separator=separator)
    for name in ("commas", "others"):
        assert cli("-c", config, "score", f"{name}.csv", "-o", f"{name}.out.csv").code == 0
    assert Path("commas.out.csv").read_bytes() == Path("others.out.csv").read_bytes()


def test_a_file_that_is_read_is_never_the_output(cli: Cli, trained: Path) -> None:
    # Given a file, a link to it, and the table of the training
    config = trained / "scorewright.toml"
    rows = loans(10).with_columns(income=pl.lit("much"))
    pl.concat([loans(5).cast({"income": pl.String}), rows]).write_csv("new.csv")
    Path("link.csv").symlink_to("new.csv")
    (table,) = trained.glob("*.csv")
    before = [Path(name).read_bytes() for name in ("new.csv", table)]
    # Then none of them is replaced, by results or by rejects
    for output, rejects, code in (
        ("new.csv", "bad.csv", "output-is-input"),
        ("out.csv", "new.csv", "output-is-input"),
        ("./link.csv", "bad.csv", "output-is-input"),
        (table, "bad.csv", "output-is-input"),
        ("out.csv", "./out.csv", "score-same-file"),
    ):
        answer = cli("-c", config, "score", "new.csv", "-o", output, "--rejects", rejects)
        assert answer.code == USAGE
        assert code in answer.err
    assert [Path(name).read_bytes() for name in ("new.csv", table)] == before
    assert not Path("out.csv").exists()
    assert not Path("bad.csv").exists()


def test_a_file_that_is_not_there_is_said_to_be_missing(cli: Cli, trained: Path) -> None:
    answer = cli("-c", trained / "scorewright.toml", "score", "nofile.csv", "-o", "out.csv")
    assert answer.code == USAGE
    assert "There is no file nofile.csv." in answer.err
    assert "[tables." not in answer.err


def test_score_for_people(cli: Cli, trained: Path) -> None:
    loans(5).write_csv("new.csv")
    answer = cli("-c", trained / "scorewright.toml", "score", "new.csv", "-o", "out.csv")
    for_people(answer, "mean PD", "approved", "out.csv")
    assert "columns the model does not use are ignored: sex, status" in answer.text


def test_rejects_keep_their_row_numbers_and_reasons(cli: Cli, trained: Path) -> None:
    # Given two bad rows among ten
    rows = loans(10, seed=8).drop("status").with_columns(pl.col("income").cast(pl.String))
    incomes = rows["income"].to_list()
    incomes[2], incomes[6] = "much", ""
    rows.with_columns(income=pl.Series(incomes)).write_csv("new.csv")
    # When
    config = trained / "scorewright.toml"
    arguments = ("score", "new.csv", "-o", "out.csv", "--rejects", "bad.csv", "--json")
    document = one_document(cli("-c", config, *arguments))
    # Then the others are scored, and none is lost
    assert (document["rows"], document["rejected"]) == (8, 2)
    bad = pl.read_csv("bad.csv")
    assert bad["row"].to_list() == [3, 7]
    assert bad["loan_id"].to_list() == ["L00002", "L00006"]
    assert all("income" in reason for reason in bad["reasons"])
    assert pl.read_csv("out.csv")["loan_id"].to_list() == [
        key for key in rows["loan_id"] if key not in {"L00002", "L00006"}
    ]


def test_bundle_inspect(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    document = one_document(cli("-c", config, "bundle", "inspect", "--json"))
    assert document["features"] == ["income", "debt", "job"]
    assert document["proof"] is None
    assert document["policy"]["approver"] is None
    for_people(
        cli("-c", config, "bundle", "inspect"), document["bundle"], "model/model.txt", "threshold"
    )


def test_bundle_verify(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    document = one_document(cli("-c", config, "bundle", "verify", "--json"))
    assert document["proof"]["rows"] == 20
    for_people(cli("-c", config, "bundle", "verify"), "is sound", "20 agree", "signature")


def test_doctor(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    document = one_document(cli("-c", config, "doctor", "--json"))
    assert {check["status"] for check in document["checks"]} <= {"ok", "warning"}
    for_people(cli("-c", config, "doctor"), "Doctor")


def test_doctor_without_a_project(cli: Cli) -> None:
    assert one_document(cli("doctor", "--json"))["checks"]


def test_doctor_ends_with_one_where_something_is_broken(cli: Cli, trained: Path) -> None:
    (trained / "mlruns" / "mlflow.db").write_bytes(b"not a database")
    answer = cli("-c", trained / "scorewright.toml", "doctor", "--json")
    assert answer.code == FINDINGS
    (check,) = [c for c in answer.json["checks"] if c["status"] == "error"]
    assert check["remedy"]


def test_the_four_ways_to_end(cli: Cli, trained: Path) -> None:
    config = trained / "scorewright.toml"
    loans(5).with_columns(income=pl.lit("much")).write_csv("bad.csv")
    assert cli("-c", config, "bundle", "inspect").code == FINE
    assert cli("-c", config, "score", "bad.csv", "-o", "out.csv").code == FINDINGS
    assert cli("-c", config, "score", "bad.csv", "-o", "out.xlsx").code in {FINDINGS, USAGE}
    assert cli("-c", "nowhere.toml", "bundle", "inspect").code == USAGE
    next(trained.glob("bundles/*/golden.json")).write_text("{}", encoding="utf-8")
    assert cli("-c", config, "bundle", "inspect").code == FAILURE


def test_no_color_means_no_color_even_on_a_terminal(trained_once: Path) -> None:
    # Given a terminal that shows colours
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "scorewright", "-c", "nowhere.toml", "train"]

    def said(**variables: str) -> str:
        done = subprocess.run(
            command, cwd=trained_once, env={**environment, **variables},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == USAGE
        return done.stderr

    # Then it gets them, unless somebody wants none
    colours = ("\x1b[31m", "\x1b[1;31m")
    assert any(colour in said() for colour in colours)
    assert not any(colour in said(NO_COLOR="1") for colour in colours)


@pytest.fixture
def running() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start commands in sessions of their own, and end what is still there."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "scorewright", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # our own session
            process.communicate()


def wait_for(url: str, process: subprocess.Popen[str], seconds: float = 90) -> bytes:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
                return bytes(answer.read())
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {seconds} s")


def test_serve(trained_once: Path, running: Callable[..., subprocess.Popen[str]]) -> None:
    # Given the service as its user starts it
    port = free_port()
    config = trained_once / "scorewright.toml"
    process = running("-c", config, "serve", "--port", str(port), "--json")
    url = f"http://127.0.0.1:{port}"
    wait_for(f"{url}/health", process)
    # When it is asked
    row = loans(3, seed=9).drop("loan_id", "sex", "status").row(2, named=True)
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/predict",
        json.dumps({"features": row}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        said = json.load(answer)
    # Then it decides; told to end, it ends, and its stdout was one document
    assert said["decision"] == ("decline" if said["pd"] >= said["threshold"] else "approve")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    document = json.loads(out)
    assert document["schema_version"] == 1
    assert document["url"] == url
    assert document["bundle"] == said["model"]["bundle"]
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ui(
    trained_once: Path, running: Callable[..., subprocess.Popen[str]], how: signal.Signals
) -> None:
    # Given the MLflow UI on the project's store
    port = free_port()
    process = running("-c", trained_once / "scorewright.toml", "ui", "--port", str(port), "--json")
    assert b"MLflow" in wait_for(f"http://127.0.0.1:{port}/", process)
    # When only the command is told to end, as a supervisor would
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    # Then nothing goes on listening, and stdout was one document
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert json.loads(out)["url"] == f"http://127.0.0.1:{port}"
    assert "Traceback" not in err

"""``scorewright store``: what the commands that change nothing print, and how they end."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from tests.entry.cli.portfolio import Cli
from tests.stores.database import write_database_experiment
from tests.stores.schema import create_database
from tests.stores.story import Story, build_story


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return build_story(tmp_path / "credit")


def state(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(file): (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_looking_changes_nothing(cli: Cli, story: Story) -> None:
    # Given
    before = state(story.folder)
    a, b = story.database, story.notebooks
    # When
    answers = [
        cli("store", "inventory", a), cli("store", "inventory", b, "--hash"),
        cli("store", "tree", a), cli("store", "tree", b), cli("store", "audit", b),
        cli("store", "show", story.liar, "--store", b), cli("store", "compare", a, b),
    ]  # fmt: skip
    # Then
    assert [answer.code for answer in answers] == [0] * 7
    assert state(story.folder) == before


def test_the_inventory_counts_and_names_the_best(cli: Cli, story: Story) -> None:
    told = cli("store", "inventory", story.notebooks)
    assert "42 (and 38 deleted): 2 running, 41 without artifacts" in told.out
    assert "credit_scoring_optimization_fbeta" in told.out
    found = cli("store", "inventory", story.notebooks, "--json", "--metric", "fbeta_score").json
    best = {row["experiment_id"]: row["best_name"] for row in found["experiments"]}
    assert best["3"] == list(story.trials)[-1]
    least = cli(
        "store", "inventory", story.notebooks, "--json", "--metric", "fbeta_score", "--minimise"
    ).json
    assert {r["experiment_id"]: r["best_name"] for r in least["experiments"]}["3"] == next(
        iter(story.trials)
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json", "html"])
def test_the_inventory_is_written_in_every_form(
    cli: Cli, story: Story, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"runs.{suffix}"
    answer = cli("store", "inventory", story.database, "--level", "runs", "-o", file)
    assert answer.code == 0
    assert "6 runs" in answer.out
    match suffix:
        case "csv":
            assert pl.read_csv(file).height == 6
        case "parquet":
            assert pl.read_parquet(file)["start"].dtype == pl.Datetime("ms", "UTC")
        case "html":
            text = file.read_text("utf-8")
            assert "exp09_cv_domain_none" in text
            assert "credit_scoring_lgbm" in text
        case _:
            assert '"level": "runs"' in file.read_text("utf-8")


@pytest.mark.parametrize("name", ["a[final].json", "a[/y].json", "[bold].json"])
def test_names_of_files_are_printed_as_they_are(
    cli: Cli, story: Story, tmp_path: Path, name: str
) -> None:
    for words in (["inventory", story.database], ["audit", story.database]):
        answer = cli("store", *words, "-o", tmp_path / name)
        assert answer.code == 0, answer.err
        assert name in answer.out.replace("\n", "")


def test_files_that_are_to_be_digested_are_listed(cli: Cli, story: Story) -> None:
    plain = cli("store", "inventory", story.notebooks, "--json", "--hash").json
    hashed = cli("store", "inventory", story.notebooks, "--json", "--hash", "--no-artifacts").json
    assert hashed == plain


def test_csv_on_the_screen_runs_nothing_in_a_spreadsheet(cli: Cli, tmp_path: Path) -> None:
    with closing(create_database(tmp_path / "mlflow.db")) as connection:
        write_database_experiment(connection, 1, "=cmd|'/c calc'!A1", "/nowhere/1")
        connection.commit()
    answer = cli("-q", "store", "inventory", "--format", "csv")
    assert answer.code == 0
    assert "'=cmd|" in answer.out
    assert pl.read_csv(answer.out.encode())["name"].item().startswith("'=")


def test_the_tree_folds_and_marks(cli: Cli, story: Story) -> None:
    answer = cli("store", "tree", story.notebooks, "--limit", "3")
    assert "... 33 more" in answer.out
    assert "<production>" in answer.out
    assert "credit_scoring_model_selection (8 runs, 10 deleted, 2 running" in answer.out
    found = cli("store", "tree", story.database, "--json", "--depth", "1").json
    assert [child["label"] for child in found["children"]][:2] == [
        "Default", "credit_scoring_final_delivery",
    ]  # fmt: skip


def test_one_run_is_shown_by_the_beginning_of_its_id(cli: Cli, story: Story) -> None:
    answer = cli("store", "show", story.liar[:8], "--store", story.notebooks)
    assert "RUN-010" in answer.out
    assert "predictions.parquet" in answer.out
    found = cli("store", "show", story.liar, "--store", story.notebooks, "--json").json
    assert found["run"]["run_id"] == story.liar
    twice = cli("store", "show", "exp01_cv_domain_balanced", "--store", story.notebooks)
    assert twice.code == 2
    assert "run-ambiguous" in twice.err
    assert cli("store", "show", "zzzz", "--store", story.notebooks).code == 2


def test_the_audit_judges_tells_and_fails_as_asked(cli: Cli, story: Story, tmp_path: Path) -> None:
    answer = cli("store", "audit", story.notebooks, "-o", tmp_path / "audit.html")
    assert answer.code == 0
    assert "7 criteria passed" in answer.out
    assert "RUN-010 error" in answer.out
    assert "0.784" in answer.out
    assert "scorewright store plan" in answer.out
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert "RUN-010" in page
    assert "its predictions give 0.784" in page
    failing = cli("store", "audit", story.notebooks, "--fail-on", "error", "--json")
    assert failing.code == 1
    assert {"criteria", "findings", "score"} <= set(failing.json)
    unseen = cli("store", "audit", story.notebooks, "--no-metric-check", "--json").json
    assert "RUN-010" not in {finding["code"] for finding in unseen["findings"]}
    assert cli("store", "audit", story.notebooks, "-o", "audit.txt").code == 2


def test_a_project_lends_its_store_and_its_other_stores_are_found(cli: Cli, story: Story) -> None:
    (story.folder / "scorewright.toml").write_text(
        '[project]\nname = "credit_scoring"\n[tables.loans]\nfiles = "loans.csv"\n'
        '[data]\ntable = "loans"\ntarget = "y"\nbad_value = "1"\n',
        "utf-8",
    )
    config = story.folder / "scorewright.toml"
    found = cli("--config", config, "store", "inventory", "--json").json
    assert found["location"] == str(story.database)
    audited = cli("--config", config, "store", "audit", "--json").json
    second = next(f for f in audited["findings"] if f["code"] == "STORE-001")
    assert str(story.notebooks) in str(second)


def test_a_comparison_says_what_is_only_where(
    cli: Cli, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = cli("store", "compare", story.database, story.notebooks, "--limit", "2")
    assert "... 78 more" in told.out
    everything = cli("store", "compare", story.database, story.notebooks, "--json").json
    runs = next(part for part in everything["parts"] if part["kind"] == "run")
    monkeypatch.setenv("COLUMNS", "40")  # an id is copied, however narrow the terminal is
    listed = cli("store", "compare", story.database, story.notebooks).out
    assert runs["only_a"][0]["id"] in listed.split()
    same = cli("store", "compare", story.database, story.database, "--fail-on-difference")
    assert same.code == 0
    assert "Both stores hold the same." in same.out
    other = cli(
        "store", "compare", story.database, story.notebooks, "--fail-on-difference", "--json"
    )
    assert other.code == 1
    assert other.json["same"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("inventory", "nowhere"), "store-invalid", 2),
        (("inventory", "empty.db"), "store-invalid", 3),
        (("tree", "notes.txt"), "store-invalid", 3),
        (("tree", "databricks://x"), "store-uri", 2),
        (("audit", "sqlite:///:memory:"), "store-uri", 2),
        (("inventory",), "store-invalid", 3),
        (("inventory", "credit/mlruns", "--metric", "nope"), "metric-unknown", 2),
        (("inventory", "credit/mlruns", "--format", "parquet"), "output-format", 2),
        (("inventory", "credit/mlruns", "-o", "x.xlsx"), "output-format", 2),
        (("inventory", "credit/mlruns", "-o", "x.csv", "--format", "html"), "output-format", 2),
        (("inventory", "credit/mlruns", "--root", "x"), "store-root", 2),
        (("compare", "credit/mlruns", "nowhere"), "store-invalid", 2),
        (("audit", "http://127.0.0.1:9"), "store-unreachable", 3),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(
    cli: Cli, story: Story, tmp_path: Path, arguments: tuple[str, ...], code: str, exit_code: int
) -> None:
    (tmp_path / "empty.db").touch()
    (tmp_path / "notes.txt").write_text("no store")
    answer = cli("-q", "store", *arguments, "--json")
    assert answer.code == exit_code
    assert answer.json["error"]["code"] == code
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_names_of_strangers_do_not_steer_the_terminal(cli: Cli, tmp_path: Path) -> None:
    with closing(create_database(tmp_path / "mlflow.db")) as connection:
        write_database_experiment(connection, 1, "\x1b[2Jgone [bold]x[/]", "/nowhere/1")
        connection.commit()
    for command in ("tree", "inventory", "audit"):
        answer = cli("-q", "store", command)
        assert answer.code == 0
        assert "\x1b[2J" not in answer.out
        assert "[2Jgone [bold]x[/]" in answer.out

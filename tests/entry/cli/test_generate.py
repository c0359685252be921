"""``scorewright data generate``: a portfolio from the command line, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.entry.cli.portfolio import Cli

SMALL = ("data", "generate", "-n", "120", "-o", "book", "--processes", "1")


def test_it_writes_seven_tables_and_says_so(cli: Cli, tmp_path: Path) -> None:
    answer = cli(*SMALL, "--json")
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert document["synthetic"] is True
    assert document["rows"]["application"] == 120
    assert document["parts_made"] == 1
    assert pl.read_parquet(tmp_path / "book" / "application" / "*.parquet").height == 120


def test_people_are_told_that_it_is_synthetic(cli: Cli) -> None:
    answer = cli(*SMALL)
    assert answer.code == 0, answer.err
    assert "synthetic" in answer.out
    assert "installments_payments" in answer.out


def test_running_it_again_makes_nothing_new(cli: Cli) -> None:
    first, second = (json.loads(cli(*SMALL, "--json").out) for _ in range(2))
    assert second["parts_made"] == 0
    assert second["digest"] == first["digest"]


def test_the_switches_reach_the_portfolio(cli: Cli) -> None:
    switches = ("--macro-drift", "--population-shift", "--bureau-outage", "--policy-change")
    document = json.loads(cli(*SMALL, *switches, "--json").out)
    assert all(document["spec"]["switches"].values())


def test_labels_that_are_too_young_are_missing(cli: Cli) -> None:
    document = json.loads(cli(*SMALL, "--observed-on", "2024-06-30", "--json").out)
    assert 0 < document["labelled"] < 120


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-n", "0"), "applications"),
        (("-n", "10000001"), "10000000"),
        (("--seed", "-1"), "seed"),
        (("--start", "yesterday"), "yesterday"),
        (("--start", "2024-02-30"), "2024-02-30"),
        (("--start", "1900-01-01"), "1970-01-01"),
        (("--observed-on", "31.12.2024"), "31.12.2024"),
        (("--observed-on", "2020-01-01"), "2022-01-01"),
        (("--processes", "-2"), "processes"),
        (("--processes", "1000"), "256"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_written(
    cli: Cli, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    answer = cli("data", "generate", "-o", "book", *options)
    assert answer.code == 2
    assert "portfolio-spec" in answer.err
    assert said in answer.err
    assert not (tmp_path / "book").exists()


@pytest.mark.parametrize("options", [("-n", "many"), ("--seed", "x"), ("--no-such",)])
def test_what_is_no_option_or_number_is_refused(cli: Cli, options: tuple[str, ...]) -> None:
    assert cli("data", "generate", "-o", "book", *options).code == 2


def test_the_folder_must_be_named(cli: Cli) -> None:
    answer = cli("data", "generate", "-n", "10")
    assert answer.code == 2
    assert "--out" in answer.err


def test_a_folder_of_something_else_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "notes.txt").write_text("mine", encoding="utf-8")
    answer = cli(*SMALL)
    assert answer.code == 2
    assert "portfolio-other" in answer.err
    assert [entry.name for entry in (tmp_path / "book").iterdir()] == ["notes.txt"]


def test_a_portfolio_of_another_seed_is_left_alone(cli: Cli) -> None:
    assert cli(*SMALL).code == 0
    answer = cli(*SMALL, "--seed", "7", "--json")
    assert answer.code == 2
    assert json.loads(answer.out)["error"]["code"] == "portfolio-other"

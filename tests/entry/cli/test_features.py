"""``scorewright features`` over a small relational project in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.entry.cli.portfolio import Answer, Cli

FINE, FINDINGS, USAGE = 0, 1, 2

SETTINGS = """
[project]
name = "small"

[tables.loans]
files = "loans.parquet"

[tables.bureau]
files = "bureau.parquet"

[tables.months]
files = "months.parquet"

[data]
table = "loans"
target = "bad"
key = "loan_id"
decision_date = "decided"

[features]
files = ["features.toml", "more.py"]
set = "domain"
"""

FEATURES = """
[tables.bureau]
on = "loan_id"
key = "bureau_id"
as_of = "opened"
unit = "date"

[tables.months]
parent = "bureau"
on = "bureau_id"
as_of = "month"
unit = "months"

[sets.baseline]
about = "Aggregates as they are."

[[sets.baseline.grids]]
table = "bureau"
columns = ["amount"]
aggregates = ["mean", "sum"]

[[sets.baseline.shares]]
table = "bureau"
column = "kind"
values = ["car", "card"]

[sets.baseline.features]
loans_count = { value = "count(bureau)", unit = "loans", about = "Loans at other lenders." }

[sets.domain]
extends = ["baseline"]

[sets.domain.features]
debt_to_income = { value = "sum(bureau, amount) / income", unit = "ratio" }
debt_to_income_log = "log1p(debt_to_income)"
late_share = 'share(months, late > 0, last="12 months")'
woman_income = 'income if sex == "f" else 0.0'
"""

MORE = """
from scorewright.core.features import Feature, FeatureSet, parse

SETS = [
    FeatureSet("squares", tuple(
        Feature(f"{name}_squared", parse(f"{name} * {name}")) for name in ("income",)
    ), extends=("baseline",)),
]
"""

CONTRACTS = {
    "loans": """
table = "loans"
version = 1
key = "loan_id"
target = "bad"
bad_value = "1"
as_of = "decided"

[columns.loan_id]
type = "integer"
nullable = false

[columns.decided]
type = "date"
nullable = false
use = "prohibited"

[columns.income]
type = "number"

[columns.sex]
type = "category"
categories = ["f", "m"]
use = "monitoring"

[columns.bad]
type = "integer"
nullable = false
""",
    "bureau": """
table = "bureau"
version = 1

[columns.loan_id]
type = "integer"

[columns.bureau_id]
type = "integer"

[columns.opened]
type = "date"

[columns.amount]
type = "number"

[columns.kind]
type = "category"
categories = ["car", "card"]
""",
    "months": """
table = "months"
version = 1

[columns.bureau_id]
type = "integer"

[columns.month]
type = "integer"

[columns.late]
type = "integer"
""",
}


def write_tables() -> None:
    """Three loans; the second has one loan elsewhere, the third none."""
    day = date(2024, 6, 1)
    pl.DataFrame(
        {
            "loan_id": [1, 2, 3],
            "decided": [day, day, day],
            "income": [100.0, 200.0, 50.0],
            "sex": ["f", "m", "f"],
            "bad": [0, 1, 0],
        }
    ).write_parquet("loans.parquet")
    write_bureau(date(2024, 5, 31))
    pl.DataFrame(
        {"bureau_id": [10, 10, 11, 12], "month": [-2, -1, -1, -3], "late": [0, 1, 0, 2]}
    ).write_parquet("months.parquet")


def write_bureau(last: date) -> None:
    pl.DataFrame(
        {
            "loan_id": [1, 1, 2],
            "bureau_id": [10, 11, 12],
            "opened": [date(2023, 1, 1), date(2022, 3, 1), last],
            "amount": [5.0, 7.0, None],
            "kind": ["car", "card", "car"],
        }
    ).write_parquet("bureau.parquet")


@pytest.fixture
def relational(cli: Cli) -> Cli:
    """The command line in a folder with a relational project."""
    write_tables()
    Path("scorewright.toml").write_text(SETTINGS, encoding="utf-8")
    Path("features.toml").write_text(FEATURES, encoding="utf-8")
    Path("more.py").write_text(MORE, encoding="utf-8")
    Path("contracts").mkdir()
    for name, text in CONTRACTS.items():
        Path(f"contracts/{name}.toml").write_text(text, encoding="utf-8")
    return cli


def document(answer: Answer, code: int = FINE) -> dict[str, Any]:
    """Require one versioned JSON document on stdout."""
    assert answer.code == code, answer
    found: dict[str, Any] = json.loads(answer.out)
    assert found["schema_version"] == 1
    return found


def test_list_names_the_sets_of_all_files(relational: Cli) -> None:
    answer = relational("features", "list")
    assert answer.code == FINE, answer
    assert "domain (built)" in answer.text
    sets = {
        s["name"]: s["features"] for s in document(relational("features", "list", "--json"))["sets"]
    }
    assert sets == {"baseline": 5, "domain": 9, "squares": 6}


def test_list_shows_the_features_of_a_set(relational: Cli) -> None:
    answer = relational("features", "list", "--set", "squares")
    assert "income_squared" in answer.text
    listed = document(relational("features", "list", "--set", "domain", "--json"))
    uses = {f["name"]: f["use"] for f in listed["features"]}
    assert uses["woman_income"] == "monitoring"
    assert uses["late_share"] == "model"


def test_list_of_an_unknown_set_names_neighbours(relational: Cli) -> None:
    answer = relational("features", "list", "--set", "domian")
    assert answer.code == USAGE
    assert "feature-set-unknown" in answer.text
    assert "domain" in answer.text


def test_describe_says_what_a_feature_is(relational: Cli) -> None:
    answer = relational("features", "describe", "debt_to_income")
    assert answer.code == FINE, answer
    for words in (
        "sum(bureau, amount) / income", "ratio", "bureau.amount, loans.income",
        "debt_to_income_log", "none is deployed", "features build",
    ):  # fmt: skip
        assert words in answer.text, (words, answer.text)
    found = document(relational("features", "describe", "income_squared", "--json"))
    assert found["described_in"] == "squares"
    assert found["build"] is None


def test_describe_of_an_unknown_feature_names_neighbours(relational: Cli) -> None:
    answer = relational("features", "describe", "debt_to_incom", "--json")
    assert answer.code == USAGE
    assert answer.json["error"]["code"] == "feature-unknown"
    assert "debt_to_income" in answer.json["error"]["remedy"]


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"<!DOCTYPE html>"), ("mmd", b"---\n")],
)
def test_graph_writes_the_file(relational: Cli, suffix: str, beginning: bytes) -> None:
    file = Path(f"lineage.{suffix}")
    answer = relational("features", "graph", "late_share", "-o", file)
    assert answer.code == FINE, answer
    assert file.read_bytes().startswith(beginning)
    assert list(Path().glob("*.part")) == []


def test_graph_of_a_set_is_told_to_programs_too(relational: Cli) -> None:
    found = document(relational("features", "graph", "--set", "baseline", "-o", "g.svg", "--json"))
    assert {node["kind"] for node in found["nodes"]} == {"table", "feature"}
    assert Path(found["file"]).is_file()


def test_graph_in_an_unknown_form_is_refused(relational: Cli) -> None:
    answer = relational("features", "graph", "-o", "g.gif")
    assert answer.code == USAGE
    assert "lineage-format" in answer.text
    assert not Path("g.gif").exists()


def test_check_of_clean_tables(relational: Cli) -> None:
    answer = relational("features", "check")
    assert answer.code == FINE, answer
    assert "Every row was known before its decision" in answer.text
    found = document(relational("features", "check", "--json"))
    assert [t["table"] for t in found["tables"]] == ["loans", "bureau", "months"]


def test_check_ends_with_one_where_a_row_lies_in_the_future(relational: Cli) -> None:
    write_bureau(date(2024, 6, 2))
    answer = relational("features", "check")
    assert answer.code == FINDINGS
    for words in ("FEAT-001", "bureau", "application 2", "2024-06-02", "2024-06-01"):
        assert words in answer.text, words
    found = document(relational("features", "check", "--json"), FINDINGS)
    assert found["is_clean"] is False


def test_build_stops_at_a_row_from_the_future(relational: Cli) -> None:
    write_bureau(date(2024, 6, 2))
    answer = relational("features", "build", "--json")
    assert answer.code == FINDINGS
    assert answer.json["error"]["code"] == "features-future-rows"


def test_build_writes_one_file_for_people(relational: Cli) -> None:
    answer = relational("features", "build", "--output", "features.parquet")
    assert answer.code == FINE, answer
    frame = pl.read_parquet("features.parquet")
    assert frame.columns[0] == "loan_id"
    assert frame["loan_id"].to_list() == [1, 2, 3]
    assert frame["loans_count"].to_list() == [2, 1, 0]
    assert frame["debt_to_income"].to_list() == [0.12, None, None]
    assert frame["bureau_kind_car_share"].to_list() == [0.5, 1.0, None]
    assert "Most often missing" in answer.text


def test_a_build_is_never_written_over_a_table(relational: Cli) -> None:
    table = Path("bureau.parquet")
    before = table.read_bytes()
    answer = relational("features", "build", "--output", "./bureau.parquet")
    assert answer.code == USAGE
    assert "output-is-input" in answer.err
    assert table.read_bytes() == before


def test_building_again_is_a_hit_and_says_so(relational: Cli) -> None:
    first = document(relational("features", "build", "--json"))
    assert first["was_cached"] is False
    # When nothing has changed
    second = document(relational("features", "build", "--json"))
    assert (second["was_cached"], second["digest"]) == (True, first["digest"])
    assert "nothing was computed" in relational("features", "build").text
    # When a row has
    write_bureau(date(2020, 1, 1))
    third = document(relational("features", "build", "--json"))
    assert third["was_cached"] is False
    assert third["digest"] != first["digest"]


def test_a_build_tells_the_description_and_the_check(relational: Cli) -> None:
    built = document(relational("features", "build", "--json"))
    found = document(relational("features", "describe", "late_share", "--json"))
    assert (found["build"], found["rows"]) == (built["digest"], 3)
    assert found["missing_rate"] == pytest.approx(1 / 3)
    assert document(relational("features", "check", "--json"))["build"] == built["digest"]


def test_build_in_buckets_is_the_same(relational: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given rows that are too many for the memory, as far as the flow can tell
    relational("features", "build", "--output", "once.parquet")
    assert relational("features", "build", "--json").json["engine"] == "memory"
    monkeypatch.setattr("scorewright.flows.features.build._WORKING_FACTOR", 1e9)
    monkeypatch.setattr("scorewright.flows.features.build._buckets", buckets(3))
    Path("more.py").touch()
    for folder in Path(".scorewright/features").iterdir():
        (folder / "features.json").unlink()
    # When
    answer = relational(
        "features", "build", "--processes", "1", "--output", "parts.parquet", "--json"
    )
    # Then
    assert document(answer)["engine"] == "local"
    assert pl.read_parquet("parts.parquet").equals(pl.read_parquet("once.parquet"))


def buckets(count: int) -> Callable[..., int]:
    return lambda *_: count


def test_an_output_nobody_can_write_is_refused_before_the_work(relational: Cli) -> None:
    answer = relational("features", "build", "--output", "features.xls")
    assert answer.code == USAGE
    assert "output-format" in answer.text
    assert not Path(".scorewright/features").exists()


def test_an_unknown_engine_is_refused(relational: Cli) -> None:
    answer = relational("features", "build", "--engine", "sparc")
    assert answer.code == USAGE
    assert "engine-unknown" in answer.text

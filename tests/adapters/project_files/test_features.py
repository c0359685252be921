"""Feature files: what they may hold, and what is said of those that hold something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.adapters.project_files import TomlContractFiles, load_feature_files
from scorewright.core.errors import UsageError
from scorewright.core.features import AsOfUnit, compile_plan, render

HOME_CREDIT = Path(__file__).parents[3] / "src" / "scorewright" / "resources" / "home_credit"


def toml(folder: Path, text: str, name: str = "features.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(file: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_feature_files([file])
    return caught.value


def test_a_file_with_everything(tmp_path: Path) -> None:
    text = """
schema_version = 1

[tables.bureau]
on = "loan_id"
key = "bureau_id"
as_of = ["opened", "updated"]
unit = "date"
latest = 0

[tables.months]
parent = "bureau"
on = "bureau_id"
as_of = "month"
unit = "months"

[sets.base]
about = "A few."

[[sets.base.grids]]
table = "bureau"
where = 'kind == "car"'
last = "2 years"
prefix = "cars"
columns = ["amount"]
aggregates = ["mean", "trend"]

[[sets.base.shares]]
table = "months"
column = "status"
values = ["late", "paid"]

[[sets.base.products]]
of = ["income", "debt"]
prefix = "square"

[sets.base.features]
ratio = { value = "debt / income", unit = "ratio", about = "Debt to income." }
short = "count(bureau)"

[sets.more]
extends = ["base"]
"""
    found = load_feature_files([toml(tmp_path, text)])
    bureau, months = found.links
    assert (bureau.parent, bureau.on, bureau.key) == (None, "loan_id", "bureau_id")
    assert bureau.as_of is not None
    assert (bureau.as_of.columns, bureau.as_of.latest) == (("opened", "updated"), 0)
    assert months.as_of is not None
    assert (months.as_of.unit, months.as_of.latest) == (AsOfUnit.MONTHS, -1)
    features = {f.name: f for f in found.resolve("more")}
    assert {name: render(f.expression) for name, f in features.items()} == {
        "cars_amount_mean": 'mean(bureau, amount, where=kind == "car", last="2 years")',
        "cars_amount_trend": 'trend(bureau, amount, where=kind == "car", last="2 years")',
        "months_status_late_share": 'share(months, status == "late")',
        "months_status_paid_share": 'share(months, status == "paid")',
        "square_income_x_income": "income * income",
        "square_income_x_debt": "income * debt",
        "square_debt_x_debt": "debt * debt",
        "ratio": "debt / income",
        "short": "count(bureau)",
    }
    assert (features["ratio"].unit, features["ratio"].about) == ("ratio", "Debt to income.")


def test_an_empty_file_declares_nothing(tmp_path: Path) -> None:
    found = load_feature_files([toml(tmp_path, "")])
    assert (found.links, found.sets) == ((), ())


def test_several_files_are_one_library(tmp_path: Path) -> None:
    first = toml(tmp_path, '[sets.base.features]\na = "x"\n')
    second = toml(tmp_path, '[sets.mine]\nextends = ["base"]\n', "mine.toml")
    assert [f.name for f in load_feature_files([first, second]).resolve("mine")] == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[tables.bureau]\nkey = "id"\n', 1, "on"),
        ('[tables.bureau]\non = "id"\nunits = "days"\n', 3, "unit"),
        ('[tables.bureau]\non = "id"\nunit = "weeks"\n', 3, "weeks"),
        ('[tables.bureau]\non = "id"\nlatest = "none"\n', 3, "latest"),
        ('[sets.base.features]\n"no name" = "x"\n', 2, "no name"),
        ("[sets.base.features]\na = 3\n", 2, "a"),
        ('[sets.base]\nextends = "plain"\n', 2, "extends"),
        ('[[sets.base.grids]]\ntable = "b"\ncolumns = []\naggregates = ["min"]\n', 3, "columns"),
        ('[[sets.base.grids]]\ntable = "b"\ncolumns = ["x"]\naggregates = ["mode"]\n', 4, "mode"),
        ('[[sets.base.products]]\nof = ["x"]\n', 2, "of"),
        ('[[sets.base.products]]\nof = ["x", "y"]\ndegree = 3\n', 3, "degree"),
        ("schema_version = 2\n", 1, "schema_version"),
    ],
)
def test_a_wrong_entry_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    error = refused(toml(tmp_path, text))
    assert error.code == "features-file"
    assert f"features.toml:{line}" in error.message.replace(" line ", ":"), error.message
    assert words in error.message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("mean(bureau amount)", "mean"),
        ("average(bureau, amount)", "average"),
        ("debt ** 2", "**"),
        ("debt if", "debt if"),
        ("__import__('os')", "__import__"),
        ("income.real", "income.real"),
        ("mean(bureau, amount, last='12 weeks')", "window"),
        ("", "empty"),
    ],
)
def test_a_wrong_expression_is_told_with_its_line(tmp_path: Path, value: str, words: str) -> None:
    text = f'[sets.base.features]\nfine = "a + b"\nwrong = {{ value = "{value}" }}\n'
    error = refused(toml(tmp_path, text))
    assert ":3" in error.message, error.message
    assert words in error.message or words == "empty"


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = '[sets.base.features]\na = "x +"\nb = "fine"\nc = "nope(x)"\n'
    message = refused(toml(tmp_path, text)).message
    assert ":2" in message
    assert ":4" in message


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    error = refused(toml(tmp_path, "[sets.base\n"))
    assert error.code == "features-file"
    assert "features.toml" in error.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    error = refused(tmp_path / "gone.toml")
    assert error.code == "features-file"
    assert "gone.toml" in error.message


def test_a_python_file_declares_sets(tmp_path: Path) -> None:
    code = """
from scorewright.core.features import Feature, FeatureSet, parse

WINDOWS = (3, 12)
SETS = [
    FeatureSet(
        "windows",
        tuple(
            Feature(f"loans_{months}m", parse(f'count(bureau, last="{months} months")'), "loans")
            for months in WINDOWS
        ),
    )
]
"""
    found = load_feature_files([toml(tmp_path, code, "windows.py")])
    assert [f.name for f in found.resolve("windows")] == ["loans_3m", "loans_12m"]


def test_a_python_file_that_fails_names_the_line(tmp_path: Path) -> None:
    error = refused(toml(tmp_path, "x = 1\ny = x / 0\n", "broken.py"))
    assert error.code == "features-file"
    assert "broken.py:2" in error.message
    assert "ZeroDivisionError" in error.message


@pytest.mark.parametrize("code", ["x = 1\n", "SETS = 3\n", "SETS = [1, 2]\n"])
def test_a_python_file_without_sets_is_refused(tmp_path: Path, code: str) -> None:
    error = refused(toml(tmp_path, code, "sets.py"))
    assert error.code == "features-file"
    assert "does not define SETS" in error.message


def test_a_python_file_with_a_wrong_expression_keeps_its_own_error(tmp_path: Path) -> None:
    code = "from scorewright.core.features import parse\nparse('a +')\n"
    assert refused(toml(tmp_path, code, "sets.py")).code == "feature-syntax"


def test_home_credit_compiles_against_its_contracts() -> None:
    library = load_feature_files([HOME_CREDIT / "features.toml"])
    contracts = {}
    for file in (HOME_CREDIT / "contracts").glob("*.toml"):
        contract = TomlContractFiles().load(file)
        assert contract is not None
        contracts[file.stem] = contract
    relations = library.relations(contracts["application"], contracts)
    counts = {
        s.name: len(compile_plan(relations, library.resolve(s.name)).features) for s in library.sets
    }
    assert counts["baseline"] >= 189
    assert counts["combined"] == counts["domain"] + counts["polynomial"] - counts["baseline"]
    # The misspelt column of the competition's own file
    plan = compile_plan(relations, library.resolve("baseline"))
    assert plan.feature("credit_card_balance_AMT_RECIVABLE_max") is not None

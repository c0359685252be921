"""The templates of the package: contracts that hold, tables found under any of their names."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.project_files import (
    TEMPLATES,
    ShippedTemplates,
    load_settings,
)
from scorewright.adapters.tables import column_names
from scorewright.core.contracts import ColumnType, Contract, Use
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.portfolio import PortfolioSpec, generate_chunk
from scorewright.core.tables import check_frame
from scorewright.core.tables.names import is_protected_name
from scorewright.flows.init_template import Template, init_template
from scorewright.flows.ports import TableFile

KAGGLE = {
    "application": "application_train",
    "bureau": "bureau",
    "bureau_balance": "bureau_balance",
    "previous_application": "previous_application",
    "pos_cash_balance": "POS_CASH_balance",
    "installments_payments": "installments_payments",
    "credit_card_balance": "credit_card_balance",
}
WIDTHS = dict(zip(KAGGLE, (122, 17, 3, 37, 8, 8, 23), strict=True))


def names(path: Path) -> tuple[str, ...]:
    return column_names(TableFile(path.name, (str(path),)))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> ShippedTemplates:
    """The package's templates, with an empty set of features where it has none yet."""
    copy = tmp_path_factory.mktemp("resources")
    source = Path(str(files("scorewright.resources")))
    for folder in ("templates", "home_credit"):
        shutil.copytree(source / folder, copy / folder)
    (copy / "home_credit" / "features.toml").touch()
    return ShippedTemplates(names, copy)


@pytest.fixture(scope="module")
def template(shipped: ShippedTemplates) -> Template:
    return shipped.load("home-credit")


@pytest.fixture(scope="module")
def portfolio() -> dict[str, pl.DataFrame]:
    return generate_chunk(PortfolioSpec(applications=300, seed=3), 0)


def write_kaggle(folder: Path, contracts: Template, *, suffix: str = ".csv") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table, contract in contracts.contracts.items():
        frame = pl.DataFrame(schema=dict.fromkeys(contract.names, pl.String))
        path = folder / f"{KAGGLE[table]}{suffix}"
        frame.write_parquet(path) if suffix == ".parquet" else frame.write_csv(path)


def test_the_contracts_have_the_columns_of_the_competition(template: Template) -> None:
    assert {table: len(each.columns) for table, each in template.contracts.items()} == WIDTHS
    assert template.contracts["credit_card_balance"].column("AMT_RECIVABLE") is not None
    application = template.contracts["application"]
    assert (application.key, application.target, application.bad_value) == (
        "SK_ID_CURR",
        "TARGET",
        "1",
    )
    organisation = application.column("ORGANIZATION_TYPE")
    assert organisation is not None
    assert len(organisation.categories) == 58


def test_every_column_says_what_it_is(template: Template) -> None:
    for contract in template.contracts.values():
        for column in contract.columns:
            assert column.description.endswith("."), column.name
            assert bool(column.categories) == (column.type is ColumnType.CATEGORY), column.name


def test_what_is_personal_is_kept_from_the_model(template: Template) -> None:
    """The same rule as for every inferred contract."""
    for contract in template.contracts.values():
        personal = {name for name in contract.names if is_protected_name(name)}
        assert not personal & {column.name for column in contract.features}
    watched = {c.name for c in template.contracts["application"].columns if c.use is Use.MONITORING}
    assert watched == {"SK_ID_CURR", "CODE_GENDER", "NAME_FAMILY_STATUS", "DAYS_BIRTH"}


@pytest.mark.parametrize("table", KAGGLE)
def test_a_generated_portfolio_keeps_the_contracts(
    table: str, template: Template, portfolio: dict[str, pl.DataFrame]
) -> None:
    contract: Contract = template.contracts[table]

    report = check_frame(portfolio[table].select(contract.names), contract)

    assert [problem for problem in report.errors if problem.severity == "error"] == []


def test_a_generated_portfolio_makes_a_project(
    tmp_path: Path, shipped: ShippedTemplates, portfolio: dict[str, pl.DataFrame]
) -> None:
    for table, frame in portfolio.items():
        (tmp_path / "data" / table).mkdir(parents=True)
        frame.write_parquet(tmp_path / "data" / table / "part-0.parquet")

    made = init_template("home-credit", tmp_path / "data", tmp_path, shipped)

    settings = load_settings(None, tmp_path, {}).settings
    assert settings.tables["bureau"].files == "data/bureau/*.parquet"
    assert settings.data.decision_date == made.draft.decision_date == "DECISION_DATE"
    contract = made.draft.contracts["contracts/application.toml"]
    assert contract.as_of == "DECISION_DATE"
    matures = contract.column("MATURES_ON")
    assert matures is not None
    assert matures.use is Use.PROHIBITED
    frame = portfolio["application"]
    assert not [p for p in check_frame(frame, contract).errors if p.severity == "error"]
    assert "data/" in (tmp_path / ".gitignore").read_text()
    assert all(file.is_file() for file in made.files)
    assert made.files[0].name == "scorewright.toml"


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".parquet"])
def test_the_files_of_the_competition_make_a_project(
    tmp_path: Path, shipped: ShippedTemplates, template: Template, suffix: str
) -> None:
    root = tmp_path / "project"
    write_kaggle(tmp_path / "raw", template, suffix=suffix)

    made = init_template("home-credit", tmp_path / "raw", root, shipped)

    settings = load_settings(None, root, {}).settings
    assert settings.tables["application"].files == f"../raw/application_train{suffix}"
    assert settings.tables["pos_cash_balance"].files == f"../raw/POS_CASH_balance{suffix}"
    assert settings.data.decision_date is None
    assert settings.data.key == "SK_ID_CURR"
    assert made.draft.contracts["contracts/application.toml"] == template.contracts["application"]
    assert "data/" not in (root / ".gitignore").read_text()
    assert made.to_dict()["tables"]["bureau"] == f"../raw/bureau{suffix}"


def test_a_folder_wins_over_a_file_and_parquet_over_csv(
    tmp_path: Path, shipped: ShippedTemplates, template: Template
) -> None:
    write_kaggle(tmp_path, template)
    write_kaggle(tmp_path, template, suffix=".parquet")
    (tmp_path / "bureau").mkdir()
    (tmp_path / "bureau" / "0.parquet").write_bytes(b"")
    (tmp_path / "bureau_balance").mkdir()  # without Parquet files it is no table

    found = shipped.find(template, tmp_path, tmp_path)

    assert found["bureau"].files == "bureau/*.parquet"
    assert found["bureau_balance"].files == "bureau_balance.parquet"


def test_tables_that_are_not_there_are_all_named(
    tmp_path: Path, shipped: ShippedTemplates, template: Template
) -> None:
    write_kaggle(tmp_path / "raw", template)
    (tmp_path / "raw" / "bureau.csv").unlink()
    (tmp_path / "raw" / "POS_CASH_balance.csv").unlink()

    with pytest.raises(UsageError) as caught:
        init_template("home-credit", tmp_path / "raw", tmp_path, shipped)

    assert caught.value.code == "template-tables"
    assert caught.value.details["missing"] == ["bureau", "pos_cash_balance"]
    assert "POS_CASH_balance.csv" in caught.value.message
    assert "data download home-credit" in caught.value.remedy
    assert not (tmp_path / "scorewright.toml").exists()


def test_what_a_killed_init_left_is_finished(
    tmp_path: Path, shipped: ShippedTemplates, template: Template
) -> None:
    write_kaggle(tmp_path / "data", template)
    made = init_template("home-credit", tmp_path / "data", tmp_path, shipped)
    (tmp_path / "scorewright.toml").unlink()  # its name comes last

    again = init_template("home-credit", tmp_path / "data", tmp_path, shipped)

    assert again.files[0] == made.files[0] == tmp_path / "scorewright.toml"
    assert again.files[0].exists()


def test_nothing_is_overwritten_without_force(
    tmp_path: Path, shipped: ShippedTemplates, template: Template
) -> None:
    write_kaggle(tmp_path / "data", template)
    (tmp_path / "features.toml").write_text("mine")

    with pytest.raises(UsageError) as caught:
        init_template("home-credit", tmp_path / "data", tmp_path, shipped)

    assert caught.value.code == "project-exists"
    assert (tmp_path / "features.toml").read_text() == "mine"
    assert not (tmp_path / "contracts").exists()
    init_template("home-credit", tmp_path / "data", tmp_path, shipped, force=True)
    assert (tmp_path / "features.toml").read_text() != "mine"


def test_a_disk_that_refuses_leaves_nothing(
    tmp_path: Path, shipped: ShippedTemplates, template: Template
) -> None:
    write_kaggle(tmp_path / "data", template)
    (tmp_path / "contracts").write_text("a file where a folder is needed")

    with pytest.raises(ScorewrightError) as caught:
        init_template("home-credit", tmp_path / "data", tmp_path, shipped, force=True)

    assert caught.value.code == "write-failed"
    assert not (tmp_path / "scorewright.toml").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_an_unknown_template_names_its_neighbours(shipped: ShippedTemplates) -> None:
    with pytest.raises(UsageError) as caught:
        shipped.load("homecredit")

    assert caught.value.code == "template-unknown"
    assert "home-credit" in caught.value.remedy
    assert shipped.load(TEMPLATES[0]).name == TEMPLATES[0]

"""Contracts inferred once and enforced ever after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.fakes.tables import MemoryContracts, MemoryReader

from scorewright.adapters.tables import FileTableReader
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.flows.check_data import check_data
from scorewright.flows.events import Event, Note, StageDone, StageStarted, StepDone, ignore
from scorewright.flows.ports import TableFile, TableSource


def source(name: str, *patterns: str) -> TableSource:
    return TableSource(TableFile(name, patterns), Path(f"/project/contracts/{name}.toml"))


def settings(**data: Any) -> Settings:
    roles = {"table": "loans", "target": "bad", "bad_value": 1, "key": "id"} | data
    return Settings.model_validate(
        {
            "project": {"name": "demo"},
            "tables": {"loans": {"files": "loans.csv"}},
            "data": roles,
        }
    )


LOANS = pl.DataFrame(
    {"id": ["1", "2", "3"], "home": ["own", "rent", "own"], "bad": ["0", "1", "0"]}
)
BUREAU = pl.DataFrame({"id": ["1", "1", "2"], "debt": ["5", "6", "7"]})


def test_the_first_check_infers_and_writes_the_second_enforces() -> None:
    # Given a project without contracts
    contracts = MemoryContracts()
    reader = MemoryReader({"loans": LOANS, "bureau": BUREAU})
    tables = [source("loans"), source("bureau")]
    events: list[Event] = []

    # When its tables are checked for the first time
    first = check_data(settings(), tables, reader, contracts, events.append)

    # Then contracts with the settings' roles are written, and both tables keep them
    assert first.written == tuple(table.contract_path for table in tables)
    assert first.is_clean
    assert first.findings == ()
    loans, bureau = first.contracts["loans"], first.contracts["bureau"]
    assert (loans.key, loans.target, loans.bad_value) == ("id", "bad", "1")
    assert (bureau.key, bureau.target) == (None, None)
    assert [type(event) for event in events] == [
        StageStarted, Note, StepDone, Note, StepDone, StageDone,
    ]  # fmt: skip

    # When rows change and the check runs again
    broken = LOANS.with_columns(
        home=pl.Series(["own", "tent", None]), bad=pl.Series(["0", "x", "1"])
    )
    second = check_data(
        settings(), tables, MemoryReader({"loans": broken, "bureau": BUREAU}), contracts, ignore
    )

    # Then nothing is written and each breach is a finding with its rows
    assert second.written == ()
    assert not second.is_clean
    found = {(f.subject, f.code, f.severity): f.evidence["first_rows"] for f in second.findings}
    assert found == {
        ("loans.bad", "type", "error"): [2],
        ("loans.home", "not-nullable", "error"): [3],
        ("loans.home", "unknown-category", "warning"): [2],
    }
    assert [report.table for report in second.reports] == ["loans", "bureau"]


def test_a_role_that_names_no_column_is_refused_and_nothing_written() -> None:
    contracts = MemoryContracts()

    with pytest.raises(UsageError, match="no column 'badd'") as caught:
        check_data(
            settings(target="badd"),
            [source("loans")],
            MemoryReader({"loans": LOANS}),
            contracts,
            ignore,
        )

    assert caught.value.code == "column-unknown"
    assert contracts.files == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"target": "home"}, "data.target = 'home'"),
        ({"bad_value": 0}, "data.bad_value = '0'"),
        ({"key": None}, "data.key = nothing"),
        ({"decision_date": "home"}, "data.decision_date = 'home'"),
    ],
)
def test_settings_and_contract_must_name_the_same_roles(changed: dict[str, Any], said: str) -> None:
    contracts = MemoryContracts()
    reader = MemoryReader({"loans": LOANS})
    check_data(settings(), [source("loans")], reader, contracts, ignore)

    with pytest.raises(UsageError, match=said) as caught:
        check_data(settings(**changed), [source("loans")], reader, contracts, ignore)

    assert caught.value.code == "contract-roles"
    assert "loans.toml" in caught.value.message


def test_the_contract_found_is_the_one_enforced() -> None:
    contract = Contract(
        "loans",
        (
            Column("id", ColumnType.INTEGER),
            Column("home", ColumnType.CATEGORY, categories=("own",)),
            Column("bad", ColumnType.INTEGER, maximum=0.0),
        ),
        key="id",
        target="bad",
        bad_value="1",
    )
    contracts = MemoryContracts({source("loans").contract_path: contract.to_dict()})

    check = check_data(
        settings(), [source("loans")], MemoryReader({"loans": LOANS}), contracts, ignore
    )

    assert check.contracts["loans"] == contract
    assert [(f.subject, f.code) for f in check.findings] == [
        ("loans.bad", "range"),
        ("loans.home", "unknown-category"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "data-file-empty"),
        (b"id,home,bad\n", "data-file-empty"),
        (b"id,home,bad\n1,own\n", "data-ragged"),
        (b"id,home,bad\n1,\xff,0\n", "data-encoding"),
        (b"id,home,id\n1,2,3\n", "data-duplicate-column"),
        (None, "data-file-missing"),
    ],
    ids=["empty", "header", "ragged", "encoding", "duplicate", "missing"],
)
def test_a_broken_file_stops_the_check_before_anything_is_written(
    tmp_path: Path, data: bytes | None, code: str
) -> None:
    file = tmp_path / "loans.csv"
    if data is not None:
        file.write_bytes(data)
    contracts = MemoryContracts()

    with pytest.raises(UsageError) as caught:
        check_data(settings(), [source("loans", str(file))], FileTableReader(), contracts, ignore)

    assert caught.value.code == code
    assert contracts.files == {}

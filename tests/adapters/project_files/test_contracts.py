"""Contracts as files: what is written reads back, what is wrong is shown at its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.adapters.project_files import TomlContractFiles
from scorewright.adapters.project_files.contract_text import contract_text
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use
from scorewright.core.errors import ScorewrightError, UsageError

NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**15), 10**15).map(float),
)
NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(ColumnType))
    bounds = draw(st.tuples(NUMBERS, NUMBERS)) if kind in NUMERIC else (None, None)
    low, high = bounds if None in bounds else sorted(b for b in bounds if b is not None)
    texts = st.lists(st.text(max_size=6), unique=True, max_size=12).map(tuple)
    return Column(
        name=name,
        type=kind,
        nullable=draw(st.booleans()),
        use=draw(st.sampled_from(Use)),
        minimum=low,
        maximum=high,
        categories=draw(texts) if kind is ColumnType.CATEGORY else (),
        unknown=draw(st.sampled_from(UnknownPolicy)),
        unit=draw(st.text(max_size=4)),
        description=draw(st.text(max_size=20)),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(st.lists(st.text(max_size=8), unique=True, max_size=5))
    role = st.sampled_from(names) if names else st.none()
    return Contract(
        table=draw(st.text(max_size=8)),
        columns=tuple(draw(columns(name)) for name in names),
        key=draw(st.one_of(st.none(), role)),
        target=draw(st.one_of(st.none(), role)),
        bad_value=draw(st.one_of(st.none(), st.text(max_size=5))),
        as_of=draw(st.one_of(st.none(), role)),
        version=draw(st.integers(1, 99)),
    )


@settings(max_examples=100, deadline=None)
@given(contract=contracts())
def test_what_is_saved_loads_as_the_same_contract(
    contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # given
    path = tmp_path_factory.mktemp("round") / "contracts" / "t.toml"

    # when
    TomlContractFiles().save(contract, path)

    # then
    assert TomlContractFiles().load(path) == contract
    assert [p.name for p in path.parent.iterdir()] == ["t.toml"]


EXAMPLE = Contract(
    table="loans",
    columns=(
        Column("id", ColumnType.TEXT, nullable=False, use=Use.PROHIBITED),
        Column("income.gross", ColumnType.NUMBER, minimum=0.0, maximum=1e6, unit="EUR"),
        Column("grade", ColumnType.CATEGORY, categories=tuple(f"grade_{n}" for n in range(12))),
        Column("état civil", ColumnType.CATEGORY, categories=("a", 'b"c'), use=Use.MONITORING),
        Column("bad", ColumnType.INTEGER, nullable=False, minimum=0, maximum=1),
    ),
    key="id",
    target="bad",
    bad_value="1",
)


def test_the_file_reads_column_by_column() -> None:
    text = contract_text(EXAMPLE)
    assert '\n[columns."income.gross"]\ntype = "number"\nnullable = true\nuse = "model"\n' in text
    assert "\nminimum = 0\nmaximum = 1000000\n" in text
    assert 'categories = ["a", "b\\"c"]\nunknown = "other"\n' in text
    assert '    "grade_3",\n' in text
    assert list(tomllib.loads(text)["columns"]) == list(EXAMPLE.names)
    for word in ("type", "nullable", "minimum", "categories", "unit", "use", "unknown"):
        assert f"#   {word} " in text


def test_a_new_category_is_one_line_of_the_diff() -> None:
    before = contract_text(EXAMPLE).splitlines()
    grade = Column("grade", ColumnType.CATEGORY, categories=tuple(f"grade_{n}" for n in range(13)))
    after = Contract("loans", (*EXAMPLE.columns[:2], grade, *EXAMPLE.columns[3:]), "id", "bad", "1")
    assert set(contract_text(after).splitlines()) - set(before) == {'    "grade_12",'}


def test_no_file_is_no_contract(tmp_path: Path) -> None:
    assert TomlContractFiles().load(tmp_path / "none.toml") is None


def test_numbers_may_stand_for_categories_and_the_bad_value(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        'table = "t"\ntarget = "y"\nbad_value = 0\n'
        '[columns.y]\ntype = "category"\ncategories = [0, 1]\n'
    )
    contract = TomlContractFiles().load(path)
    assert contract is not None
    assert contract.bad_value == "0"
    assert contract.columns[0].categories == ("0", "1")


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ('type = "text"', 'type = "string"', 'type = "string"', '"integer" or "number"'),
        ('type = "text"', "type = ", "type = ", "Invalid value"),
        ("nullable = false", 'nullable = "no"', 'nullable = "no"', "true or false"),
        ("use = ", "usage = ", "usage = ", "did you mean use"),
        ('key = "id"', 'key = "ID"', 'key = "ID"', "key names 'ID', but there is no such column"),
        ("maximum = 1000000", "maximum = -5", "minimum = 0", "the minimum 0 is above -5"),
        ('[columns."income.gross"]', "[columns.id]", "[columns.id]", "[columns.id] twice"),
        ('    "grade_4",', '    "grade_3",', '    "grade_3",', "'grade_3' is listed twice"),
        ('type = "number"', 'type = "text"', "minimum = 0", "of type text has no minimum"),
        ("\nversion = 1", "\nversion = 0", "version = 0", "a whole number of at least 1"),
        ("schema_version = 1", "schema_version = 2", "schema_version = 2", "should be 1, not 2"),
        ('type = "text"\n', "", "[columns.id]", "columns.id.type is missing"),
    ],
)
def test_a_broken_contract_is_shown_at_its_line(
    tmp_path: Path, old: str, new: str, at: str, said: str
) -> None:
    # given
    path = tmp_path / "t.toml"
    text = contract_text(EXAMPLE)
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    # when
    with pytest.raises(UsageError) as caught:
        TomlContractFiles().load(path)

    # then
    assert caught.value.code == "contract-invalid"
    pointed = next(part for part in caught.value.message.split("\n") if said in part)
    number = int(pointed.removeprefix(f"{path}:").split(":")[0])
    assert path.read_text(encoding="utf-8").splitlines()[number - 1].startswith(at)


def test_a_failed_write_leaves_the_old_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a disk that fills up at the rename
    path = tmp_path / "t.toml"
    TomlContractFiles().save(EXAMPLE, path)
    before = path.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    # when
    with pytest.raises(ScorewrightError) as caught:
        TomlContractFiles().save(Contract("other", ()), path)

    # then
    assert caught.value.code == "write-failed"
    assert "No space left" in caught.value.message
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.toml"]

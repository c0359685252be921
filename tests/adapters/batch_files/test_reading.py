"""Files that were sent, read a part at a time and refused where they are not what they say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.batch_files import batch_source
from scorewright.adapters.batch_files.reading import CHUNK_ROWS
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.tables import check_frame
from scorewright.flows.ports import TableFile

TABLE = TableFile("applications", ())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_parts_together_are_the_file(tmp_path: Path, suffix: str) -> None:
    # Given a file of more rows than make a part
    frame = pl.DataFrame({"a": range(120_000), "b": ["x"] * 120_000, "c": [1.5] * 120_000})
    path = tmp_path / f"f.{suffix}"
    frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
    source = batch_source(path, TABLE)
    # When some of its columns are read
    assert source.columns == ("a", "b", "c")
    parts = list(source.parts(["c", "a"]))
    # Then they come in their order, in more than one part
    assert len(parts) > 1
    assert pl.concat(parts)["a"].cast(pl.Int64).to_list() == list(range(120_000))
    assert source.total in (None, 120_000)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("f.csv", b"PAR1....", "data-unreadable"),
        ("f.csv", b"\x1f\x8b\x08", "data-unreadable"),
        ("f.csv", b"PK\x03\x04", "data-unreadable"),
        ("f.csv", b"a,a\n1,2\n", "data-duplicate-column"),
        ("f.csv", b",".join([b"x"] * 10_002) + b"\n", "batch-columns"),
        ("f.csv", b"x" * 1_000_001, "batch-columns"),
        ("f.parquet", b"a,b\n1,2\n", "data-unreadable"),
        ("f.parquet", b"PAR1" * 5, "data-unreadable"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as refused:
        _ = batch_source(tmp_path / name, TABLE).columns
    assert refused.value.code == code


def test_a_header_alone_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n")
    with pytest.raises(UsageError) as refused:
        list(batch_source(tmp_path / "f.csv", TABLE).parts(["a"]))
    assert refused.value.code == "data-file-empty"


CELLS = (
    "1.5", '"1.5"', " 1.5", "1.5 ", "+1", "-0", "1e5", "1.", ".5", "1_0", "inf", "nan", "-inf",
    "0x10", '"1,5"', "1.2.3", "00012", "1e400", "1e-400", "", '""', '" "', "  ", '"1""5"', "--1",
    "1e", "1f", "true", "123456789012345678", "9007199254740993", "9007199254740992", "NA", "na",
    "null", "5e-324", "0.30000000000000004", "1 000", "\u00a01.5", "5%",
)  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_numbers_read_at_once_are_those_of_their_texts(tmp_path: Path, cell: str) -> None:
    # Given a cell as people write them, between plain ones
    path = tmp_path / "f.csv"
    path.write_text(f"n,i,t\n1.25,1,x\n{cell},{cell},y\n-3,7,z\n", encoding="utf-8")
    kinds = {"n": ColumnType.NUMBER, "i": ColumnType.INTEGER, "t": ColumnType.TEXT}
    contract = Contract("f", tuple(Column(name, kind) for name, kind in kinds.items()))
    source = batch_source(path, TABLE)
    # When it is read as text, and as a number where that is as good
    reports = [
        check_frame(pl.concat(source.parts(["n", "i", "t"], numbers)), contract)
        for numbers in ((), {"n", "i"})
    ]
    # Then the table is the same to the last bit, and so is what is wrong with it
    as_text, at_once = reports
    assert at_once.frame.equals(as_text.frame)
    assert [(f.column, f.code, f.rows.tolist()) for f in at_once.failures] == [
        (f.column, f.code, f.rows.tolist()) for f in as_text.failures
    ]


def test_plain_numbers_never_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("n,t\n1.5,1\nNA,2\n", encoding="utf-8")
    (part,) = batch_source(path, TABLE).parts(["n", "t"], {"n"})
    assert part.schema == {"n": pl.Float64, "t": pl.String}


def test_decimals_are_judged_over_the_small_first_piece_too(tmp_path: Path) -> None:
    # Given a file with decimal commas that is longer than the piece its header is found in
    rows = "".join(f'"{i},5",x\n' for i in range(20_000))
    path = tmp_path / "f.csv"
    path.write_text(f"n,t\n{rows}", encoding="utf-8")
    parts = list(batch_source(path, TABLE).parts(["n", "t"], {"n"}))
    # Then no part is so small that its commas could mean thousands
    assert min(part.height for part in parts) == CHUNK_ROWS

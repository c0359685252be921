"""Places that are not there, cannot be read, or must not be shown whole."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest
from tests.adapters.histories.conftest import parquet
from tests.adapters.histories.servers import Postgres, Storage, free_port

from scorewright.adapters.histories import Rows
from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import MissingExtraError, UsageError
from scorewright.flows.ports import TableFile

CONTRACT = Contract("loans", (Column("id", ColumnType.INTEGER), Column("x", ColumnType.NUMBER)))
FRAME = pl.DataFrame({"id": [1, 2, 3], "x": [0.5, 1.5, None]})


def read(*patterns: str, relation: str | None = None, rows: Rows | None = None) -> pl.DataFrame:
    table = TableFile("loans", patterns, relation=relation)
    return pl.concat((rows or Rows()).batches(table, CONTRACT, ["id", "x"]))


def refusal(*patterns: str, relation: str | None = None, rows: Rows | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(*patterns, relation=relation, rows=rows)
    error = caught.value
    assert error.remedy
    assert "secret" not in f"{error.message}{error.remedy}{error.details}"
    return error


def test_a_folder_means_its_parquet_files_and_those_below(tmp_path: Path) -> None:
    (tmp_path / "year=2020").mkdir()
    (tmp_path / "_temporary").mkdir()
    for name in ("b.parquet", "a.parquet", "year=2020/c.parquet", "_temporary/d.parquet"):
        (tmp_path / name).write_bytes(parquet(FRAME))
    (tmp_path / "notes.txt").write_text("x")

    assert read(str(tmp_path)).height == 9


def test_packed_text_and_parquet_may_stand_together(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x,id\n0.5,7\n"))
    (tmp_path / "b.parquet").write_bytes(parquet(FRAME))

    assert read(str(tmp_path / "*"))["id"].to_list() == [7, 1, 2, 3]


def test_no_such_file_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "loans.parquet").write_bytes(parquet(FRAME))
    error = refusal(str(tmp_path / "loan.parquet"))

    assert error.code == "data-file-missing"
    assert "loans.parquet" in error.message
    assert refusal(str(tmp_path / "*.csv")).code == "data-file-missing"
    (tmp_path / "empty").mkdir()
    assert "no Parquet or text file" in refusal(str(tmp_path / "empty")).message


@pytest.mark.parametrize(
    ("data", "code", "what"),
    [
        (b"", "data-file-empty", "is empty"),
        (b"id,x\n1,2\n", "data-unreadable", "is no Parquet file"),
        (parquet(FRAME)[:-20], "data-unreadable", "ends early or is damaged"),
        (b"PAR1" + b"x" * 100 + parquet(FRAME)[-40:], "data-unreadable", "damaged"),
    ],
)
def test_a_broken_parquet_file(tmp_path: Path, data: bytes, code: str, what: str) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(FRAME))
    (tmp_path / "b.parquet").write_bytes(data)
    error = refusal(str(tmp_path / "*.parquet"))

    assert error.code == code
    assert what in error.message
    assert "b.parquet" in error.message


def test_damage_in_the_middle_is_found_while_reading(tmp_path: Path) -> None:
    data = bytearray(parquet(pl.DataFrame({"id": range(5000), "x": [0.5] * 5000})))
    data[4:60] = b"\xff" * 56
    (tmp_path / "a.parquet").write_bytes(data)

    assert refusal(str(tmp_path / "a.parquet")).code == "data-unreadable"


def test_a_file_without_a_column_that_others_have(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(FRAME))
    (tmp_path / "b.parquet").write_bytes(parquet(FRAME.rename({"x": "X"})))
    error = refusal(str(tmp_path / "*.parquet"))

    assert error.code == "data-column-missing"
    assert "b.parquet" in error.message
    assert "Near it are: X" in error.remedy


def test_unknown_suffixes_and_schemes(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")

    assert refusal(str(tmp_path / "a.xlsx")).code == "data-unreadable"
    assert refusal("ftp://user:secret@host/a.parquet").code == "data-source"
    assert refusal(str(tmp_path / "a.csv"), "s3://bucket/a.parquet").code == "data-source"
    assert refusal("s3://bucket/a.xlsx").code == "data-unreadable"


def test_a_database_needs_a_relation(tmp_path: Path) -> None:
    error = refusal("postgresql://user:secret@host/db")

    assert error.code == "data-source"
    assert "relation" in error.remedy
    assert refusal("postgresql://a", "postgresql://b", relation="x").code == "data-source"


def test_duckdb_that_is_not_there_or_none(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "store.duckdb"
    assert refusal(str(path), relation="loans").code == "data-file-missing"
    path.write_bytes(b"no database" * 1000)
    assert refusal(str(path), relation="loans").code == "data-source"
    path.unlink()
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE loans_2020 (id BIGINT, x DOUBLE)")
    error = refusal(str(path), relation="main.loans_2021")

    assert error.code == "data-source"
    assert "main.loans_2020" in error.remedy


def test_a_view_with_odd_names(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "store.db"
    with duckdb.connect(path) as connection:
        connection.execute('CREATE VIEW "all ""loans""" AS SELECT 1 AS id, 2.5::DECIMAL(9,2) AS x')

    assert read(str(path), relation='"all ""loans"""').rows() == [(1, 2.5)]


@pytest.mark.parametrize(
    ("module", "pattern", "package"),
    [
        ("duckdb", "store.duckdb", "duckdb"),
        ("adbc_driver_postgresql", "postgresql://host/db", "adbc-driver-postgresql"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, pattern: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(MissingExtraError) as caught:
        read(pattern, relation="loans")
    assert caught.value.details["package"] == package


def test_postgres_types_beyond_the_plain_ones(postgres: Postgres) -> None:
    postgres.run("DROP TABLE IF EXISTS odd")
    postgres.run('CREATE TABLE odd ("id" numeric(13), x numeric(12, 3), "weird ""name" int)')
    postgres.run("INSERT INTO odd VALUES (9007199254740, 1.125, 1), (NULL, 'NaN', 2)")

    assert read(postgres.url, relation="odd").rows() == [(9007199254740, 1.125), (None, None)]


def test_postgres_that_does_not_answer_or_know_us(postgres: Postgres) -> None:
    nobody = f"postgresql://postgres:secret@127.0.0.1:{free_port()}/postgres"
    assert refusal(nobody, relation="loans").code == "data-source"
    wrong = postgres.url.replace("secret", "not-the-secret")
    error = refusal(wrong, relation="loans")
    assert error.code == "data-source"
    assert "password" in error.message


def test_postgres_without_the_relation_names_those_it_has(postgres: Postgres) -> None:
    postgres.run("CREATE TABLE IF NOT EXISTS bureau_rows (id int)")
    error = refusal(postgres.url, relation="public.bureau_row")

    assert error.code == "data-source"
    assert "public.bureau_rows" in error.remedy


def test_postgres_streams_many_rows_in_order(postgres: Postgres) -> None:
    postgres.run("DROP TABLE IF EXISTS many")
    postgres.run(
        "CREATE TABLE many AS SELECT i AS id, i / 2.0::float8 AS x "
        "FROM generate_series(1, 200000) AS i"
    )
    table = TableFile("loans", (postgres.url,), relation="many")
    frames = list(Rows(batch_bytes=1 << 20).batches(table, CONTRACT, ["id", "x"]))

    assert len(frames) > 1
    assert pl.concat(frames)["id"].to_list() == list(range(1, 200_001))


def test_an_address_of_the_web(served: str, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(parquet(FRAME)[:-9])
    with_user = served.replace("http://", "http://user:secret@")

    missing = refusal(f"{with_user}/none.parquet?sig=secret")
    assert (missing.code, "no such file" in missing.message) == ("data-source", True)
    assert refusal(f"{served}/bad.parquet").code == "data-unreadable"
    nobody = refusal(f"http://user:secret@127.0.0.1:{free_port()}/a.parquet")
    assert (nobody.code, "does not answer" in nobody.message) == ("data-source", True)


def test_object_storage_says_what_is_wrong(storage: Storage) -> None:
    rows = Rows(storage.environment)
    storage.put("bucket/bad.parquet", parquet(FRAME)[:-9])

    assert refusal("s3://bucket/bad.parquet", rows=rows).code == "data-unreadable"
    for gone in (
        "s3://bucket/none.parquet",
        "s3://bucket/none/*.parquet",
        "s3://nowhere/a.parquet",
    ):
        error = refusal(gone, rows=rows)
        assert error.code == "data-source"
        assert "no such object" in error.message
    closed = {**storage.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    error = refusal("s3://bucket/a.parquet", rows=Rows(closed))
    assert (error.code, "does not answer" in error.message) == ("data-source", True)

"""Tables laid out in every kind of place."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from tests.adapters.histories.servers import (
    Postgres,
    Storage,
    postgres_binaries,
    running_postgres,
    running_storage,
    web,
)
from tests.fakes.histories import MemoryRows

from scorewright.adapters.histories import Rows
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import TableFile

KINDS = ("memory", "parquet", "parts", "csv", "duckdb", "postgres", "web", "web csv", "s3")


@dataclass(frozen=True)
class Laid:
    """A table somewhere."""

    source: RowSource
    table: TableFile


Lay = Callable[[str, pl.DataFrame], Laid]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not postgres_binaries():
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    with running_storage() as server:
        yield server


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Layer:
    """Lays tables out."""

    folder: Path
    request: pytest.FixtureRequest

    def __call__(self, kind: str, frame: pl.DataFrame) -> Laid:
        name = kind.replace(" ", "_")
        return Laid(*getattr(self, name)(frame))

    def memory(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        return MemoryRows({"loans": frame}, 2), TableFile("loans", ("nowhere",))

    def parquet(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        path = self.folder / "loans.parquet"
        path.write_bytes(parquet(frame))
        return Rows(), TableFile("loans", (str(path),))

    def parts(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        folder = self.folder / "loans"
        folder.mkdir(exist_ok=True)
        (folder / "_SUCCESS").write_text("")
        middle = (frame.height + 1) // 2
        for number, part in enumerate((frame[:middle], frame[middle:])):
            (folder / f"part-{number}.parquet").write_bytes(parquet(part))
        return Rows(), TableFile("loans", (str(folder),))

    def csv(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        path = self.folder / "loans.csv"
        frame.write_csv(path)
        return Rows(), TableFile("loans", (str(path),))

    def duckdb(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        duckdb = pytest.importorskip("duckdb")
        path = self.folder / "store.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(path) as connection:
            connection.register("given", frame.to_arrow())
            connection.execute("CREATE SCHEMA credit")
            connection.execute("CREATE TABLE credit.loans AS SELECT * FROM given")
        return Rows(), TableFile("loans", (str(path),), relation="credit.loans")

    def postgres(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        pytest.importorskip("adbc_driver_postgresql")
        server: Postgres = self.request.getfixturevalue("postgres")
        server.put("public.loans", frame)
        return Rows(), TableFile("loans", (server.url,), relation="public.loans")

    def web(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        address = self.request.getfixturevalue("served")
        (self.folder / "loans.parquet").write_bytes(parquet(frame))
        return Rows(), TableFile("loans", (f"{address}/loans.parquet",))

    def web_csv(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        address = self.request.getfixturevalue("served")
        frame.write_csv(self.folder / "loans.csv")
        return Rows(), TableFile("loans", (f"{address}/loans.csv",))

    def s3(self, frame: pl.DataFrame) -> tuple[RowSource, TableFile]:
        storage: Storage = self.request.getfixturevalue("storage")
        place = f"bucket/{self.folder.name}-{uuid4().hex}"  # what lies there cannot be replaced
        middle = (frame.height + 1) // 2
        for number, part in enumerate((frame[:middle], frame[middle:])):
            storage.put(f"{place}/part-{number}.parquet", parquet(part))
        return Rows(storage.environment), TableFile("loans", (f"s3://{place}/*.parquet",))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    with web(tmp_path) as address:
        yield address


@pytest.fixture
def lay(tmp_path: Path, request: pytest.FixtureRequest) -> Lay:
    return Layer(tmp_path, request)

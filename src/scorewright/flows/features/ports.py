"""What building features needs from the world: rows, a workspace of buckets, and workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.features import (
    AsOfProof,
    ColumnProfile,
    FeatureBuild,
    FeaturePlan,
    PartFile,
)
from scorewright.flows.ports import TableFile

__all__ = [
    "BucketReceipt",
    "BucketTask",
    "BuildStore",
    "Engine",
    "Partitioned",
    "RowSource",
    "Workspace",
]


class RowSource(Protocol):
    """Rows of the project's tables, from wherever they lie, typed by their contract."""

    def digest(self, table: TableFile) -> str:
        """Return a digest of the table's content and of how it is read, 64 hexadecimal characters.

        Raises:
            UsageError: The table cannot be found or read (see `batches`).
        """
        ...

    def size(self, table: TableFile) -> int:
        """Return about how many bytes the table takes in memory; for choosing the way to run."""
        ...

    def batches(
        self, table: TableFile, contract: Contract, columns: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """Yield the rows in their order, in frames of bounded size.

        Args:
            table: Where they lie: CSV or Parquet files, globs, folders, object storage, a DuckDB
                file, PostgreSQL.
            contract: The columns' types: integers as Int64 or narrower, numbers as Float64,
                booleans as Boolean, categories and texts as String, dates as Date.
            columns: The wanted ones, in this order.

        Yields:
            Frames with exactly these columns. A table without rows yields one empty frame.

        Raises:
            UsageError: ``data-file-missing``, ``data-unreadable``, ``data-encoding``,
                ``data-ragged``, ``data-column-missing``, ``data-source`` (a database or URL that
                does not answer), each with the place.
            FindingsError: ``data-type``: a value is not of its column's type, with file, row,
                column and what was expected.
        """
        ...


@dataclass(frozen=True, slots=True)
class Partitioned:
    """Rows split by applicant: bucket by bucket the files of every table.

    Attributes:
        buckets: Per bucket, table name -> file.
        rows: Table name -> rows that belong to an application.
        orphans: Table name -> rows whose parent does not exist, which nothing is made of.
    """

    buckets: tuple[Mapping[str, Path], ...]
    rows: Mapping[str, int]
    orphans: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BucketTask:
    """One bucket's work. Doing it twice gives the same file.

    Attributes:
        index: Number of the bucket.
        plan: The plan's JSON file.
        inputs: Table name -> Parquet file with the rows of this bucket.
        output: Parquet file to write, aside first and then renamed.
    """

    index: int
    plan: Path
    inputs: Mapping[str, Path]
    output: Path

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, as workers on other machines receive it."""
        return {
            "index": self.index,
            "plan": str(self.plan),
            "inputs": {name: str(path) for name, path in self.inputs.items()},
            "output": str(self.output),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> BucketTask:
        """Read the form written by `to_dict`."""
        return cls(
            document["index"],
            Path(document["plan"]),
            {name: Path(path) for name, path in document["inputs"].items()},
            Path(document["output"]),
        )


@dataclass(frozen=True, slots=True)
class BucketReceipt:
    """What came of a bucket.

    Attributes:
        index: Number of the bucket.
        rows: Applications in it.
        cpu_seconds: Of the work, start of the worker left out.
        peak_bytes: Largest resident memory of the worker so far.
        proofs: The as-of proof of each history; where one is not clean nothing was computed.
        profiles: Per feature; empty where nothing was computed.
    """

    index: int
    rows: int
    cpu_seconds: float
    peak_bytes: int
    proofs: tuple[AsOfProof, ...]
    profiles: tuple[ColumnProfile, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        document = asdict(self)
        document["proofs"] = [proof.to_dict() for proof in self.proofs]
        document["profiles"] = [column.to_dict() for column in self.profiles]
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> BucketReceipt:
        """Read the form written by `to_dict`."""
        return cls(
            document["index"],
            document["rows"],
            document["cpu_seconds"],
            document["peak_bytes"],
            tuple(AsOfProof.from_dict(entry) for entry in document["proofs"]),
            tuple(ColumnProfile.from_dict(entry) for entry in document["profiles"]),
        )


class Workspace(Protocol):
    """The folder of one build: buckets, results and receipts, by the digest of the build.

    What is finished is found again after any interruption. Builds with other numbers of buckets
    share no file, so that several processes may build the same at once.
    """

    def partition(
        self,
        plan: FeaturePlan,
        tables: Mapping[str, TableFile],
        buckets: int,
        notify_rows: Callable[[str, int], None],
    ) -> Partitioned:
        """Split every table by the applicant's key, or find it split already.

        Histories get the column `ENTITY`; rows of unknown applicants are left out. The rows of
        an applicant keep their order, so that sums come out alike however often it is done.

        Args:
            plan: Which tables and columns.
            tables: Where they lie, applications and histories.
            buckets: How many.
            notify_rows: Hears table and rows as they pass.

        Raises:
            UsageError, FindingsError: As `RowSource.batches`.
            ScorewrightError: ``write-failed``.
        """
        ...

    def tasks(self, plan: FeaturePlan, parts: Partitioned) -> tuple[BucketTask, ...]:
        """Return the work of all buckets; the plan is written where workers find it."""
        ...

    def receipt(self, task: BucketTask) -> BucketReceipt | None:
        """Return the receipt of a bucket that is finished, or None."""
        ...

    def part(self, task: BucketTask, receipt: BucketReceipt) -> PartFile:
        """Return the part of the result that a finished bucket is.

        Raises:
            IntegrityError: ``bucket-damaged``: its file is gone.
        """
        ...


class BuildStore(Protocol):
    """Finished builds by digest, and a workspace for those that are not."""

    def find(self, digest: str) -> FeatureBuild | None:
        """Return a finished build whose files are all there and as they were, or None.

        Files are held to the bytes and rows of the document. What is found counts as used.
        """
        ...

    def workspace(self, digest: str) -> Workspace:
        """Return the workspace of a build, new or as an interruption left it.

        Raises:
            ScorewrightError: ``write-failed``, ``features-busy`` where another process builds it.
        """
        ...

    def write(self, digest: str, frame: pl.DataFrame) -> PartFile:
        """Write a result that was computed in memory; return its one part.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...

    def save(self, build: FeatureBuild) -> Path:
        """Write the document that makes the build count; intermediate rows are removed.

        So are finished builds but for the few that were used last, and unfinished ones that
        nobody has gone on with for long.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...

    def remove(self, digest: str) -> None:
        """Remove a build with all its files; one that is not there is removed already."""
        ...

    def read(self, build: FeatureBuild, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the result: the key and the features, in no particular order of rows.

        Raises:
            IntegrityError: ``features-build``: a part is gone or damaged.
        """
        ...


class Engine(Protocol):
    """Runs tasks somewhere, in any order, and survives the death of a worker.

    Attributes:
        name: ``local``, ``ray`` or ``spark``.
    """

    name: str

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        """Do every bucket; call ``done`` in this process as each is finished.

        Raises:
            MissingExtraError: The engine's package is not installed.
            UsageError: ``engine-java`` (Spark without Java).
            ScorewrightError: ``engine-unreachable``, ``engine-failed`` (a task failed again and
                again), and what a task itself raises, such as ``write-failed``.
        """
        ...

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Have a function work on every document; call ``done`` here as each is finished.

        What `run` does for buckets, for tasks of other kinds: their flow has types of its own and
        turns them into JSON and back, as `BucketTask` does.

        Args:
            program: ``package.module:function``, which workers import; it takes a document and
                returns its receipt, and doing a document twice gives the same files.
            documents: Tasks as JSON-ready mappings; ``output`` names the task in messages.
            done: Hears each receipt, in any order.

        Raises:
            As `run`.
        """
        ...

"""Generate a synthetic portfolio, part by part; what is complete already is not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.portfolio import SCHEMA_VERSION, TABLES, PortfolioSpec, generate_chunk
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.ports import Clock

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "ChunkRunner",
    "GenerateResult",
    "PartFile",
    "PartRecord",
    "PartWriter",
    "PortfolioStore",
    "generate",
]

STAGE: Final = "generate"


@dataclass(frozen=True, slots=True)
class PartFile:
    """One written file.

    Attributes:
        rows: Number of rows.
        size: Bytes.
        sha256: Digest of the bytes, 64 hexadecimal characters.
    """

    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What is known of a complete part.

    Attributes:
        index: Number of the part, from 0.
        labelled: Applications whose label is known.
        bads: Those of them that turned bad.
        files: Table name -> its file.
    """

    index: int
    labelled: int
    bads: int
    files: Mapping[str, PartFile]


class PartWriter(Protocol):
    """Writes parts; a copy of it may do so in another process."""

    def write(self, index: int, tables: Mapping[str, pl.DataFrame]) -> PartRecord:
        """Write the tables of a part, each file aside and renamed, the record last.

        Raises:
            ScorewrightError: ``write-failed`` (disk full, no permission).
        """
        ...


class PortfolioStore(PartWriter, Protocol):
    """A folder with one portfolio."""

    def reserve(self, document: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Keep the folder for the portfolio that ``document`` describes, and for this run.

        Raises:
            UsageError: ``portfolio-other`` when something else lies there.
            ScorewrightError: ``portfolio-busy``, ``write-failed``.
        """
        ...

    def done(self) -> Mapping[int, PartRecord]:
        """Return the records of the complete parts, by number."""
        ...

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write ``portfolio.json``, the last file of a portfolio.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...

    def location(self) -> str:
        """Return the folder for people."""
        ...


class ChunkRunner(Protocol):
    """Runs work, perhaps in several processes."""

    def run(
        self, work: Callable[[int], PartRecord], indices: Sequence[int]
    ) -> Iterator[PartRecord]:
        """Yield ``work(index)`` for each index, in order.

        Raises:
            ScorewrightError: What the work raised, or ``portfolio-worker-died``.
        """
        ...


@dataclass(frozen=True, slots=True)
class GenerateResult:
    """A complete portfolio.

    Attributes:
        location: Its folder.
        manifest: The content of ``portfolio.json``.
        parts_made: Parts that this run made; the others were there already.
        seconds: Wall time.
    """

    location: str
    manifest: Mapping[str, Any]
    parts_made: int
    seconds: float

    @property
    def rows(self) -> int:
        """Number of rows in all tables."""
        return sum(self.manifest["rows"].values())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``--json``."""
        return {**self.manifest, **{k: v for k, v in asdict(self).items() if k != "manifest"}}

    def summary(self) -> list[tuple[str, str]]:
        """Return names and values for people."""
        rate = self.manifest["bad_rate"]
        return [
            ("folder", self.location),
            *((table, f"{rows:,} rows") for table, rows in self.manifest["rows"].items()),
            ("labels known", f"{self.manifest['labelled']:,}"),
            ("bad rate", "no label known" if rate is None else f"{rate:.2%}"),
            ("digest", self.manifest["digest"][:12]),
            ("note", "synthetic: no row describes a person"),
        ]


@dataclass(frozen=True, slots=True)
class _MakePart:
    """Generate and write one part; a value, so that it can be sent to another process."""

    spec: PortfolioSpec
    writer: PartWriter

    def __call__(self, index: int) -> PartRecord:
        return self.writer.write(index, generate_chunk(self.spec, index))


def generate(
    spec: PortfolioSpec, store: PortfolioStore, runner: ChunkRunner, clock: Clock, notify: Notify
) -> GenerateResult:
    """Generate a portfolio, or complete one that was interrupted.

    Args:
        spec: What to generate; equal values give equal files.
        store: Where to.
        runner: Runs the parts.
        clock: Measures the time.
        notify: Hears of every part.

    Returns:
        The portfolio.

    Raises:
        UsageError: ``portfolio-other``.
        ScorewrightError: ``portfolio-busy``, ``portfolio-worker-died``, ``write-failed``.
    """
    began = clock.elapsed()
    with store.reserve(_identity(spec)):
        records = {index: part for index, part in store.done().items() if index < spec.chunks}
        missing = [index for index in range(spec.chunks) if index not in records]
        notify(StageStarted(STAGE, spec.chunks))
        for record in runner.run(_MakePart(spec, store), missing):
            records[record.index] = record
            notify(StepDone(STAGE, len(records), f"{len(records)} of {spec.chunks} parts"))
        manifest = _manifest(spec, [records[index] for index in range(spec.chunks)])
        store.finish(manifest)
    result = GenerateResult(
        store.location(), manifest, len(missing), round(clock.elapsed() - began, 3)
    )
    notify(StageDone(STAGE, f"{spec.applications:,} applications, {result.rows:,} rows"))
    return result


def _identity(spec: PortfolioSpec) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "synthetic": True, "spec": spec.to_dict()}


def _manifest(spec: PortfolioSpec, parts: Sequence[PartRecord]) -> dict[str, Any]:
    labelled, bads = sum(part.labelled for part in parts), sum(part.bads for part in parts)
    listing = {
        f"{table}/{part.index}": file.sha256 for part in parts for table, file in part.files.items()
    }
    return {
        **_identity(spec),
        "seed": spec.seed,
        "applications": spec.applications,
        "parts": len(parts),
        "rows": {table: sum(part.files[table].rows for part in parts) for table in TABLES},
        "labelled": labelled,
        "bad_rate": round(bads / labelled, 6) if labelled else None,
        "digest": sha256_hex(canonical_json(listing)),
    }

"""Generating a portfolio: part by part, once each, also after an interruption."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.fakes.machine import CountingClock

from scorewright.core.errors import ScorewrightError
from scorewright.core.portfolio import PortfolioSpec, generate_chunk
from scorewright.flows.events import Event, StageDone, StageStarted, StepDone, ignore
from scorewright.flows.generate import PartFile, PartRecord, generate

SPEC = PortfolioSpec(700, seed=3, chunk_size=200)


@dataclass
class Shelf:
    """A `PortfolioStore` in memory; the disk is full at part ``full_at``."""

    full_at: int | None = None
    parts: dict[int, PartRecord] = field(default_factory=dict)
    tables: dict[int, Mapping[str, pl.DataFrame]] = field(default_factory=dict)
    written: list[int] = field(default_factory=list)
    identity: Mapping[str, Any] | None = None
    manifest: Mapping[str, Any] | None = None
    is_reserved: bool = False

    @contextlib.contextmanager
    def reserve(self, document: Mapping[str, Any]) -> Iterator[None]:
        self.identity, self.is_reserved = document, True
        try:
            yield
        finally:
            self.is_reserved = False

    def done(self) -> Mapping[int, PartRecord]:
        return dict(self.parts)

    def write(self, index: int, tables: Mapping[str, pl.DataFrame]) -> PartRecord:
        assert self.is_reserved
        if index == self.full_at:
            raise ScorewrightError("No space left.", remedy="Free some.", code="write-failed")
        files = {
            name: PartFile(rows.height, 0, str(rows.hash_rows().sum()))
            for name, rows in tables.items()
        }
        target = tables["application"]["TARGET"]
        self.parts[index] = PartRecord(index, target.count(), int(target.sum() or 0), files)
        self.tables[index] = tables
        self.written.append(index)
        return self.parts[index]

    def finish(self, manifest: Mapping[str, Any]) -> None:
        assert self.is_reserved
        self.manifest = manifest

    def location(self) -> str:
        return "memory"


class OneByOne:
    """A `ChunkRunner` without processes."""

    def run(
        self, work: Callable[[int], PartRecord], indices: Sequence[int]
    ) -> Iterator[PartRecord]:
        yield from map(work, indices)


def test_every_part_is_generated_written_and_told() -> None:
    shelf, heard = Shelf(), list[Event]()
    result = generate(SPEC, shelf, OneByOne(), CountingClock(), heard.append)
    assert shelf.written == [0, 1, 2, 3]
    for index, tables in shelf.tables.items():
        assert tables["bureau"].equals(generate_chunk(SPEC, index)["bureau"])
    assert heard[0] == StageStarted("generate", 4)
    assert [event.done for event in heard if isinstance(event, StepDone)] == [1, 2, 3, 4]
    assert heard[-1] == StageDone("generate", f"700 applications, {result.rows:,} rows")
    assert result.parts_made == 4
    assert result.seconds > 0


def test_the_manifest_says_what_it_is() -> None:
    shelf = Shelf()
    result = generate(SPEC, shelf, OneByOne(), CountingClock(), ignore)
    assert shelf.manifest == result.manifest
    assert result.manifest["synthetic"] is True
    assert result.manifest["schema_version"] == 1
    assert result.manifest["seed"] == 3
    assert result.manifest["spec"] == SPEC.to_dict()
    assert result.manifest["rows"]["application"] == result.manifest["labelled"] == 700
    assert 0.03 < result.manifest["bad_rate"] < 0.15
    assert len(result.manifest["digest"]) == 64
    assert result.to_dict()["rows"] == result.manifest["rows"]
    assert ("note", "synthetic: no row describes a person") in result.summary()


def test_complete_parts_are_not_made_again_and_the_result_is_the_same() -> None:
    whole, broken = Shelf(), Shelf(full_at=2)
    expected = generate(SPEC, whole, OneByOne(), CountingClock(), ignore)
    with pytest.raises(ScorewrightError, match="No space left"):
        generate(SPEC, broken, OneByOne(), CountingClock(), ignore)
    assert broken.manifest is None
    assert not broken.is_reserved
    broken.full_at = None
    result = generate(SPEC, broken, OneByOne(), CountingClock(), ignore)
    assert broken.written == [0, 1, 2, 3]
    assert result.parts_made == 2
    assert result.manifest == expected.manifest


def test_a_finished_portfolio_costs_nothing_more() -> None:
    shelf = Shelf()
    first = generate(SPEC, shelf, OneByOne(), CountingClock(), ignore)
    second = generate(SPEC, shelf, OneByOne(), CountingClock(), ignore)
    assert second.parts_made == 0
    assert second.manifest == first.manifest


def test_another_seed_has_another_digest() -> None:
    one, other = (
        generate(PortfolioSpec(50, seed=seed), Shelf(), OneByOne(), CountingClock(), ignore)
        for seed in (1, 2)
    )
    assert one.manifest["digest"] != other.manifest["digest"]


def test_a_portfolio_without_known_labels_has_no_bad_rate() -> None:
    spec = PortfolioSpec(50, observed_on=date(2022, 1, 1))
    result = generate(spec, Shelf(), OneByOne(), CountingClock(), ignore)
    assert result.manifest["labelled"] == 0
    assert result.manifest["bad_rate"] is None
    assert ("bad rate", "no label known") in result.summary()

"""Run what was asked for, and print it as a table."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.features.child import Cost, in_child
from benchmarks.features.comparison import compare
from benchmarks.features.data import SIZES, Place
from benchmarks.features.options import Options, options

__all__ = ["run"]

PROCESSES = 2
#: What splitting may take, so that it and a worker stay in the same bounds.
MEMORY_MB = 500
#: Applicants in a bucket, about: a worker holds their rows.
BUCKET = 10_000
APPLICANTS, PEERS = 300, 30
_JOBS = "benchmarks.features.jobs:"
_PEERS = {
    "csv": "pandas, whole tables, CSV",
    "parquet": "pandas, whole tables, Parquet",
    "needed": "pandas, needed columns, Parquet",
    "applicant": "pandas, by applicant, CSV",
}
_MEGABYTE = 1_000_000


def run(arguments: Sequence[str]) -> None:
    """Run the benchmark.

    Args:
        arguments: Of the command line.
    """
    wish = options(arguments)
    figures: list[dict[str, Any]] = []
    for size in wish.sizes:
        place = Place.of(wish.cache, size)
        ready = place.prepare(with_csv=not {"csv", "applicant"}.isdisjoint(wish.peers))
        print(f"{size}: {ready}; {os.cpu_count()} processors", flush=True)
        for name in wish.sets:
            report = _Report(place, size, name, wish)
            report.batch()
            report.online()
            figures += report.figures
    if wish.json is not None:
        wish.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


@dataclass(slots=True)
class _Report:
    """One set of features at one size."""

    place: Place
    size: str
    set_name: str
    wish: Options
    figures: list[dict[str, Any]] = field(default_factory=list)

    def batch(self) -> None:
        """Measure all applications: us first, then the peer and how much more it takes."""
        print(
            f"\n{self.size}, set {self.set_name:20}"
            f"{'CPU s':>8}{'of it work':>12}{'wall s':>8}{'MB':>7}{'MB in all':>11}"
            "   ratio to ours, and with the splitting"
        )
        split = self._ours("split")
        self._line("splitting into buckets, once", split)
        builds = []
        for engine in self.wish.engines:
            builds.append(self._ours("build", engine=engine))
            self._line(f"buckets, {engine}, {PROCESSES} workers", builds[-1])
            first = builds[-1].result["first_start"]
            print(f"{'':10}first bucket begun after {first:.1f} s", flush=True)
        if self.size == "tenth":
            output = self.place.root / "work" / f"memory-{self.set_name}.parquet"
            self._line("in memory", self._ours("in_memory", output=str(output)))
        for style in self._styles():
            self._peer(style, builds[0], split)

    def _styles(self) -> list[str]:
        """Return the peer's styles; plain aggregates have no function of an applicant's rows."""
        return [s for s in self.wish.peers if s != "applicant" or self.set_name != "baseline"]

    def _peer(self, style: str, ours: Cost, split: Cost) -> None:
        """Run pandas, and prove that it did the same work."""
        output = self.place.root / "work" / f"pandas-{self.set_name}.parquet"
        wanted = {**self._common(), "style": style, "output": str(output)}
        cost = in_child(f"{_JOBS}pandas", wanted)
        ratios = (cost.cpu / ours.cpu, cost.cpu / (ours.cpu + split.cpu))
        self._line(_PEERS[style], cost, ratios)
        found = compare(Path(ours.result["output"]), output)
        print(f"{'':10}{found.text()}", flush=True)
        if found.differing or found.lacking:
            raise AssertionError("The peer did not do the same work.")

    def online(self) -> None:
        """Measure one applicant at a time."""
        wanted = {"applicants": APPLICANTS, "peers": PEERS, **self._common()}
        found = in_child(f"{_JOBS}online", wanted).result
        print(
            f"one applicant of {found['rows']:.0f} rows (median of {found['applicants']}): "
            "CPU ms, 95 %, ratio"
        )
        theirs = None
        for way, spent in found["ways"].items():
            theirs = theirs or spent["median"]
            ratio = theirs / spent["median"]
            print(f"{way:42}{spent['median']:9.2f}{spent['p95']:9.2f}{ratio:8.1f}")
        self.figures.append({"size": self.size, "set": self.set_name, "online": found})
        if found["differing"]:
            raise AssertionError(f"pandas differs for one applicant in {found['differing']}.")

    def _ours(self, job: str, **more: str) -> Cost:
        work = self.place.root / "work" / self.set_name
        buckets = -(-SIZES[self.size] // (BUCKET * PROCESSES)) * PROCESSES
        wanted = {
            **self._common(), **more,
            "work": str(work), "buckets": buckets, "memory_mb": MEMORY_MB, "processes": PROCESSES,
        }  # fmt: skip
        return in_child(f"{_JOBS}{job}", wanted)

    def _common(self) -> dict[str, Any]:
        return {"root": str(self.place.root), "set": self.set_name}

    def _line(self, label: str, cost: Cost, ratios: tuple[float, ...] = ()) -> None:
        """Print a way and keep its figures."""
        work = cost.result.get("work_cpu")
        peak = cost.result.get("worker_bytes", cost.peak_bytes)
        print(
            f"{label:34}{cost.cpu:8.1f}{'' if work is None else f'{work:.1f}':>12}{cost.wall:8.1f}"
            f"{peak / _MEGABYTE:7.0f}{cost.all_bytes / _MEGABYTE:11.0f}"
            + "".join(f"{ratio:8.1f}" for ratio in ratios),
            flush=True,
        )
        self.figures.append(
            {
                "size": self.size, "set": self.set_name, "way": label, "cpu": cost.cpu,
                "work_cpu": work, "wall": cost.wall, "peak_bytes": peak,
                "all_bytes": cost.all_bytes, "ratios": ratios,
            }
        )  # fmt: skip

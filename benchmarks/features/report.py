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
        print(f"{size}: {place.prepare()}; {os.cpu_count()} processors", flush=True)
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
    peer_cpu: float | None = None

    def batch(self) -> None:
        """Measure all applications: the peer first, then us."""
        print(
            f"\n{self.size}, set {self.set_name:20}"
            f"{'CPU s':>8}{'of it work':>12}{'wall s':>8}{'MB':>7}{'MB in all':>11}{'ratio':>7}"
        )
        theirs = self._peers() if self.wish.peers else None
        self._line("splitting into buckets, once", self._ours("split"))
        parts = None
        for engine in self.wish.engines:
            cost = self._ours("build", engine=engine)
            parts = Path(cost.result["output"])
            self._line(f"buckets, {engine}, {PROCESSES} workers", cost)
            print(f"{'':34}first bucket begun after {cost.result['first_start']:.1f} s")
        if self.size == "tenth":
            output = self.place.root / "work" / f"memory-{self.set_name}.parquet"
            self._line("in memory", self._ours("in_memory", output=str(output)))
            parts = parts or output
        if theirs is not None and parts is not None:
            found = compare(parts, theirs)
            print(found.text())
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

    def _peers(self) -> Path:
        output = self.place.root / "work" / f"pandas-{self.set_name}.parquet"
        for style in self.wish.peers:
            if style == "applicant" and self.set_name == "baseline":
                continue  # has no windows and no trends
            wanted = {**self._common(), "style": style, "output": str(output)}
            self._line(_PEERS[style], in_child(f"{_JOBS}pandas", wanted))
        return output

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

    def _line(self, label: str, cost: Cost) -> None:
        """Print a way; the ratio is the first peer's CPU time to its own."""
        self.peer_cpu = self.peer_cpu or (cost.cpu if self.wish.peers else None)
        work = cost.result.get("work_cpu")
        peak = cost.result.get("worker_bytes", cost.peak_bytes)
        ratio = "" if self.peer_cpu is None else f"{self.peer_cpu / cost.cpu:7.1f}"
        print(
            f"{label:34}{cost.cpu:8.1f}{'' if work is None else f'{work:.1f}':>12}{cost.wall:8.1f}"
            f"{peak / _MEGABYTE:7.0f}{cost.all_bytes / _MEGABYTE:11.0f}{ratio}",
            flush=True,
        )
        self.figures.append(
            {
                "size": self.size, "set": self.set_name, "way": label, "cpu": cost.cpu,
                "work_cpu": work, "wall": cost.wall, "peak_bytes": peak,
                "all_bytes": cost.all_bytes, "peer_ratio": ratio.strip() or None,
            }
        )  # fmt: skip

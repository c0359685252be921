"""The portfolio that is worked on, and our plan over it; made once, found again."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scorewright import wiring
from scorewright.core.portfolio import TABLES, PortfolioSpec
from scorewright.flows.events import ignore
from scorewright.flows.features.declared import Declared

__all__ = ["SIZES", "Place", "declared"]

#: Applications of Home Credit Default Risk, and a tenth of them.
SIZES = {"tenth": 30_751, "full": 307_511}


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one size.

    Attributes:
        root: ``portfolio``, ``csv`` and ``project`` are kept; ``work`` is made anew.
        applications: How many.
    """

    root: Path
    applications: int

    @classmethod
    def of(cls, cache: Path, size: str) -> Place:
        """Return the folder of a size below the cache."""
        return cls(cache / f"features-{SIZES[size]}", SIZES[size])

    def prepare(self, *, with_csv: bool) -> str:
        """Make what is missing; return a line that says what there is.

        Args:
            with_csv: Whether the peer's files are wanted.
        """
        began = time.perf_counter()
        spec = PortfolioSpec(self.applications)
        made = wiring.generate_portfolio(spec, self.root / "portfolio", 0, ignore)
        for table in TABLES if with_csv else ():
            self._write_csv(table)
        wiring.init_template(
            wiring.NewTemplateProject(
                "home-credit", self.root / "project", self.root / "portfolio", force=True
            )
        )
        shutil.rmtree(self.root / "work", ignore_errors=True)
        (self.root / "work").mkdir()
        seconds = time.perf_counter() - began
        return f"{self.applications:,} applications, {made.rows:,} rows, ready in {seconds:.0f} s"

    def _write_csv(self, table: str) -> None:
        """Write the file that people download; a whole one is left as it is."""
        target = self.root / "csv" / f"{table}.csv"
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_suffix(".part")
        pl.scan_parquet(self.root / "portfolio" / table / "*.parquet").sink_csv(aside)
        os.replace(aside, target)  # noqa: PTH105 - atomic on every system


def declared(root: Path, set_name: str) -> Declared:
    """Return a set of the template's features over the portfolio of a folder."""
    return wiring.project(root / "project" / "scorewright.toml").features.declared(set_name)

"""A folder of applications and a deployed bundle, to be scored by any engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.engines import PartFolder
from scorewright.adapters.learners import Learners
from scorewright.adapters.tables import FileTableReader, FileTableWriter
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.events import Notify, ignore
from scorewright.flows.features.ports import Engine
from scorewright.flows.ports import Proof, TableFile
from scorewright.flows.score import ScoreRequest, score_file
from scorewright.flows.score_folder import FolderRequest, FolderResult, score_folder
from scorewright.flows.verify_bundle import Deployment, load_for_serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROGRAM = "tests.adapters.engines.programs:score"
NAMES = ("p0.parquet", "p1.parquet", "p2.parquet")


class Proved:
    """A `Prover` that trusts what the test has made."""

    def prove(self, directory: Path) -> Proof:
        return Proof(directory.name, 8, 0.0, 0.1)


@dataclass
class Portfolio:
    """A folder of applications, a deployed bundle, and a place for the results."""

    home: Path
    deployment: Deployment
    directory: Path
    engine: Engine
    notify: Notify = ignore

    @property
    def request(self) -> FolderRequest:
        return FolderRequest(
            folder=self.home / "in",
            output=self.home / "out",
            rejects=None,
            settings=self.home / "scorewright.toml",
            bundle=self.directory,
            program=PROGRAM,
        )

    def score(self, **changes: Any) -> FolderResult:
        request = replace(self.request, **changes)
        return score_folder(request, self.deployment, self.engine, PartFolder(), self.notify)

    def alone(self, name: str) -> bytes:
        """Return the result of `score` on one file."""
        output = self.home / f"alone-{name}"
        table = TableFile("x", (str(self.home / "in" / name),))
        request = ScoreRequest(table, output)
        score_file(request, self.deployment, FileTableReader(), FileTableWriter(), ignore)
        return output.read_bytes()

    def spoil(self, name: str) -> None:
        """Give the second row of a file an age that its contract does not allow."""
        file = self.home / "in" / name
        frame = pl.read_parquet(file)
        at = pl.int_range(pl.len()) == 1
        frame.with_columns(age=pl.when(at).then(7).otherwise("age")).write_parquet(file)


def portfolio_in(
    home: Path,
    deployed: tuple[DiskBundles, Bundle, Policy],
    rows: list[dict[str, Any]],
    engine: Engine,
) -> Portfolio:
    """Write three files of forty applications each, and something that is no table."""
    store, bundle, policy = deployed
    directory = store.publish(bundle)
    store.publish_policy(policy)
    deployment = load_for_serving(store, Proved(), Learners(), directory.name, now=NOW)
    (home / "in").mkdir()
    frame = pl.DataFrame(rows[:120], infer_schema_length=None).with_columns(
        application=pl.format("A{}", pl.int_range(pl.len()))
    )
    for part, name in enumerate(NAMES):
        frame[part * 40 : part * 40 + 40].write_parquet(home / "in" / name)
    (home / "in" / "notes.txt").write_text("not a table", encoding="ascii")
    return Portfolio(home, deployment, directory, engine)

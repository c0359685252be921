"""A project with a deployed model, and the ways in which a row gets its PD there."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pandas as pd
import polars as pl
from starlette.testclient import TestClient
from tests.fakes.decision_log import CountingIds

from scorewright.adapters.batch_jobs import BatchFolder, DiskDesk
from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.tables import FileTableReader, FileTableWriter
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.entry.mlflow_model import BundleModel, _load_pyfunc
from scorewright.entry.service import create_app
from scorewright.flows.events import ignore
from scorewright.flows.ports import TableFile
from scorewright.flows.score import ScoreRequest, score_file
from scorewright.flows.verify_bundle import Deployment
from scorewright.wiring import FeatureWish, OpenProject, ScoreWish, project, score
from scorewright.wiring.batches import run_batch
from scorewright.wiring.scoring import rows_to_score

__all__ = ["CSV", "PARQUET", "ScoredProject"]

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
SUFFIX = {CSV: ".csv", PARQUET: ".parquet"}

SETTINGS = """\
[project]
name = "same"

[data]
table = "applications"
target = "bad"

[serve.log]
policy = "best_effort"

[serve.limits]
deadline_seconds = 300.0
"""

Files = Mapping[str, bytes]


@dataclass
class ScoredProject:
    """A project with a deployed bundle.

    Attributes:
        here: The project.
        client: Speaks to its service, in this process.
        deployment: What the service answers with.
        model: The bundle as MLflow loads it.
    """

    here: OpenProject
    client: TestClient
    deployment: Deployment
    model: BundleModel

    @property
    def root(self) -> Path:
        return self.here.root

    @classmethod
    @contextmanager
    def on(cls, root: Path, bundle: Bundle, policy: Policy, *, child: bool) -> Iterator[Self]:
        """Deploy a bundle and serve it.

        Args:
            root: An empty folder.
            bundle: What is deployed.
            policy: What decides.
            child: Whether files are scored in a child process, as they are when a service runs;
                else by the same program in this process.
        """
        plan = bundle.features
        names = ["applications", *(() if plan is None else plan.tables)]
        tables = "".join(f'\n[tables.{name}]\nfiles = "{name}.*"\n' for name in names)
        (root / "scorewright.toml").write_text(SETTINGS + tables, encoding="utf-8")
        store = DiskBundles(root / "bundles", KeyRing(root / ".scorewright" / "keys"))
        directory = store.publish(bundle)
        _, file = store.publish_policy(policy)
        store.activate(directory.name, file.name, datetime.now(UTC) - timedelta(days=1))
        here = project(root / "scorewright.toml")
        here.serving.prove_engine("current")
        service = here.serving.service("current")
        if not child:
            service = replace(service, batches=_desk_here(root, here.settings))
        with TestClient(create_app(service)) as client:
            deployment = service.slot.variant.deployment
            yield cls(here, client, deployment, _load_pyfunc(str(directory)))

    def asked(self, applications: Sequence[Mapping[str, Any]]) -> list[float]:
        """Ask the service for one application after the other; each is a whole body."""
        answers = [self.client.post("/predict", json=body) for body in applications]
        for answer in answers:
            assert answer.status_code == 200, answer.text
        return [answer.json()["pd"] for answer in answers]

    def uploaded(self, media: str, files: Files) -> list[float]:
        """Send files of applications and their histories to the service."""
        if list(files) == ["applications"]:
            content, headers = files["applications"], {"Content-Type": media}
            answer = self.client.post("/batch/predict", content=content, headers=headers)
        else:
            form = {name: (name + SUFFIX[media], data, media) for name, data in files.items()}
            answer = self.client.post("/batch/predict", files=form)
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Batch-Rejected"] == "0", answer.text
        found = pl.read_csv(io.BytesIO(answer.content), infer_schema_length=None)
        return found["pd"].cast(pl.Float64).to_list()

    def put(self, media: str, files: Files) -> Path:
        """Make files the project's tables; return the one of applications."""
        for name, data in files.items():
            for old in self.root.glob(f"{name}.*"):
                old.unlink()
            (self.root / f"{name}{SUFFIX[media]}").write_bytes(data)
        return self.root / f"applications{SUFFIX[media]}"

    def scored(self, source: Path, output: Path) -> dict[str, float]:
        """Score a file as the command does, with the model that is loaded and proved already."""
        table = TableFile("applications", (str(source),))
        has_histories = self.deployment.loaded.bundle.features is not None
        below = rows_to_score(self.here, ignore) if has_histories else None
        request = ScoreRequest(table, output)
        score_file(request, self.deployment, FileTableReader(), FileTableWriter(), ignore, below)
        return dict(_result(output))

    def by_engine(self, source: Path, output: Path, engine: str) -> dict[str, float]:
        """Score a file by the command, or each of a folder: then keys are ``FILE:KEY``."""
        wish = FeatureWish(engine=engine, processes=2)
        score(self.here, ScoreWish(source, output, work=wish), ignore)
        if output.is_file():
            return dict(_result(output))
        files = output.glob("*.parquet")
        return {f"{file.stem}:{key}": pd for file in files for key, pd in _result(file)}

    def noted(self, frame: pd.DataFrame) -> list[float]:
        """Score a data frame as a notebook does."""
        return [float(pd) for pd in self.model.predict(frame)["pd"]]


def _result(file: Path) -> Iterator[tuple[str, float]]:
    found = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file)
    yield from found.select("application", pl.col("pd").cast(pl.Float64)).iter_rows()


def _desk_here(root: Path, settings: Any) -> DiskDesk:
    """Return what scores files in a thread of this process, by the program of the child."""
    task = {
        "root": str(root),
        "settings": settings.model_dump(mode="json"),
        "reference": "current",
    }

    def run(folder: BatchFolder, _over: threading.Event) -> str:
        run_batch({**task, "folder": str(folder.path)})
        return ""

    return DiskDesk(root / ".scorewright" / "batches", run, CountingIds(), 2)

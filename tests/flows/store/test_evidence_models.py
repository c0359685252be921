"""Which models of a store are looked at, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.fakes.audited_stores import StoreDraft

from scorewright.adapters.audit_rules import PredictionTables
from scorewright.adapters.model_prober import ChildProber
from scorewright.core.audit import ModelState, TriedModel
from scorewright.core.snapshot import FILES, TABLES, Snapshot, snapshot_of
from scorewright.flows.events import ignore
from scorewright.flows.store.evidence import read_predictions
from scorewright.flows.store.evidence_models import try_models
from scorewright.flows.store.evidence_ports import (
    ModelProber,
    ModelVerdict,
    ProbeDepth,
    StoredModel,
)

RUN, OTHER = f"{0:032x}", f"{1:032x}"
MODEL = "credit_scoring_lgbm"


@dataclass
class Everything:
    """A prober that calls every model broken, but for those named good."""

    asked: list[StoredModel] = field(default_factory=list)

    def probe(
        self, models: Sequence[StoredModel], depth: ProbeDepth
    ) -> Iterator[ModelVerdict | None]:
        self.asked += models
        for model in models:
            broken = ModelVerdict(ModelState.BROKEN, f"not at {depth}")
            yield None if "good" in model.place.as_posix() else broken


def tables(draft: StoreDraft) -> tuple[Snapshot, pl.DataFrame]:
    frames: dict[str, Any] = {
        name: pl.DataFrame(rows, schema_overrides=dict(TABLES[name]))
        for name, rows in draft.rows.items()
        if rows
    }
    return snapshot_of(draft.source, frames), pl.DataFrame(draft.files, schema=FILES)


def looked(
    draft: StoreDraft, depth: ProbeDepth = ProbeDepth.LOOK
) -> tuple[tuple[TriedModel, ...], Everything]:
    snapshot, files = tables(draft)
    prober = Everything()
    return try_models(snapshot, files, (), prober, depth, ignore), prober


def place(run: str, top: str = "model") -> str:
    return f"/srv/credit/mlruns/1/{run}/artifacts/{top}"


def test_a_folder_that_two_name_is_looked_at_once() -> None:
    draft = StoreDraft.perfect(2)
    draft.model(MODEL)
    draft.version(MODEL, 1, RUN)
    draft.version(MODEL, 2, RUN)
    draft.rows["model_versions"][0]["source"] = place(RUN)
    draft.rows["model_versions"][1]["source"] = f"runs:/{OTHER}/model"
    found, prober = looked(draft)
    assert [model.place.as_posix() for model in prober.asked] == [place(RUN), place(OTHER)]
    assert prober.asked[0].files == {"MLmodel", "model.txt"}
    assert [(t.owner, t.owner_id, t.path) for t in found] == [
        ("run", RUN, "model"), ("version", f"{MODEL}/1", ""),
        ("run", OTHER, "model"), ("version", f"{MODEL}/2", ""),
    ]  # fmt: skip


def test_the_deleted_are_left_alone() -> None:
    draft = StoreDraft.perfect(2)
    draft.change(RUN, lifecycle_stage="deleted")
    _, prober = looked(draft)
    assert [model.place.as_posix() for model in prober.asked] == [place(OTHER)]


def test_bundles_and_loose_files_are_tried_and_not_looked_at() -> None:
    draft = StoreDraft.perfect(1)
    bundle = ("bundle/manifest.json", "bundle/features.json", "bundle/model/model.txt")
    for path in (*bundle, "old/model.pkl", "good.cbm", "manifest.json", "model/inner/model.ubj"):
        draft.file(RUN, path)
    _, prober = looked(draft)
    assert [model.kind for model in prober.asked] == ["mlflow"]
    found, prober = looked(draft, ProbeDepth.LOAD)
    asked = {model.place.name: model.kind for model in prober.asked}
    assert asked == {
        "model": "mlflow", "bundle": "bundle", "model.pkl": "file", "good.cbm": "file",
        "model_metadata.json": "file",
    }  # fmt: skip
    assert "good.cbm" not in {tried.path for tried in found}


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreDraft:
    """Two runs of a server, and a working directory with files of the same names."""
    draft = StoreDraft.perfect(2)
    for run in (RUN, OTHER):
        for path in ("predictions.csv", "old/model.pkl"):
            draft.file(run, path)
    for row in draft.files:
        row["folder"] = ""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("this: is\n  no: model\n")
    (tmp_path / "predictions.csv").write_text("y,p\n0,0.25\n1,0.5\n")
    monkeypatch.chdir(tmp_path)
    return draft


def test_what_lies_behind_a_server_is_not_looked_for_here(behind: StoreDraft) -> None:
    snapshot, files = tables(behind)
    prober: ModelProber = ChildProber()
    assert try_models(snapshot, files, (), prober, ProbeDepth.LOOK, ignore) == ()
    tried = try_models(snapshot, files, (), prober, ProbeDepth.PICKLES, ignore)
    assert {model.state for model in tried} == {ModelState.NOT_TRIED}
    assert all(model.reason.startswith("its files lie behind a") for model in tried)
    told = [(model.owner_id, model.path) for model in tried if "metadata" not in model.path]
    assert told == [(run, path) for run in (RUN, OTHER) for path in ("model", "old/model.pkl")]


def test_predictions_behind_a_server_are_not_looked_for_here(behind: StoreDraft) -> None:
    assert read_predictions(*tables(behind), PredictionTables(), ignore) == {}
    for row in behind.files:
        row["folder"] = str(Path.cwd()) if row["owner_id"] == RUN else "."
    assert set(read_predictions(*tables(behind), PredictionTables(), ignore)) == {RUN}

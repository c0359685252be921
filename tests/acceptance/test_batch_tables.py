"""The raw tables of a relational project sent as a form, as somebody does who read the document."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.acceptance.scored import CSV, PARQUET, ScoredProject
from tests.fakes.raw_applications import Raw, frames, raw

from scorewright.core.decision import Policy
from scorewright.entry.service.upload import MULTIPART
from scorewright.flows.events import ignore
from scorewright.wiring import ScoreWish, score
from scorewright.wiring import project as project_of

ROWS = 40


@pytest.fixture(scope="module")
def here() -> Raw:
    return raw()


@pytest.fixture(scope="module")
def project(
    here: Raw, policy_for: Callable[..., Policy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScoredProject]:
    """A project whose model reads histories, and whose service scores files in a child process."""
    root, policy = tmp_path_factory.mktemp("tables"), policy_for(here.bundle)
    with ScoredProject.on(root, here.bundle, policy, child=True) as found:
        yield found


def _files(here: Raw, media: str) -> dict[str, bytes]:
    files = {}
    for name, frame in frames(here.applications[:ROWS]).items():
        out = io.BytesIO()
        frame.write_csv(out) if media == CSV else frame.write_parquet(out)
        files[name] = out.getvalue()
    return files


def _sent(files: dict[str, bytes], media: str) -> dict[str, Any]:
    suffix = "csv" if media == CSV else "parquet"
    return {name: (f"{name}.{suffix}", data, media) for name, data in files.items()}


def _scored_by_the_command(root: Path, files: dict[str, Any]) -> dict[str, float]:
    for name, data, _ in files.values():
        (root / name).write_bytes(data)
    source, output = root / files["applications"][0], root / "result.parquet"
    score(project_of(root / "scorewright.toml"), ScoreWish(source, output), ignore)
    for name, *_ in files.values():
        (root / name).unlink()
    return dict(pl.read_parquet(output).select("application", "pd").iter_rows())


@pytest.mark.parametrize("media", [CSV, PARQUET])
def test_the_result_is_that_of_the_command_on_the_same_tables(
    project: ScoredProject, here: Raw, media: str
) -> None:
    # Given the raw tables of some applications
    files = _files(here, media)
    # When they are sent as a form, and scored by the command
    answer = project.client.post("/batch/predict", files=_sent(files, media))
    expected = _scored_by_the_command(project.root, _sent(files, media))
    # Then each application has the same PD, to the last bit
    assert answer.status_code == 200, answer.text
    found = pl.read_csv(io.BytesIO(answer.content), schema_overrides={"pd": pl.Float64})
    assert dict(found.select("application", "pd").iter_rows()) == expected
    assert len(expected) == ROWS
    # And its decision is in the log with the PD that was given out
    for line in found.head(3).iter_rows(named=True):
        kept = project.client.get(f"/decisions/{line['decision_id']}")
        assert kept.json()["pd"] == line["pd"]


def test_a_history_that_was_not_sent_is_named(project: ScoredProject, here: Raw) -> None:
    files = _sent(_files(here, CSV), CSV)
    del files["payments"]
    answer = project.client.post("/batch/predict", files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "batch-tables")
    assert "payments" in answer.json()["detail"]


def test_the_example_of_the_document_is_scored(project: ScoredProject) -> None:
    # Given the form that the OpenAPI document shows
    document = project.client.get("/openapi.json").json()
    body = document["paths"]["/batch/predict"]["post"]["requestBody"]["content"][MULTIPART]
    files = {name: (f"{name}.csv", text, CSV) for name, text in body["example"].items()}
    assert set(files) == set(body["schema"]["properties"]) == set(body["encoding"])
    # When it is sent, then its line is scored
    answer = project.client.post("/batch/predict", files=files)
    assert answer.status_code == 200, answer.text
    (line,) = csv.DictReader(io.StringIO(answer.text))
    assert line["status"] == "scored", project.client.get(
        f"/batch/{answer.headers['X-Batch-Id']}/errors"
    ).text

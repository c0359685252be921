"""The same row, the same PD: as a request, a batch, a file, in a worker and in a notebook."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.conftest import applications

from scorewright.adapters.batch_jobs import BatchFolder
from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.project_files import TomlContractFiles
from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy
from scorewright.core.tables import check_frame
from scorewright.entry.service import create_app
from scorewright.flows.events import ignore
from scorewright.flows.serve import Batch, BatchOrder
from scorewright.wiring import ScoreWish, project, score
from scorewright.wiring.batches import run_batch

SETTINGS = """[project]
name = "demo"

[tables.applications]
files = "applications.csv"

[data]
table = "applications"
target = "bad"
bad_value = "1"
key = "application"

[bundles]
keys = "keys"

[serve.limits]
deadline_seconds = 100.0
"""


@pytest.fixture
def here(
    store: DiskBundles,
    bundle: Bundle,
    contract: Contract,
    policy_for: Callable[..., Policy],
    tmp_path: Path,
) -> Path:
    """A project with a deployed bundle."""
    digest = store.publish(bundle).name
    _, policy = store.publish_policy(policy_for(bundle))
    store.activate(digest, policy.name, datetime.now(UTC) - timedelta(days=1))
    (tmp_path / "scorewright.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "applications.csv").write_text("application\n1\n", encoding="utf-8")
    TomlContractFiles().save(contract, tmp_path / "contracts" / "applications.toml")
    return tmp_path


def _rows(n: int) -> list[dict[str, Any]]:
    return [{"application": f"a{i}", **row} for i, row in enumerate(applications(n))]


def test_every_way_gives_a_row_the_same_pd(here: Path) -> None:
    # Given rows, and a service of the project as it is started
    rows = _rows(60)
    frame = pl.DataFrame(rows)
    turned = frame.select(reversed(frame.columns))
    found = project(here / "scorewright.toml")
    service = found.serving.service("current")
    with TestClient(create_app(service)) as client:
        # When they come one by one
        single = [
            client.post(
                "/predict",
                json={"features": {k: v for k, v in row.items() if k != "application"}},
            ).json()
            for row in rows
        ]
        # And as a batch, which a child process scores, as CSV and as Parquet
        packed = io.BytesIO()
        turned.write_parquet(packed)
        answers = [
            client.post("/batch/predict", content=data, headers={"Content-Type": media})
            for data, media in (
                (turned.write_csv().encode(), "text/csv"),
                (packed.getvalue(), "application/vnd.apache.parquet"),
            )
        ]
        for answer in answers:
            assert answer.status_code == 200, answer.text
        # And a file with a wrong line is refused by the same child
        refused = client.post(
            "/batch/predict", content=b"a,b\n1\n", headers={"Content-Type": "text/csv"}
        )
        assert refused.json()["code"] in ("data-ragged", "batch-contract")
        # And the decision of a batch can be read and replayed
        decision = f"{answers[0].headers['X-Batch-Id']}-{7:09d}"
        kept = client.get(f"/decisions/{decision}").json()
        again = client.post(f"/decisions/{decision}/replay").json()
    pds = [one["pd"] for one in single]
    for answer in answers:
        assert pl.read_csv(io.StringIO(answer.text))["pd"].to_list() == pds
    assert (kept["pd"], again["equal"]) == (pds[6], True)
    # And as a file by the command, and as a folder by a worker of an engine
    (here / "new").mkdir()
    turned.write_csv(here / "new.csv")
    turned.write_parquet(here / "new" / "a.parquet")
    score(found, ScoreWish(here / "new.csv", here / "out.csv"), ignore)
    score(found, ScoreWish(here / "new", here / "out"), ignore)
    assert pl.read_csv(here / "out.csv")["pd"].to_list() == pds
    assert pl.read_parquet(here / "out" / "a.parquet")["pd"].to_list() == pds
    # And in a notebook
    deployment = found.serving.deployment("current")
    contract = deployment.loaded.bundle.contract.for_scoring(with_key=True)
    typed = check_frame(turned, contract).frame
    assert deployment.scorer.score_frame(typed).tolist() == pds


def _job(here: Path, rows: int, log: dict[str, Any]) -> Batch:
    """Score a file as the child does, with another log; return what came of it."""
    found = project(here / "scorewright.toml")
    now = found.serving.deployment("current")
    if not log:
        found.serving.log().close(5.0)  # the service has made it
    folder = BatchFolder(here / ".scorewright" / "batches" / "b1")
    folder.files.mkdir(parents=True)
    pl.DataFrame(_rows(rows)).write_csv(folder.files / "applications.csv")
    folder.put_order(
        BatchOrder(
            "b1",
            "c",
            "default",
            "2026-11-21T12:00:00+00:00",
            {"applications.csv": 1},
            now.loaded.manifest.digest,
            now.policy.to_bytes().decode(),
            f"{now.policy.id}@{now.policy.version}",
        )
    )
    settings = found.settings.model_dump(mode="json")
    settings["serve"]["log"] |= log
    folder.put_started("2026-11-21T12:00:01+00:00")
    run_batch(
        {
            "root": str(here),
            "settings": settings,
            "reference": "current",
            "folder": str(folder.path),
        }
    )
    batch = folder.batch()
    assert batch is not None
    return batch


def test_a_batch_may_be_separated_otherwise_than_the_table_of_the_training(here: Path) -> None:
    # Given a table of the training that semicolons separate
    settings = here / "scorewright.toml"
    text = settings.read_text(encoding="utf-8")
    semicolons = 'files = "applications.csv"\nseparator = ";"'
    settings.write_text(text.replace('files = "applications.csv"', semicolons), encoding="utf-8")
    # When applications come with commas
    batch = _job(here, 12, {})
    # Then they are read
    assert (batch.state, batch.rows, batch.logged) == ("done", 12, 12)


@pytest.mark.parametrize(
    "away",
    [
        {"url": "postgresql://nobody@127.0.0.1:1/log", "policy": "required"},
        {"url": None, "policy": "spool"},  # a file of this machine that was moved away
    ],
    ids=["server", "file"],
)
def test_a_log_that_is_away_is_told_and_the_file_not_blamed(
    here: Path, away: dict[str, Any]
) -> None:
    # Given a database that is away, when a good file is scored
    batch = _job(here, 5, away)
    # Then the report says that it is the log
    assert batch.state == "failed"
    assert batch.problem is not None
    assert batch.problem.code == "log-unavailable"
    assert "no result" in batch.problem.detail
    # And nothing was put in its place
    assert not (here / ".scorewright" / "decisions.db").exists()


def test_a_batch_tells_what_the_log_dropped(here: Path) -> None:
    # Given a log that cannot be written and need not be
    (here / ".scorewright" / "decisions.db").mkdir(parents=True)
    # When a file is scored
    batch = _job(here, 30, {"policy": "best_effort"})
    # Then there is a result, and it is said that the log has none of it
    assert (batch.state, batch.problem) == ("done", None)
    decided = sum(batch.decisions.values())
    assert decided > 0
    assert (batch.rows, batch.logged, batch.dropped) == (30, 0, decided)


def test_a_batch_of_a_service_that_was_killed_is_interrupted_and_leaves_no_child(
    here: Path,
) -> None:
    # Given a service with a large batch at work
    found = project(here / "scorewright.toml")
    service = found.serving.service("current")
    desk = service.batches
    assert desk is not None
    with TestClient(create_app(service)) as client:
        large = pl.concat([pl.DataFrame(_rows(100))] * 400).write_csv().encode()
        answer = client.post("/batch/predict", content=large, headers={"Content-Type": "text/csv"})
        batch = answer.json()["id"]
        until = time.monotonic() + 30
        while client.get(f"/batch/{batch}").json()["state"] == "queued":
            assert time.monotonic() < until
        # When it ends
    # Then the batch is interrupted, or was just done; what was sent is gone
    after = desk.find(batch, "default")
    assert after is not None
    assert after.state in ("interrupted", "done")
    assert not (here / ".scorewright" / "batches" / batch / "files").exists()

"""A folder scored file by file: as each file alone, once, and none lost in silence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.adapters.engines.portfolio import Portfolio, portfolio_in

from scorewright.adapters.bundles import DiskBundles
from scorewright.adapters.engines import perform
from scorewright.adapters.engines.local import LocalEngine
from scorewright.adapters.engines.worker import opened
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError, IntegrityError, ScorewrightError, UsageError
from scorewright.flows.events import Event, StepDone
from scorewright.flows.features.ports import BucketReceipt, BucketTask

ROOT = Path(__file__).resolve().parents[2]


class Inline:
    """An `Engine` that works here, with the texts that pass to workers."""

    name = "inline"

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        raise NotImplementedError

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        for document in documents:
            done(opened(perform(program, json.dumps(document)), document))


@pytest.fixture
def portfolio(
    tmp_path: Path,
    store: DiskBundles,
    bundle: Bundle,
    policy_for: Callable[..., Policy],
    rows: list[dict[str, Any]],
) -> Portfolio:
    """Three files of forty applications, scored in this process."""
    return portfolio_in(tmp_path, (store, bundle, policy_for(bundle)), rows, Inline())


def test_every_file_is_scored_as_alone(portfolio: Portfolio) -> None:
    result = portfolio.score()
    for name in ("p0.parquet", "p1.parquet", "p2.parquet"):
        assert (portfolio.home / "out" / name).read_bytes() == portfolio.alone(name)
    together = pl.read_parquet(portfolio.home / "out" / "*.parquet")
    assert (result.files, result.found, result.rows, result.rejected) == (3, 0, 120, 0)
    assert result.mean_pd == pytest.approx(together["pd"].mean(), rel=1e-12)
    assert result.approval_rate == pytest.approx((together["decision"] == "approve").mean())
    assert result.to_dict()["bundle"] == portfolio.deployment.loaded.manifest.digest


def test_workers_of_the_local_pool_give_the_same_bytes(
    portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    events: list[Event] = []
    portfolio.engine = LocalEngine(2)
    portfolio.notify = events.append
    portfolio.score()
    for name in ("p0.parquet", "p1.parquet", "p2.parquet"):
        assert (portfolio.home / "out" / name).read_bytes() == portfolio.alone(name)
    assert [event.done for event in events if isinstance(event, StepDone)] == [1, 2, 3]


def test_rerun_does_what_is_left(portfolio: Portfolio) -> None:
    # Given a finished folder of which one result was lost, one cut, and one file changed
    first = portfolio.score()
    out = portfolio.home / "out"
    times = (out / "p0.parquet").stat().st_mtime_ns
    (out / "p1.parquet").unlink()
    (out / "p2.parquet").write_bytes(b"PAR1")
    # When it is run again, then what is whole is not touched
    again = portfolio.score()
    assert (again.files, again.found) == (3, 1)
    assert (out / "p0.parquet").stat().st_mtime_ns == times
    assert (again.rows, again.mean_pd) == (first.rows, first.mean_pd)
    assert (out / "p2.parquet").read_bytes() == portfolio.alone("p2.parquet")
    # And new rows under an old name are scored
    pl.read_parquet(portfolio.home / "in" / "p0.parquet")[:5].write_parquet(
        portfolio.home / "in" / "p0.parquet"
    )
    third = portfolio.score()
    assert (third.found, third.rows) == (2, 85)


def test_another_policy_is_another_result(
    portfolio: Portfolio, bundle: Bundle, policy_for: Callable[..., Policy]
) -> None:
    portfolio.score()
    strict = policy_for(bundle, threshold=0.05, version=2)
    portfolio.deployment = replace(portfolio.deployment, policy=strict)
    result = portfolio.score()
    assert (result.found, result.policy_version) == (0, 2)
    scored = pl.read_parquet(portfolio.home / "out" / "p0.parquet")
    assert scored["threshold"].unique().to_list() == [0.05]


def test_file_with_a_bad_row_is_refused_and_the_others_are_scored(portfolio: Portfolio) -> None:
    portfolio.spoil("p1.parquet")
    (portfolio.home / "in" / "p3.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(FindingsError, match=r"2 of 4 files.*p1\.parquet, p3\.parquet") as caught:
        portfolio.score()
    assert caught.value.code == "score-files-refused"
    codes = [entry["code"] for entry in caught.value.details["files"]]
    assert codes == ["score-findings", "data-unreadable"]
    made = sorted(file.name for file in (portfolio.home / "out").glob("*.parquet"))
    assert made == ["p0.parquet", "p2.parquet"]


def test_bad_rows_go_to_a_file_of_their_own(portfolio: Portfolio) -> None:
    portfolio.spoil("p1.parquet")
    result = portfolio.score(rejects=portfolio.home / "bad")
    assert (result.rows, result.rejected) == (119, 1)
    rejected = pl.read_parquet(portfolio.home / "bad" / "p1.parquet")
    assert rejected["row"].to_list() == [2]
    assert "age" in rejected["reasons"][0]
    # And they are not there any more when the file was mended
    (portfolio.home / "in" / "p0.parquet").rename(portfolio.home / "in" / "p1.parquet")
    assert portfolio.score(rejects=portfolio.home / "bad").rejected == 0
    assert not (portfolio.home / "bad" / "p1.parquet").exists()


def test_rejects_are_written_again_where_they_are_not(portfolio: Portfolio) -> None:
    portfolio.spoil("p1.parquet")
    first, second = portfolio.home / "rej1", portfolio.home / "rej2"
    assert portfolio.score(rejects=first).rejected == 1
    whole = (first / "p1.parquet").read_bytes()
    # Another folder gets them too
    again = portfolio.score(rejects=second)
    assert (again.rejected, again.found) == (1, 0)
    assert (second / "p1.parquet").read_bytes() == whole
    # What was lost or changed is written again, and nothing else
    (second / "p1.parquet").unlink()
    assert portfolio.score(rejects=second).found == 2
    (second / "p1.parquet").write_bytes(b"PAR1")
    assert portfolio.score(rejects=second).found == 2
    assert (second / "p1.parquet").read_bytes() == whole
    assert portfolio.score(rejects=second).found == 3


def test_bundle_exchanged_after_it_was_proved_is_refused(
    portfolio: Portfolio, store: DiskBundles, dummy_bundle: Bundle
) -> None:
    other = store.publish(dummy_bundle)
    with pytest.raises(IntegrityError) as caught:
        portfolio.score(bundle=other)
    assert caught.value.code == "bundle-digest"


@pytest.mark.parametrize("name", ["output", "rejects"])
def test_results_never_overwrite_applications(portfolio: Portfolio, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        portfolio.score(**{name: portfolio.home / "in"})
    assert caught.value.code == "score-same-folder"


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_folder_without_tables_is_told(portfolio: Portfolio, folder: str) -> None:
    (portfolio.home / "empty").mkdir()
    with pytest.raises(UsageError, match=folder) as caught:
        portfolio.score(folder=portfolio.home / folder)
    assert caught.value.code == "data-file-missing"


def test_output_that_is_a_file_is_told(portfolio: Portfolio) -> None:
    (portfolio.home / "out").write_text("", encoding="ascii")
    with pytest.raises(ScorewrightError) as caught:
        portfolio.score()
    assert caught.value.code == "write-failed"

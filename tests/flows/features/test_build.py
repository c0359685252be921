"""Building: in memory or in buckets, found again by digest, stopped by what was not known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.fakes.features import (
    Heard,
    MemoryBuilds,
    MemoryEngine,
    MemoryWorkspace,
    declare,
    frames,
    library,
)
from tests.fakes.histories import MemoryRows
from tests.fakes.machine import CountingClock

from scorewright.core.errors import (
    FindingsError,
    IntegrityError,
    ScorewrightError,
    UsageError,
)
from scorewright.core.features import (
    Feature,
    FeatureBuild,
    FeatureLibrary,
    FeatureSet,
    build_digest,
    parse,
)
from scorewright.core.project import FeatureSettings
from scorewright.flows.events import Note, StageDone, StepDone, ignore
from scorewright.flows.features.attach import join_features
from scorewright.flows.features.build import (
    BuildTools,
    BuiltFeatures,
    build_features,
    features_once,
)
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.ports import Engine
from scorewright.flows.features.summary import summarise

SMALL = FeatureSettings()
#: Any other engine works in buckets, however few rows there are.
IN_BUCKETS = FeatureSettings(engine="ray", processes=3)
KEY = "loan_id"


def no_engine() -> Engine:
    raise AssertionError("these rows fit in memory")


def in_memory(
    rows: dict[str, pl.DataFrame] | None = None,
    declared: Declared | None = None,
    builds: MemoryBuilds | None = None,
    heard: Heard | None = None,
) -> tuple[BuiltFeatures, MemoryBuilds]:
    kept = builds or MemoryBuilds()
    source = MemoryRows(rows or frames())
    tools = BuildTools(source, kept, no_engine, CountingClock(), heard or ignore)
    return build_features(declared or declare(), SMALL, tools), kept


class Buckets:
    """A build in buckets that can be interrupted and run again."""

    def __init__(self, rows: dict[str, pl.DataFrame], dies_after: int | None = None) -> None:
        self.declared, self.source = declare(), MemoryRows(rows)
        self.workspace = MemoryWorkspace(self.source)
        self.builds = MemoryBuilds(lambda: self.workspace)
        files = {name: source.file for name, source in self.declared.sources.items()}
        inputs = {name: self.source.digest(file) for name, file in files.items()}
        self.digest = build_digest(self.declared.plan, inputs)
        self.engine = MemoryEngine(
            self.declared.plan, self.workspace, self.builds, self.digest, dies_after
        )
        self.heard = Heard()

    def run(self) -> BuiltFeatures:
        tools = BuildTools(
            self.source, self.builds, lambda: self.engine, CountingClock(), self.heard
        )
        return build_features(self.declared, IN_BUCKETS, tools)


def test_a_build_in_memory_has_rows_proofs_and_profiles() -> None:
    heard = Heard()
    built, builds = in_memory(heard=heard)
    build, frame = built.build, builds.read(built.build).sort(KEY)
    assert not built.was_cached
    assert build.engine == "memory"
    assert [part.rows for part in build.parts] == [3]
    # No worker took part; what this process used is not known apart from all else it does
    assert (build.cpu_seconds, build.peak_bytes) == (None, None)
    assert build.seconds > 0
    assert frame.columns == [KEY, *built.plan.names]
    assert frame["loans_count"].to_list() == [2, 1, 0]
    assert frame["amount_sum"].to_list() == [12.0, None, None]
    assert frame["debt_ratio"].to_list() == [0.12, None, None]
    assert frame["late_share"].to_list() == [pytest.approx(1 / 3), 1.0, None]
    assert frame["last_kind"].to_list() == ["card", "car", None]
    assert build.rows == {"loans": 3, "bureau": 3, "months": 4}
    assert [(p.table, p.rows, p.is_clean) for p in build.proofs] == [
        ("bureau", 3, True),
        ("months", 4, True),
    ]
    assert {p.name: p.missing for p in build.profiles}["debt_ratio"] == 2
    assert isinstance(heard.events[-1], StageDone)


def test_the_same_definition_and_rows_are_found_again() -> None:
    first, builds = in_memory()
    heard, source = Heard(), MemoryRows(frames())
    tools = BuildTools(source, builds, no_engine, CountingClock(), heard)
    second = build_features(declare(), SMALL, tools)
    assert second.was_cached
    assert second.build == first.build
    assert source.reads == []
    assert "built before" in heard.text


@pytest.mark.parametrize("table", ["loans", "bureau", "months"])
def test_another_row_in_any_table_is_another_build(table: str) -> None:
    first, builds = in_memory()
    changed = frames()
    changed[table] = changed[table].reverse()
    second, _ = in_memory(changed, builds=builds)
    assert not second.was_cached
    assert second.build.digest != first.build.digest


def test_a_table_nothing_is_made_of_does_not_count() -> None:
    _, builds = in_memory()
    other = {**frames(), "notes": frames()["notes"].head(0)}
    assert in_memory(other, builds=builds)[0].was_cached


def test_another_definition_is_another_build() -> None:
    first, builds = in_memory()
    second, _ = in_memory(declared=declare("plain"), builds=builds)
    assert not second.was_cached
    assert second.build.digest != first.build.digest
    assert second.build.inputs == first.build.inputs


def test_a_row_from_the_future_stops_the_build_with_table_key_and_dates() -> None:
    rows = frames()
    rows["bureau"] = rows["bureau"].with_columns(opened=pl.lit(date(2024, 6, 3)))
    builds = MemoryBuilds()
    with pytest.raises(FindingsError) as caught:
        in_memory(rows, builds=builds)
    assert caught.value.code == "features-future-rows"
    for words in ("'bureau'", "application 1", "opened = 2024-06-03", "decision 2024-06-01"):
        assert words in caught.value.message
    assert builds.saved == {}
    assert builds.parts == {}


def test_a_repeated_key_stops_the_build() -> None:
    rows = frames()
    rows["loans"] = rows["loans"].with_columns(loan_id=pl.Series([1, 1, 3]))
    with pytest.raises(FindingsError) as caught:
        in_memory(rows)
    assert caught.value.code == "features-duplicate-key"


def test_orphans_are_counted_and_told() -> None:
    rows, heard = frames(), Heard()
    rows["months"] = rows["months"].with_columns(bureau_id=pl.Series([10, 10, 11, 777]))
    built, _ = in_memory(rows, heard=heard)
    assert built.build.orphans == {"months": 1}
    notes = [event.message for event in heard.events if isinstance(event, Note)]
    assert notes == ["months: 1 rows belong to no parent row and are left out"]


def test_buckets_give_what_memory_gives() -> None:
    once, kept = in_memory()
    buckets = Buckets(frames())
    parts = buckets.run()
    assert parts.build.engine == "memory-buckets"
    assert parts.build.digest == once.build.digest
    assert len(parts.build.parts) == 3
    frame = buckets.builds.read(parts.build).sort(KEY)
    assert frame.equals(kept.read(once.build).sort(KEY))
    assert parts.build.profiles == once.build.profiles
    assert parts.build.proofs == once.build.proofs
    assert parts.build.cpu_seconds == pytest.approx(1.5)
    assert parts.build.peak_bytes == 1002
    assert sum(part.rows for part in parts.build.parts) == 3


def test_an_interrupted_build_goes_on_where_it_stopped() -> None:
    # Given a build that was killed after two of three buckets
    buckets = Buckets(frames(), dies_after=2)
    with pytest.raises(KeyboardInterrupt):
        buckets.run()
    assert buckets.builds.saved == {}
    # When it is run again
    built = buckets.run()
    # Then only the last was done, and that is told
    assert buckets.engine.ran == [0, 1, 2]
    assert "2 of 3 buckets were done before" in buckets.heard.text
    steps = [event.done for event in buckets.heard.events if isinstance(event, StepDone)]
    assert steps[-1] == 3
    assert buckets.builds.read(built.build).height == 3


def test_a_row_from_the_future_in_one_bucket_stops_them_all() -> None:
    rows = frames()
    rows["months"] = rows["months"].with_columns(month=pl.Series([-2, -1, -1, 0]))
    buckets = Buckets(rows)
    with pytest.raises(FindingsError) as caught:
        buckets.run()
    assert caught.value.code == "features-future-rows"
    assert "application 2, month = 0, decision 0" in caught.value.message
    assert buckets.builds.saved == {}


def test_rows_that_do_not_fit_the_memory_are_done_in_buckets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buckets = Buckets(frames())
    monkeypatch.setattr(buckets.source, "size", lambda _: 2_000_000_000)
    tools = BuildTools(
        buckets.source, buckets.builds, lambda: buckets.engine, CountingClock(), ignore
    )
    built = build_features(buckets.declared, FeatureSettings(memory_mb=1000), tools)
    # Three tables of 2 GB and their working memory, half of 1 GB for each of two workers
    assert len(built.build.parts) == 60


def test_a_missing_table_is_told() -> None:
    rows = frames()
    del rows["months"]
    with pytest.raises(UsageError, match="months"):
        in_memory(rows)


def test_features_of_the_applications_alone_need_no_history() -> None:
    alone = FeatureSet("alone", (Feature("income_log", parse("log1p(income)")),))
    declared = declare("alone", FeatureLibrary(library().links, (*library().sets, alone)))
    source = MemoryRows({"loans": frames()["loans"]})
    tools = BuildTools(source, MemoryBuilds(), no_engine, CountingClock(), ignore)
    assert build_features(declared, SMALL, tools).build.rows == {"loans": 3}


class Writer:
    """A `TableWriter` that keeps what it was given."""

    def __init__(self) -> None:
        self.written: dict[Path, pl.DataFrame] = {}

    def check(self, path: Path) -> None:
        raise NotImplementedError

    def write(self, frame: pl.DataFrame, path: Path) -> None:
        self.written[path] = frame


def test_a_summary_says_what_came_out_and_writes_it_in_one_order() -> None:
    buckets, writer = Buckets(frames()), Writer()
    built, file = buckets.run(), Path("features.parquet")
    summary = summarise(built, Path("/builds"), file, buckets.builds, writer)
    assert writer.written[file][KEY].to_list() == [1, 2, 3]
    assert writer.written[file].columns == [KEY, *built.plan.names]
    pairs = dict(summary.pairs())
    assert pairs["state"] == "computed by the engine memory-buckets"
    assert pairs["applications"] == "3"
    assert pairs["written to"] == "features.parquet"
    assert pairs["CPU of the workers"] == "1.5 s"
    assert ("bureau", "3", "0") in summary.table_rows()
    assert summary.missing_rows()[0][1] == "66.7 %"
    assert summary.to_dict()["was_cached"] is False


def test_a_summary_of_a_hit_says_that_nothing_was_computed() -> None:
    built, builds = in_memory()
    again, _ = in_memory(builds=builds)
    assert again.build == built.build
    summary = summarise(again, Path("/builds"), None, builds, Writer())
    pairs = dict(summary.pairs())
    assert "nothing was computed" in pairs["state"]
    assert pairs["time"].endswith(" s")
    assert "CPU of the workers" not in pairs
    assert "peak memory of a worker" not in pairs
    assert summary.to_dict()["output"] is None


def refuse_dask(name: str) -> None:
    if name == "dask":
        raise UsageError("No engine 'dask'.", remedy="Name one of: local.", code="engine-unknown")


def test_an_unknown_engine_is_refused_though_the_build_is_there() -> None:
    _, builds = in_memory()
    source = MemoryRows(frames())
    tools = BuildTools(source, builds, no_engine, CountingClock(), ignore, refuse_dask)
    assert build_features(declare(), SMALL, tools).was_cached
    with pytest.raises(UsageError) as caught:
        build_features(declare(), FeatureSettings(engine="dask"), tools)
    assert caught.value.code == "engine-unknown"
    # Known, whether its package is installed or not: nothing is to be computed
    assert build_features(declare(), FeatureSettings(engine="ray"), tools).was_cached


def once(builds: MemoryBuilds) -> pl.DataFrame:
    tools = BuildTools(MemoryRows(frames()), builds, no_engine, CountingClock(), ignore)
    return features_once(declare(), SMALL, tools)


def test_features_that_are_read_once_leave_no_build() -> None:
    whole, kept = in_memory()
    builds = MemoryBuilds()
    assert once(builds).equals(kept.read(whole.build))
    assert (builds.saved, builds.parts) == ({}, {})


def test_a_build_that_was_there_before_stays() -> None:
    built, builds = in_memory()
    once(builds)
    assert builds.find(built.build.digest) == built.build


class TakenAway(MemoryBuilds):
    """Another process that scores the same file removes the build before it is read."""

    times: int = 1

    def read(self, build: FeatureBuild, columns: Sequence[str] | None = None) -> pl.DataFrame:
        if self.times:
            self.times -= 1
            self.remove(build.digest)
        return super().read(build, columns)


def test_a_build_that_another_process_takes_away_is_made_again() -> None:
    builds = TakenAway()
    assert once(builds).height == 3
    assert builds.saved == {}
    builds.times = 2
    with pytest.raises(ScorewrightError) as caught:
        once(builds)
    assert caught.value.code == "features-build"


def test_applications_get_their_features_in_their_order() -> None:
    built, builds = in_memory()
    turned = frames()["loans"].reverse()
    joined = join_features(turned, builds.read(built.build).sample(fraction=1, seed=4), built.plan)
    assert joined[KEY].to_list() == [3, 2, 1]
    assert joined["loans_count"].to_list() == [0, 1, 2]


def test_a_result_without_a_row_for_an_application_is_refused() -> None:
    built, builds = in_memory()
    result = builds.read(built.build)
    with pytest.raises(IntegrityError) as caught:
        join_features(frames()["loans"], result.filter(pl.col(KEY) != 2), built.plan)
    assert caught.value.code == "features-build"
    assert "1 of 3 applications, the first: loan_id = 2" in caught.value.message
    with pytest.raises(IntegrityError, match="several rows"):
        join_features(frames()["loans"], pl.concat([result, result[:1]]), built.plan)

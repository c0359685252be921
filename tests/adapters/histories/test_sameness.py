"""Features of buckets on disk are those of all rows in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.features.declarations import plans
from tests.core.features.worlds import APPLICATIONS, World, worlds
from tests.fakes.histories import MemoryRows

from scorewright.adapters.histories import DiskWorkspace
from scorewright.core.errors import FindingsError
from scorewright.core.features import FeaturePlan, compute, with_entity
from scorewright.flows.features.ports import Partitioned
from scorewright.flows.ports import TableFile

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@st.composite
def cases(draw: st.DrawFn) -> tuple[World, FeaturePlan]:
    world = draw(worlds(extreme=False))
    return world, draw(plans(world, depth=1, most=2))


def split(
    world: World, plan: FeaturePlan, sizes: tuple[int, int]
) -> tuple[Partitioned, list[pl.DataFrame]]:
    """Split the world over buckets, and compute each."""
    buckets, batch = sizes
    frames = world.frames()
    tables = {name: TableFile(name, ()) for name in frames}
    with tempfile.TemporaryDirectory() as folder:
        space = DiskWorkspace(Path(folder), MemoryRows(frames, batch))
        parts = space.partition(plan, tables, buckets, lambda _table, _rows: None)
        return parts, [
            compute(plan, {name: pl.read_parquet(file) for name, file in files.items()})
            for files in parts.buckets
        ]


def refusal(call: Callable[[], object]) -> FindingsError | None:
    try:
        call()
    except FindingsError as error:
        return error
    return None


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(cases(), st.tuples(st.integers(1, 5), st.integers(1, 4)))
def test_buckets_give_what_memory_gives(
    case: tuple[World, FeaturePlan], sizes: tuple[int, int]
) -> None:
    world, plan = case
    frames = world.frames()
    expected = refusal(lambda: compute(plan, frames))
    if expected is not None:
        found = refusal(lambda: split(world, plan, sizes))
        assert found is not None
        assert found.message == expected.message
        return
    parts, results = split(world, plan, sizes)
    order = frames[APPLICATIONS].select("id")
    joined = order.join(pl.concat(results), on="id", how="left", maintain_order="left")
    assert joined.equals(compute(plan, frames))
    for name, kept in with_entity(plan, frames).items():
        assert parts.rows[name] == kept.height
        assert parts.rows[name] + parts.orphans[name] == frames[name].height

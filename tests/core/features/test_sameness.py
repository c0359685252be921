"""All ways of computing features give the same: many at once, one applicant, SQL, a reference.

Integers, conditions and categories agree to the bit. A float agrees to 1e-9 of its value, or to
what rounding may do to a sum whose terms come in another order, where cancellation leaves fewer
digits than that; `tests.core.features.reference` keeps that bound.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import duckdb
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.features.declarations import plans
from tests.core.features.reference import agrees, reference
from tests.core.features.worlds import World, worlds

from scorewright.core.features import (
    ENTITY,
    FeaturePlan,
    RowEvaluator,
    compute,
    render,
    to_sql,
    with_entity,
)

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
SAME = settings(max_examples=200, deadline=None, suppress_health_check=SLOW)


@st.composite
def cases(draw: st.DrawFn, *, most: int = 4) -> tuple[World, FeaturePlan]:
    """A world, and features of it."""
    world = draw(worlds())
    return world, draw(plans(world, most=most))


def compare(
    plan: FeaturePlan, got: Sequence[dict[str, Any]], want: Sequence[dict[str, Any]], who: str
) -> None:
    """Compare the features of all applications, in order."""
    assert len(got) == len(want)
    for number, (ours, theirs) in enumerate(zip(got, want, strict=True)):
        for feature in plan.features:
            value, expected = ours[feature.name], theirs[feature.name]
            assert agrees(value, expected), (
                f"{who}, application {number}, {feature.name} = {render(feature.expression)}: "
                f"{value!r} instead of {expected!r}"
            )


def one_by_one(world: World, plan: FeaturePlan) -> list[dict[str, Any]]:
    evaluator = RowEvaluator(plan)
    key = world.relations.key
    return [
        dict(evaluator.features(row, world.of(row[key])))
        for row in world.rows[world.relations.entity.table]
    ]


def in_sql(world: World, plan: FeaturePlan) -> list[dict[str, Any]]:
    """Each feature by a query of its own."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'Asia/Tokyo'")  # days are those of UTC wherever it runs
        for name, frame in world.frames().items():
            base.register(name, frame)
        found = {}
        for name in plan.names:
            found[name] = dict(base.execute(to_sql(plan, name)).fetchall())
    keys = [row["id"] for row in world.rows["applications"]]
    assert all(set(values) == set(keys) for values in found.values())
    return [{name: found[name][key] for name in plan.names} for key in keys]


@SAME
@given(cases())
def test_many_at_once_and_one_applicant_are_as_meant(case: tuple[World, FeaturePlan]) -> None:
    world, plan = case
    want = reference(plan, world.rows)
    out = compute(plan, world.frames())

    keys = [row["id"] for row in world.rows["applications"]]
    assert out.columns == [world.relations.key, *plan.names]
    assert out.get_column(world.relations.key).to_list() == keys
    compare(plan, out.to_dicts(), want, "compute")
    compare(plan, one_by_one(world, plan), want, "one applicant")


@settings(SAME, max_examples=50)
@given(cases(most=2))
def test_the_query_for_auditors_is_as_meant(case: tuple[World, FeaturePlan]) -> None:
    world, plan = case
    compare(plan, in_sql(world, plan), reference(plan, world.rows), "SQL")


def same(a: pl.DataFrame, b: pl.DataFrame, plan: FeaturePlan, world: World) -> None:
    """Two runs of one engine over the same rows in other portions or orders."""
    assert a.schema == b.schema
    want = reference(plan, world.rows)
    compare(plan, a.to_dicts(), want, "first")
    compare(plan, b.to_dicts(), want, "second")
    for feature in plan.features:
        if feature.type != "number":
            decided = [row[feature.name] for row in want]
            pairs = zip(a[feature.name], b[feature.name], decided, strict=True)
            assert all(x == y for x, y, meant in pairs if repr(meant) != "UNSURE")


@settings(SAME, max_examples=60)
@given(cases(), st.integers(1, 3), st.integers(0, 999))
def test_buckets_and_the_order_of_rows_do_not_matter(
    case: tuple[World, FeaturePlan], count: int, seed: int
) -> None:
    world, plan = case
    chance = random.Random(seed)
    whole = compute(plan, world.frames())
    table = world.relations.entity.table

    shuffled = {name: list(rows) for name, rows in world.rows.items()}
    for name, rows in shuffled.items():
        if name != table:
            chance.shuffle(rows)
    frames = {name: world.frame(name, rows) for name, rows in shuffled.items()}
    same(whole, compute(plan, frames), plan, world)

    keyed = with_entity(plan, frames)
    bucket_of = [chance.randrange(count) for _ in world.rows[table]]
    parts = []
    for bucket in range(count):
        mine = frames[table].filter(pl.Series([b == bucket for b in bucket_of], dtype=pl.Boolean))
        keys = mine.get_column(world.relations.key)
        below = {
            name: frame.filter(pl.col(ENTITY).is_in(keys.implode()))
            for name, frame in keyed.items()
        }
        parts.append(compute(plan, {table: mine, **below}))
    order = pl.DataFrame({"id": frames[table].get_column("id")})
    buckets = order.join(pl.concat(parts), on="id", how="left", maintain_order="left")

    same(whole, buckets, plan, world)

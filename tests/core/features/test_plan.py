"""The plan: order, circles, what is inherited, what is refused, and its saved form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.features.declarations import plans
from tests.core.features.ground import ENTITY_CONTRACT, LOANS, RELATIONS, VISITS, feature
from tests.core.features.worlds import World, worlds

from scorewright.core.contracts import Column, ColumnType, Use
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.features import FeaturePlan, Relations, compile_plan, render
from scorewright.core.features.request_fields import needs_date


def plan_of(**texts: str) -> FeaturePlan:
    return compile_plan(RELATIONS, [feature(name, text) for name, text in texts.items()])


def test_features_come_after_what_they_are_made_of() -> None:
    plan = plan_of(c="a + b", a="b * 2", b="mean(loans, amount)", d="count(loans)", e="fill(c, d)")

    assert plan.names == ("b", "d", "a", "c", "e")
    assert [f.level for f in plan.features] == [0, 0, 1, 2, 3]
    assert [[f.name for f in level] for level in plan.levels()] == [
        ["b", "d"], ["a"], ["c"], ["e"],
    ]  # fmt: skip
    found = plan.feature("e")
    assert found is not None
    assert found.parents == ("c", "d")
    assert found.sources == (("loans", "amount"),)


def test_an_order_of_declaration_is_not_needed() -> None:
    texts = {"a": "income + 1", "b": "a + 1", "c": "b + a"}
    forwards = plan_of(**texts)
    backwards = plan_of(**dict(reversed(texts.items())))
    assert forwards == backwards
    assert forwards.digest == backwards.digest


@pytest.mark.parametrize(
    ("texts", "code", "words"),
    [
        ({"a": "b", "b": "c + 1", "c": "a"}, "feature-cycle", "a -> b -> c -> a"),
        ({"a": "a + 1"}, "feature-cycle", "a -> a"),
        ({"income": "age"}, "feature-duplicate", "a column of the applications"),
        ({"x": "bad + 1"}, "feature-uses-outcome", "reads the outcome 'bad'"),
        ({"x": "income", "y": "x if is_missing(bad) else 2"}, "feature-uses-outcome", "'y'"),
        ({"x": "decided"}, "feature-type", "would be a date"),
        ({"x": "max(visits, day)"}, "feature-type", "would be a date"),
        ({"x": "note"}, "feature-type", "would be a text"),
        ({"x": "fill(purpose, note)"}, "feature-type", "would be a text"),
        ({"x": "missing + 1"}, "feature-column-unknown", "Feature 'x': There is no column"),
        ({"x": "mean(nowhere, amount)"}, "features-relations", "nowhere"),
        ({"x": "last(notes, text)"}, "feature-window", "Feature 'x'"),
        ({"x": "mean(loans, income)"}, "feature-column-unknown", "in the table 'loans'"),
    ],
)
def test_refusals(texts: dict[str, str], code: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_of(**texts)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.remedy


def test_a_name_is_given_once() -> None:
    with pytest.raises(UsageError, match="is declared twice") as caught:
        compile_plan(RELATIONS, [feature("a", "income"), feature("a", "age")])
    assert caught.value.code == "feature-duplicate"


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("income", Use.MODEL),
        ("age / income", Use.MONITORING),
        ("through + 1", Use.MONITORING),
        ("mean(loans, owner_age)", Use.MONITORING),
        ("count(loans, where=owner_age > 60)", Use.MONITORING),
        ('income if sex == "f" else age', Use.PROHIBITED),
        ("is_missing(sex)", Use.PROHIBITED),
        ("1 + 1", Use.MODEL),
    ],
)
def test_what_is_made_of_a_withheld_column_is_withheld(text: str, use: Use) -> None:
    found = plan_of(through="row_max(age, income)", x=text).feature("x")
    assert found is not None
    assert found.use is use
    assert found.column().use is use


def test_categories_are_followed() -> None:
    plan = plan_of(
        a='fill(purpose, "none")',
        b='missing_if(a, "car")',
        c="last(loans, status)",
        d='c if employed else "never"',
    )
    categories = {f.name: (f.type, f.categories) for f in plan.features}
    assert categories == {
        "a": (ColumnType.CATEGORY, ("car", "home", "none")),
        "b": (ColumnType.CATEGORY, ("home", "none")),
        "c": (ColumnType.CATEGORY, ("open", "closed")),
        "d": (ColumnType.CATEGORY, ("open", "closed", "never")),
    }


def test_what_is_read_of_each_table() -> None:
    plan = plan_of(x="mean(months, balance)", y="count(visits)")
    assert plan.tables == ("loans", "months", "visits")
    assert plan.columns_of("applications") == ("id", "decided")
    assert plan.columns_of("loans") == ("loan", "id", "days")
    assert plan.columns_of("months") == ("loan", "month", "balance")
    assert plan.columns_of("visits") == ("id", "day", "left")
    assert plan.columns_of("notes") == ()


def test_the_decision_date_is_read_only_where_something_needs_it() -> None:
    # Days and months count from the decision, so nothing asks when it was
    plan = plan_of(x="mean(months, balance)", y="income + 1", z='count(loans, last="3 days")')
    assert plan.columns_of("applications") == ("id", "income")
    assert not needs_date(plan)
    # A history of dates is held against it, and a feature may read it
    for text in ("count(visits)", "is_missing(decided)"):
        dated = plan_of(x=text)
        assert dated.columns_of("applications") == ("id", "decided")
        assert needs_date(dated)


@pytest.mark.parametrize(
    ("text", "is_source"),
    [
        ("count(loans)", False),
        ("mean(loans, amount, where=amount > 0)", False),
        ("time_since(loans)", True),
        ("trend(loans, amount)", True),
        ("last(loans, amount)", True),
        ("first(loans, amount)", True),
        ('count(loans, last="3 days")', True),
        ("time_since(loans) + 1", True),
    ],
)
def test_the_date_a_feature_goes_by_is_a_source_and_withholds(text: str, is_source: bool) -> None:
    columns = tuple(
        replace(c, use=Use.MONITORING) if c.name == "days" else c for c in LOANS.contract.columns
    )
    loans = replace(LOANS, contract=replace(LOANS.contract, columns=columns))
    relations = Relations(RELATIONS.entity, (loans,))
    plan = compile_plan(relations, [feature("x", text), feature("y", "x * 2")])
    for found in plan.features:
        assert (("loans", "days") in found.sources) is is_source
        assert found.use is (Use.MONITORING if is_source else Use.MODEL)
        assert plan.withheld_by(found) == ((("loans", "days"),) if is_source else ())


@pytest.mark.parametrize("use", list(Use))
def test_a_date_that_is_only_gone_by_withholds_where_it_is_prohibited(use: Use) -> None:
    # No model takes a date itself, so contracts say monitoring of every one of them
    columns = tuple(replace(c, use=use) for c in VISITS.contract.columns)
    visits = replace(VISITS, contract=replace(VISITS.contract, columns=columns))
    plan = compile_plan(
        Relations(RELATIONS.entity, (visits,)),
        [feature("x", "time_since(visits)"), feature("y", "max(visits, left - day)")],
    )
    uses = {f.name: f.use for f in plan.features}
    assert uses == {"x": use if use is Use.PROHIBITED else Use.MODEL, "y": use}


def test_the_decision_date_withholds_nothing() -> None:
    columns = (
        *(replace(c, use=Use.PROHIBITED) if c.name == "decided" else c
          for c in ENTITY_CONTRACT.columns),
        Column("birth", ColumnType.DATE, use=Use.MONITORING),
        Column("since", ColumnType.DATE),
    )  # fmt: skip
    relations = Relations(replace(ENTITY_CONTRACT, columns=columns), ())
    plan = compile_plan(
        relations, [feature("x", "decided - since"), feature("y", "decided - birth + age")]
    )
    x, y = plan.features
    assert (x.use, y.use) == (Use.MODEL, Use.MONITORING)
    assert plan.withheld_by(x) == ()
    assert plan.withheld_by(y) == (("applications", "age"), ("applications", "birth"))


def test_a_part_of_a_plan_holds_what_it_is_made_of() -> None:
    plan = plan_of(a="mean(loans, amount)", b="count(visits)", c="a * 2", d="c + income")
    part = plan.restricted(["d", "income"])
    assert part.names == ("a", "c", "d")
    assert part.tables == ("loans",)
    assert part.restricted(["d"]) == part
    assert plan.restricted([]).tables == ()


def test_the_contract_of_the_result() -> None:
    contract = plan_of(
        n="count(loans)", s="share(loans, amount > 0)", v="std(loans, amount)", m="purpose"
    ).contract()
    limits = {c.name: (c.type, c.minimum, c.maximum) for c in contract.columns[-4:]}
    assert contract.names[: len(RELATIONS.entity.names)] == RELATIONS.entity.names
    assert contract.target == "bad"
    assert limits == {
        "n": (ColumnType.INTEGER, 0.0, None),
        "s": (ColumnType.NUMBER, 0.0, 1.0),
        "v": (ColumnType.NUMBER, 0.0, None),
        "m": (ColumnType.CATEGORY, None, None),
    }


@st.composite
def random_plans(draw: st.DrawFn) -> FeaturePlan:
    world: World = draw(worlds())
    return draw(plans(world))


@settings(max_examples=40, deadline=None)
@given(random_plans())
def test_the_saved_form_is_read_back(plan: FeaturePlan) -> None:
    document = json.loads(json.dumps(plan.to_dict()))
    again = FeaturePlan.from_dict(document)
    assert again == plan
    assert again.digest == plan.digest
    assert [render(f.expression) for f in again.features] == [
        render(f.expression) for f in plan.features
    ]


def test_the_digest_is_that_of_what_is_computed() -> None:
    plan = plan_of(a="income + 1")
    assert plan.digest == plan_of(a=" (income)+1 ").digest
    assert plan.digest != plan_of(a="income + 1.0").digest
    assert plan.digest != plan_of(b="income + 1").digest
    assert len(plan.digest) == 64


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"schema_version": 99},
        {"features": [{"name": "a"}]},
        {"features": [{"name": "a", "value": "1 +", "unit": "", "about": ""}]},
        {"features": [{"name": "a", "value": "bad", "unit": "", "about": ""}]},
        {"features": None},
        {"relations": {"entity": {}}},
    ],
)
def test_a_broken_document_is_refused(broken: dict[str, Any]) -> None:
    document = {**plan_of(a="income").to_dict(), **broken} if broken else {}
    with pytest.raises(IntegrityError, match="cannot be read") as caught:
        FeaturePlan.from_dict(document)
    assert caught.value.code == "features-plan"

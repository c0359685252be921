"""What is told of a feature, of a set, and of where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.fakes.features import MemoryBuilds, NoBundles, declare, frames
from tests.fakes.histories import MemoryRows
from tests.fakes.machine import CountingClock, NoCharts

from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.project import FeatureSettings
from scorewright.flows.events import ignore
from scorewright.flows.features import describe as describing
from scorewright.flows.features.build import BuildTools, build_features
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.describe import (
    DescribeTools,
    FeatureDescription,
    describe_feature,
)
from scorewright.flows.features.lineage import draw_lineage, feature_lineage, set_lineage
from scorewright.flows.features.listing import list_features
from scorewright.flows.features.ports import Engine
from scorewright.flows.ports import BundleStore
from scorewright.flows.verify_bundle import BundleReport


def describe(
    name: str, declared: Declared | None = None, builds: MemoryBuilds | None = None
) -> FeatureDescription:
    tools = DescribeTools(MemoryRows(frames()), builds or MemoryBuilds(), NoBundles.store())
    return describe_feature(declared or declare(), name, tools)


def no_engine() -> Engine:
    raise AssertionError("these rows fit in memory")


def test_the_sets_are_counted_with_what_they_extend() -> None:
    listing = list_features(declare(), "more")
    assert [(s.name, s.own, s.features, s.is_built) for s in listing.sets] == [
        ("plain", 4, 4, False),
        ("more", 4, 8, True),
        ("other", 2, 2, False),
    ]
    assert listing.asked is None
    assert "features" not in listing.to_dict()


def test_the_features_of_a_set_have_type_unit_use_and_tables() -> None:
    listing = list_features(declare("more"), "more", "more")
    lines = {f.name: (f.type, f.unit, f.use, f.tables) for f in listing.features}
    assert lines["loans_count"] == ("integer", "loans", "model", ("bureau",))
    assert lines["last_kind"] == ("category", "", "model", ("bureau",))
    # The rows of months belong to bureau, which only lies on the way to them
    assert lines["late_share"] == ("number", "", "model", ("months",))
    assert lines["debt_ratio"] == ("number", "", "model", ("loans", "bureau"))
    assert lines["female_income"][2] == "monitoring"
    assert lines["tax_debt"][2] == "prohibited"
    assert json.loads(json.dumps(listing.to_dict()))["set"] == "more"


def test_a_feature_is_traced_up_and_down() -> None:
    found = describe("debt_ratio")
    assert found.definition == "amount_sum / income"
    assert found.sources == (("bureau", "amount"), ("loans", "income"))
    assert found.parents == ("amount_sum",)
    assert found.children == ("debt_ratio_log",)
    assert found.sets == ("more",)
    assert found.described_in == "more"
    # What is read beyond the sources: keys, links and dates
    assert found.reads == {
        "loans": ("loan_id", "decided", "income"),
        "bureau": ("loan_id", "bureau_id", "opened", "amount"),
    }
    assert found.model == "none is deployed"


def test_the_strictest_column_says_why_a_feature_is_withheld() -> None:
    assert describe("female_income").because == ("loans.sex",)
    found = describe("tax_debt")
    assert found.because == ("loans.tax_number",)
    assert ("use", "prohibited, because of loans.tax_number") in found.pairs()
    assert describe("debt_ratio").because == ()


def test_a_category_lists_its_values() -> None:
    assert describe("last_kind").categories == ("car", "card")


def test_a_count_of_rows_has_a_table_and_no_column() -> None:
    found = describe("loans_count")
    assert found.tables == ("bureau",)
    assert found.sources == ()
    assert ("sources", "no column: rows are counted") in found.pairs()


def test_another_feature_of_the_same_name_is_told() -> None:
    found = describe("late_share")
    assert found.sets == ("plain", "more", "other")
    assert found.otherwise == {"other": "share(months, late > 1)"}


def test_a_feature_of_another_set_is_found_there() -> None:
    found = describe("notes_count", declare("plain"))
    assert found.described_in == "other"
    assert found.definition == "count(notes)"


def test_an_unknown_feature_names_its_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        describe("debt_ration")
    assert caught.value.code == "feature-unknown"
    assert "debt_ratio" in caught.value.remedy
    with pytest.raises(UsageError, match="no feature 'zzz'"):
        describe("zzz")


def test_a_build_adds_what_came_out_and_other_rows_take_it_away() -> None:
    # Given a description before anything was built
    assert describe("debt_ratio").build is None
    # When the set is built
    declared, builds = declare(), MemoryBuilds()
    tools = BuildTools(MemoryRows(frames()), builds, no_engine, CountingClock(), ignore)
    built = build_features(declared, FeatureSettings(), tools)
    # Then the description has its figures: loan 1 owes 12 of 100, the others are missing
    found = describe("debt_ratio", declared, builds)
    assert found.build == built.build.digest
    assert found.rows == 3
    assert found.missing_rate == pytest.approx(2 / 3)
    assert found.minimum == found.maximum == pytest.approx(0.12)
    assert "66.7 % missing, from 0.12 to 0.12" in dict(found.pairs())["build"]
    # And not once the rows have changed
    other = {**frames(), "loans": frames()["loans"].head(2)}
    tools_of_others = DescribeTools(MemoryRows(other), builds, NoBundles.store())
    assert describe_feature(declared, "debt_ratio", tools_of_others).build is None


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (("income", "debt_ratio"), "uses it (bundle abababababab)"),
        (("income", "debt_ratio_log"), "uses what is made of it"),
        (("income", "late_share"), "does not use it"),
    ],
)
def test_the_deployed_model_uses_it_or_what_is_made_of_it_or_neither(
    monkeypatch: pytest.MonkeyPatch, inputs: tuple[str, ...], words: str
) -> None:
    report = SimpleNamespace(features=inputs, digest="ab" * 32)
    monkeypatch.setattr(describing, "inspect_bundle", lambda *_: report)
    assert words in describe("debt_ratio").model


def test_a_bundle_that_cannot_be_trusted_is_told_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tampered(store: BundleStore, reference: str) -> BundleReport:
        raise IntegrityError(f"{store} {reference}", remedy="None.", code="bundle-signature")

    monkeypatch.setattr(describing, "inspect_bundle", tampered)
    assert describe("debt_ratio").model == "not readable (bundle-signature)"


def test_tables_that_are_not_there_do_not_stop_a_description() -> None:
    tools = DescribeTools(MemoryRows({}), MemoryBuilds(), NoBundles.store())
    assert describe_feature(declare(), "debt_ratio", tools).build is None


def test_the_query_is_asked_for() -> None:
    tools = DescribeTools(
        MemoryRows({}),
        MemoryBuilds(),
        NoBundles.store(),
        lambda plan, name: f"SELECT {name} -- {plan.digest}",
    )
    assert (describe_feature(declare(), "debt_ratio", tools).sql or "").startswith(
        "SELECT debt_ratio"
    )


def test_a_description_is_a_json_document() -> None:
    document = json.loads(json.dumps(describe("debt_ratio").to_dict()))
    assert document["schema_version"] == 1
    assert document["sources"][0] == {"table": "bureau", "column": "amount"}


def test_the_graph_of_a_feature_leads_from_tables_to_what_is_made_of_it() -> None:
    plan = declare().plan
    feature = plan.feature("debt_ratio")
    assert feature is not None
    graph = feature_lineage(plan, feature)
    assert set(graph.edges) == {
        ("table loans", "column loans.income"),
        ("table bureau", "column bureau.amount"),
        ("column bureau.amount", "feature amount_sum"),
        ("column loans.income", "feature debt_ratio"),
        ("feature amount_sum", "feature debt_ratio"),
        ("feature debt_ratio", "feature debt_ratio_log"),
    }
    kinds = {node.label: node.kind for node in graph.nodes}
    assert kinds["debt_ratio"] == "focus"
    assert kinds["debt_ratio_log"] == "feature"


def test_counted_rows_lead_from_the_table_itself() -> None:
    plan = declare().plan
    feature = plan.feature("loans_count")
    assert feature is not None
    assert feature_lineage(plan, feature).edges == (("table bureau", "feature loans_count"),)


def test_every_edge_leads_to_a_later_stage() -> None:
    plan = declare().plan
    graphs = [set_lineage(plan, "more"), *(feature_lineage(plan, f) for f in plan.features)]
    for graph in graphs:
        stages = {node.id: node.stage for node in graph.nodes}
        assert len(stages) == len(graph.nodes)
        assert all(stages[start] < stages[end] for start, end in graph.edges)
        # Nothing stands alone
        assert set(stages) == {node for edge in graph.edges for node in edge}


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("g.svg", b"<svg/>"),
        ("g.PNG", b"\x89PNG"),
        ("g.html", b"<!DOCTYPE html>"),
        ("g.mmd", b"---"),
    ],
)
def test_a_graph_has_the_form_its_file_asks_for(name: str, beginning: bytes) -> None:
    drawing = draw_lineage(declare(), "more", None, Path(name), NoCharts())
    assert drawing.content.startswith(beginning)
    document = drawing.to_dict(Path(name))
    assert {edge["from"] for edge in document["edges"]} <= {n["id"] for n in document["nodes"]}


def test_a_form_nobody_draws_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match=r"suffix '\.gif'") as caught:
        draw_lineage(declare(), "more", "no_such_feature", Path("g.gif"), NoCharts())
    assert caught.value.code == "lineage-format"

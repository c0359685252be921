"""Sets, what they extend, the short forms, and how libraries come together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.features import CONTRACTS, library

from scorewright.core.errors import UsageError
from scorewright.core.features import (
    AggregateKind,
    AsOf,
    Feature,
    FeatureLibrary,
    FeatureSet,
    Grid,
    Products,
    Shares,
    TableLink,
    parse,
    parse_window,
    render,
)
from scorewright.core.features.library import name_part


def one(name: str, value: str) -> Feature:
    return Feature(name, parse(value))


def sets(*found: FeatureSet) -> FeatureLibrary:
    return FeatureLibrary((), found)


def test_a_grid_is_every_column_with_every_aggregate() -> None:
    grid = Grid("bureau", ("amount", "days"), (AggregateKind.MIN, AggregateKind.MAX))
    assert {f.name: render(f.expression) for f in grid.features()} == {
        "bureau_amount_min": "min(bureau, amount)",
        "bureau_amount_max": "max(bureau, amount)",
        "bureau_days_min": "min(bureau, days)",
        "bureau_days_max": "max(bureau, days)",
    }


def test_a_grid_hands_filter_window_and_prefix_on() -> None:
    where, window = parse('kind == "car"'), parse_window("12 months")
    grid = Grid("bureau", ("amount",), (AggregateKind.MEAN,), where, window, "cars")
    (feature,) = grid.features()
    assert feature.name == "cars_amount_mean"
    assert render(feature.expression) == (
        'mean(bureau, amount, where=kind == "car", last="12 months")'
    )


def test_shares_are_one_feature_a_value_with_a_name_of_letters() -> None:
    shares = Shares("bureau", "kind", ("Bad debt", "walk-in", "", "é"))
    assert [f.name for f in shares.features()] == [
        "bureau_kind_Bad_debt_share",
        "bureau_kind_walk_in_share",
        "bureau_kind_blank_share",
        "bureau_kind_blank_share",
    ]
    assert render(shares.features()[0].expression) == 'share(bureau, kind == "Bad debt")'


def test_products_are_all_pairs_and_squares() -> None:
    assert {f.name: render(f.expression) for f in Products(("a", "b")).features()} == {
        "poly_a_x_a": "a * a",
        "poly_a_x_b": "a * b",
        "poly_b_x_b": "b * b",
    }


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=10, unique=True))
def test_n_columns_have_n_times_n_plus_one_halves_products(names: list[str]) -> None:
    features = Products(tuple(names)).features()
    assert len({f.name for f in features}) == len(names) * (len(names) + 1) // 2


@given(st.text())
def test_a_part_of_a_name_is_never_empty_and_plain(text: str) -> None:
    part = name_part(text)
    assert part.replace("_", "a").isalnum()
    assert part.isascii()


def test_a_set_takes_what_it_extends_along_once() -> None:
    base = FeatureSet("base", (one("a", "x"),))
    left = FeatureSet("left", (one("b", "y"),), extends=("base",))
    right = FeatureSet("right", (one("c", "z"),), extends=("base",))
    both = FeatureSet("both", (one("d", "x + y"),), extends=("left", "right"))
    found = sets(both, right, left, base)
    assert [f.name for f in found.resolve("both")] == ["a", "b", "c", "d"]
    assert found.users("a") == ("both", "right", "left", "base")
    assert found.users("d") == ("both",)
    assert found.users("nobody") == ()


def test_one_name_for_two_features_is_refused() -> None:
    found = sets(
        FeatureSet("base", (one("a", "x"),)),
        FeatureSet("more", (one("a", "y"),), extends=("base",)),
    )
    with pytest.raises(UsageError, match="'a' in two ways") as caught:
        found.resolve("more")
    assert caught.value.code == "feature-duplicate"
    assert caught.value.details == {"feature": "a"}


def test_the_same_feature_twice_is_one() -> None:
    found = sets(
        FeatureSet("base", (one("a", "x"),)),
        FeatureSet("more", (one("a", "x"),), extends=("base",)),
    )
    assert len(found.resolve("more")) == 1


def test_sets_that_extend_each_other_are_refused_with_the_circle() -> None:
    found = sets(FeatureSet("a", (), extends=("b",)), FeatureSet("b", (), extends=("a",)))
    with pytest.raises(UsageError, match="a -> b -> a") as caught:
        found.resolve("a")
    assert caught.value.code == "feature-cycle"


def test_an_unknown_set_names_its_neighbours() -> None:
    with pytest.raises(UsageError, match="no feature set 'plian'") as caught:
        library().resolve("plian")
    assert caught.value.code == "feature-set-unknown"
    assert "plain" in caught.value.remedy


def test_an_unknown_set_of_an_empty_library_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        sets().resolve("combined")
    assert "[sets.combined]" in caught.value.remedy


def test_libraries_merge_tables_and_sets() -> None:
    link = TableLink("bureau", None, "loan_id", None, AsOf(("days",)))
    first = FeatureLibrary((link,), (FeatureSet("a", ()),))
    second = FeatureLibrary((link, TableLink("notes", None, "loan_id")), (FeatureSet("b", ()),))
    merged = first.merged(second)
    assert [k.name for k in merged.links] == ["bureau", "notes"]
    assert [s.name for s in merged.sets] == ["a", "b"]


def test_a_table_linked_in_two_ways_is_refused() -> None:
    first = FeatureLibrary((TableLink("bureau", None, "loan_id"),), ())
    with pytest.raises(UsageError, match="'bureau' is linked in two different ways") as caught:
        first.merged(FeatureLibrary((TableLink("bureau", None, "id"),), ()))
    assert caught.value.code == "features-relations"


def test_a_set_declared_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="'a' is declared twice") as caught:
        sets(FeatureSet("a", ())).merged(sets(FeatureSet("a", ())))
    assert caught.value.code == "feature-set-duplicate"


def test_links_meet_the_contracts() -> None:
    relations = library().relations(CONTRACTS["loans"], CONTRACTS)
    assert relations.names == ("loans", "bureau", "months", "notes")
    assert relations.history("bureau").parent == "loans"
    assert [h.name for h in relations.path("months")] == ["months", "bureau"]


def test_a_link_to_a_table_the_project_lacks_is_refused_with_a_near_name() -> None:
    contracts = {"loans": CONTRACTS["loans"], "bureaus": CONTRACTS["bureau"]}
    found = FeatureLibrary((TableLink("bureau", None, "loan_id"),), ())
    with pytest.raises(UsageError, match="'bureau', which the project lacks") as caught:
        found.relations(CONTRACTS["loans"], contracts)
    assert caught.value.code == "features-relations"
    assert "bureaus" in caught.value.remedy

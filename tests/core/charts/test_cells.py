"""The charts of an experiment: drawable, small, and the figures they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import altair as alt
import pytest
import vl_convert

from scorewright.core.charts import (
    DARK_TWINS,
    MAX_POINTS,
    CellFigure,
    CostFigure,
    HeatCell,
    PairFigure,
    Spec,
    Triplet,
    cells_chart,
    cost_gap_chart,
    fold_strips_chart,
    heatmap_chart,
    pairs_chart,
    triplet_chart,
    without_title,
)
from scorewright.core.digests import canonical_json

LABELS = [f"strategy_{k} · smote_undersample" for k in range(16)]

CELLS = [
    CellFigure(
        label=label,
        auc=0.78 - 0.01 * k,
        low=0.76 - 0.01 * k,
        high=0.80 - 0.01 * k,
        folds=(0.77 - 0.01 * k, 0.79 - 0.01 * k),
        group=1 + k // 3,
        is_recommended=k == 2,
    )
    for k, label in enumerate(LABELS)
]
PAIRS = [PairFigure(a, b, 0.0123, 0.01, 0.02, a == LABELS[0]) for a, b in combinations(LABELS, 2)]
COSTS = [
    CostFigure("cheapest one", 0.60, 0.0, 0.0, 0.0, is_reference=True),
    CostFigure("same", 0.61, 0.01, -0.01, 0.03, is_reference=False),
    CostFigure("dear", 0.66, 0.06, 0.01, 0.09, is_reference=False),
    CostFigure("cheap", 0.55, -0.05, -0.07, -0.01, is_reference=False),
]
HEAT = [
    HeatCell("domain", "none", 0.71, "0.710", "group 1"),
    HeatCell("domain", "smote_undersample", 0.69, "0.690", "group 2"),
    HeatCell("baseline", "none", 0.66, "0.660", "group 3"),
]

DRAWINGS: Mapping[str, Callable[[], Spec]] = {
    "cells": lambda: cells_chart(CELLS, "Cells", "16 cells"),
    "one cell": lambda: cells_chart(CELLS[:1], "Cells", "1 cell"),
    "folds": lambda: fold_strips_chart(CELLS, "Folds", "Dots are folds"),
    "heatmap": lambda: heatmap_chart(HEAT, "Heatmap", "Darker is better"),
    "costs": lambda: cost_gap_chart(COSTS, "Costs", "Against the cheapest"),
    "pairs": lambda: pairs_chart(PAIRS, LABELS, "Pairs", "15 of 120"),
    "triplet": lambda: triplet_chart(
        [Triplet("one", 0.9, 0.8, 0.7), Triplet("two", 0.9, 0.7, 0.75)], "Triplet", "Three AUCs"
    ),
}


def rows(spec: Spec, name: str) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = spec["datasets"][name]
    return table


def colours(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith("#") else set()
    if isinstance(value, Mapping):
        return set().union(*(colours(v) for k, v in value.items() if k != "datasets"))
    if isinstance(value, list):
        return set().union(*(colours(v) for v in value))
    return set()


@pytest.mark.parametrize("name", DRAWINGS)
def test_vega_draws_it(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    spec = DRAWINGS[name]()

    svgs = [
        vl_convert.vegalite_to_svg(s, show_warnings=True, allowed_base_urls=[])
        for s in (spec, without_title(spec))
    ]

    assert all(svg.startswith("<svg") and "<text" in svg for svg in svgs)
    assert "WARN" not in capfd.readouterr().err.upper()


@pytest.mark.parametrize("name", DRAWINGS)
def test_it_is_valid_small_the_same_twice_and_has_dark_twins(name: str) -> None:
    spec = DRAWINGS[name]()

    assert alt.Chart.from_dict(json.loads(json.dumps(spec))).to_dict()["title"]["text"]
    assert canonical_json(spec) == canonical_json(DRAWINGS[name]())
    assert all(0 < len(table) <= MAX_POINTS for table in spec["datasets"].values())
    assert len(canonical_json(spec)) < 120_000
    assert colours(spec) <= set(DARK_TWINS)


def test_a_cell_shows_its_group_and_whether_it_is_recommended() -> None:
    drawn = rows(DRAWINGS["cells"](), "cells")

    assert drawn[3]["text"] == "0.750   group 2"
    assert [row["label"] for row in drawn if row["mark"]] == [LABELS[2]]
    assert {row["group"] for row in drawn} == {"1", "2", "3", "4"}


def test_a_strip_shows_the_distance_beside_the_spread() -> None:
    spec = DRAWINGS["folds"]()

    strips = rows(spec, "strips")
    assert strips[0]["gap"] == "best"
    assert strips[4]["gap"] == "−0.0400"
    assert strips[0]["spread"] == "± 0.0141"
    assert len(rows(spec, "folds")) == 32


def test_the_better_figure_is_the_darker_one() -> None:
    more = rows(heatmap_chart(HEAT, "t", "s"), "cells")
    less = rows(heatmap_chart(HEAT, "t", "s", lower_is_better=True), "cells")

    assert [row["shade"] for row in more] == [1, 0.6, 0]
    assert [row["shade"] for row in less] == [0, 0.4, 1]


def test_only_real_differences_bear_a_figure() -> None:
    drawn = rows(DRAWINGS["pairs"](), "pairs")

    assert len(drawn) == 120
    assert {row["text"] for row in drawn if row["real"]} == {".012"}
    assert {row["text"] for row in drawn if not row["real"]} == {""}


def test_costs_say_in_a_word_what_their_interval_shows() -> None:
    drawn = rows(DRAWINGS["costs"](), "costs")

    assert [row["verdict"] for row in drawn] == ["cheapest", "same", "dearer", "cheaper"]


def test_the_triplet_shows_what_time_took() -> None:
    spec = DRAWINGS["triplet"]()

    assert [row["text"] for row in rows(spec, "spans")] == ["−0.1000", "+0.0500"]
    assert [row["of"] for row in rows(spec, "points")][:3] == [
        "training",
        "validation",
        "out of time",
    ]

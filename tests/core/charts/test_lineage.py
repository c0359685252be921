"""The lineage graph: nothing over anything else, same input same picture, text that is safe."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Any

import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.charts import (
    Lineage,
    LineageNode,
    lineage_chart,
    lineage_mermaid,
    lineage_page,
)
from scorewright.core.charts.lineage_layout import ROW, arranged
from scorewright.core.digests import canonical_json


def graph(features: int = 3, *, label: str = "feature") -> Lineage:
    """Two tables with a column each, features of one or both, and one made of the first."""
    tables = [LineageNode(f"t{i}", f"table_{i}", "table", 0, f"table_{i}") for i in range(2)]
    columns = [LineageNode(f"c{i}", f"COLUMN_{i}", "column", 1, f"table_{i}") for i in range(2)]
    made = [
        LineageNode(
            f"f{i}", f"{label}_{i}", "feature", 2, f"table_{i % 2}" if i % 3 else "", "a / b"
        )
        for i in range(features)
    ]
    last = LineageNode("last", "the_last", "focus", 3, "", "feature_0 * 2")
    edges = [("t0", "c0"), ("t1", "c1"), ("f0", "last")]
    edges += [(f"c{i % 2}", f"f{i}") for i in range(features)]
    edges += [(f"c{1 - i % 2}", f"f{i}") for i in range(0, features, 3)]
    return Lineage(
        "Lineage of the_last",
        "feature_0 * 2",
        ("table_0", "table_1"),
        (*tables, *columns, *made, last),
        tuple(edges),
    )


def boxes(lineage: Lineage) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lineage_chart(lineage)["datasets"]["nodes"]
    return rows


@settings(max_examples=30, deadline=None)
@given(features=st.integers(1, 90), length=st.integers(1, 60))
def test_no_two_nodes_overlap_and_all_are_inside(features: int, length: int) -> None:
    layout = arranged(graph(features, label="x" * length))
    for one, other in combinations(layout.boxes.values(), 2):
        is_beside = one.right < other.left or other.right < one.left
        assert is_beside or abs(one.middle - other.middle) >= ROW
    for box in layout.boxes.values():
        assert 0 <= box.left < box.right <= layout.width
        assert ROW <= box.middle <= layout.height - ROW / 2


def test_the_rows_of_a_table_stand_together() -> None:
    rows = sorted(
        (row for row in boxes(graph(40)) if row["name"].startswith("feature")),
        key=lambda row: row["top"],
    )
    colours = [row["colour"] for row in rows]
    changes = sum(a != b for a, b in pairwise(colours))
    assert changes == len(set(colours)) - 1


def test_edges_begin_and_end_at_their_boxes() -> None:
    lineage = graph()
    spec = lineage_chart(lineage)
    by_id = dict(zip((n.id for n in lineage.nodes), spec["datasets"]["nodes"], strict=True))
    for number, (start, end) in enumerate(lineage.edges):
        path = [row for row in spec["datasets"]["edges"] if row["edge"] == number]
        assert [row["step"] for row in path] == [0, 1, 2, 3]
        assert (path[0]["x"], path[0]["y"]) == (by_id[start]["right"], by_id[start]["middle"])
        assert (path[-1]["x"], path[-1]["y"]) == (by_id[end]["left"], by_id[end]["middle"])
        assert path[0]["colour"] == by_id[start]["colour"]


def test_tables_differ_in_colour_and_what_has_several_is_grey() -> None:
    rows = {row["name"]: row["colour"] for row in boxes(graph(6))}
    assert rows["table_0"] != rows["table_1"]
    assert rows["COLUMN_0"] == rows["table_0"]
    assert rows["feature_1"] == rows["table_1"]
    assert rows["feature_0"] == rows["the_last"]
    assert rows["feature_0"] not in (rows["table_0"], rows["table_1"])


def test_a_label_that_is_too_long_loses_its_middle() -> None:
    (row,) = [r for r in boxes(graph(1, label="a" * 80)) if r["name"].startswith("aaa")]
    assert len(row["label"]) < 60
    assert row["label"].endswith("_0")
    assert "…" in row["label"]
    # What a pointer shows is whole
    assert len(row["name"]) == 82


def test_same_graph_same_picture() -> None:
    assert canonical_json(lineage_chart(graph())) == canonical_json(lineage_chart(graph()))


@pytest.mark.parametrize("features", [1, 40, 300])
def test_every_size_can_be_drawn(features: int) -> None:
    svg = vl_convert.vegalite_to_svg(lineage_chart(graph(features)), allowed_base_urls=[])
    assert svg.count("feature_") >= features
    assert "the_last" in svg


def test_mermaid_names_every_node_and_edge() -> None:
    text = lineage_mermaid(graph())
    assert text.startswith('---\ntitle: "Lineage of the_last"\n---\nflowchart LR\n')
    assert text.count(" --> ") == len(graph().edges)
    assert text.count("  style n") == len(graph().nodes)
    assert 'n7["the_last"]' in text
    assert text.endswith("\n")


def test_names_with_marks_of_their_own_break_nothing() -> None:
    evil = '"] --> x; <script>alert(1)</script> #lt; `'
    node = LineageNode("f", evil, "feature", 0, "", evil)
    lineage = Lineage(evil, evil, (), (node,), ())
    text = lineage_mermaid(lineage)
    assert "<script>" not in text
    assert re.findall(r'n0\["[^"\n<>`]*"\]', text)
    page = lineage_page(lineage, "<svg></svg>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_holds_the_picture_and_the_definitions() -> None:
    page = lineage_page(graph(), "<svg>picture</svg>")
    assert "<svg>picture</svg>" in page
    assert "<code>feature_0 * 2</code>" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    # Tables and columns have no definition
    assert page.count("<tr><td>") == 4

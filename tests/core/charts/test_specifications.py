"""What holds for every chart: the same JSON every time, small, valid, and drawable."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import pytest
import vl_convert

from scorewright.core.charts import DARK_TWINS, MAX_POINTS, Spec, without_title
from scorewright.core.digests import canonical_json

Drawings = Mapping[str, Callable[[], Spec]]

NAMES = (
    "approval",
    "calibration",
    "confusion",
    "cost",
    "distribution",
    "explorer",
    "folds",
    "importance",
    "lift",
    "pr",
    "roc",
)


def colours(value: Any) -> set[str]:
    """Every string in a specification that is a colour."""
    if isinstance(value, str):
        return {value} if value.startswith("#") else set()
    if isinstance(value, Mapping):
        return set().union(*(colours(v) for k, v in value.items() if k != "datasets"))
    if isinstance(value, list):
        return set().union(*(colours(v) for v in value))
    return set()


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of an sRGB colour (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_chart_is_listed_here(drawings: Drawings) -> None:
    assert sorted(drawings) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_same_input_same_json(drawings: Drawings, name: str) -> None:
    # Given the process has drawn other things in between, under another theme
    first = canonical_json(drawings[name]())
    alt.Chart(alt.NamedData("other")).mark_bar().add_params(alt.selection_point()).to_dict()
    with alt.theme.enable("dark"), alt.data_transformers.enable("default", max_rows=1):
        # When it is drawn again
        second = canonical_json(drawings[name]())

    # Then nothing of that shows
    assert first == second


def test_names_do_not_count_up_with_the_process() -> None:
    # Given a fresh process that draws a chart once, or after four others
    program = (
        "import sys, json; from scorewright.core.charts import threshold_explorer as t\n"
        "a = ([.1,.2,.3],[3,1,2],[0,.5,.9],[0,.1,.2],[0,1,2],[3,2,1],.2)\n"
        "for _ in range(int(sys.argv[1])): spec = t(*a)\n"
        "print(json.dumps(spec, sort_keys=True))"
    )

    # When both print it
    printed = [
        subprocess.run(
            [sys.executable, "-c", program, times], check=True, capture_output=True, text=True
        ).stdout
        for times in ("1", "5")
    ]

    # Then they agree
    assert printed[0] == printed[1]
    assert json.loads(printed[0])["params"][0]["name"] == "threshold"


@pytest.mark.parametrize("name", NAMES)
def test_vega_draws_it(drawings: Drawings, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    # Given a chart and its form for pages
    spec = drawings[name]()

    # When Vega compiles them, with its warnings shown
    svgs = [
        vl_convert.vegalite_to_svg(s, show_warnings=True, allowed_base_urls=[])
        for s in (spec, without_title(spec))
    ]

    # Then there are pictures with text, and no complaint
    assert all(svg.startswith("<svg") and "<text" in svg for svg in svgs)
    assert "WARN" not in capfd.readouterr().err.upper()
    assert spec["title"]["text"] in svgs[0]
    assert f">{spec['title']['text']}</text>" not in svgs[1]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_altair(drawings: Drawings, name: str) -> None:
    # Given the specification as JSON, when altair checks it against the schema, it passes
    chart = alt.Chart.from_dict(json.loads(json.dumps(drawings[name]())))

    assert chart.to_dict()["title"]["text"]


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_small_and_inlined(drawings: Drawings, name: str) -> None:
    spec = drawings[name]()

    assert all(0 < len(rows) <= MAX_POINTS for rows in spec["datasets"].values())
    assert "url" not in json.dumps(spec["datasets"])
    assert len(canonical_json(spec)) < 120_000


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_has_a_dark_twin(drawings: Drawings, name: str) -> None:
    assert colours(drawings[name]()) <= set(DARK_TWINS)


def test_text_is_readable_on_both_papers() -> None:
    # Given the colours that text is written in (ink and muted), and those of lines
    text = [c for c in DARK_TWINS if c in {"#1b2430", "#566170"}]
    lines = ["#0072b2", "#00835f", "#c75000"]

    # Then text has a contrast of 4.5 or more and lines of 3 or more, on light and dark paper
    assert len(text) == 2
    for paper, shown in (("#ffffff", dict(zip(DARK_TWINS, DARK_TWINS, strict=True))),
                         (DARK_TWINS["#ffffff"], DARK_TWINS)):  # fmt: skip
        assert min(contrast(shown[c], paper) for c in text) >= 4.5
        assert min(contrast(shown[c], paper) for c in lines) >= 3


def test_titles_state_the_figures(drawings: Drawings) -> None:
    spec = drawings["roc"]()

    assert spec["title"] == {"text": "ROC curve", "subtitle": "AUC 0.711, 95 % CI 0.682 to 0.740"}
    assert spec["description"] == "ROC curve. AUC 0.711, 95 % CI 0.682 to 0.740"


def test_colour_is_never_alone(drawings: Drawings) -> None:
    # Given the two series of a chart, then a shape or a dash tells them apart too
    text = json.dumps(drawings["calibration"]())
    assert '"shape": "diamond"' in text
    assert '"strokeDash"' in text
    assert "before calibration" in text


def test_nothing_of_a_document_is_shared_between_charts(drawings: Drawings) -> None:
    # Given two charts, when one is changed by whoever received it, then the other is not
    one, other = drawings["roc"](), drawings["pr"]()
    one["config"]["background"] = "red"
    one["config"]["title"]["color"] = "red"

    assert other["config"]["background"] == "#ffffff"
    assert drawings["pr"]()["config"]["title"]["color"] != "red"


def test_the_room_imports_no_renderer() -> None:
    # Given the files of the room, then none of them draws pictures
    room = Path(__file__).resolve().parents[3] / "src/scorewright/core/charts"
    texts = [file.read_text(encoding="utf-8") for file in sorted(room.glob("*.py"))]

    assert len(texts) > 5
    assert not any("vl_convert" in text for text in texts)
    assert all(a != b for a, b in pairwise(texts))

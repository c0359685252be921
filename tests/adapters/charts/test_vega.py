"""Pictures from specifications, and the script that draws them in a page."""

from __future__ import annotations

import re
import struct
from typing import Any

import pytest

from scorewright.adapters.charts import VegaRenderer
from scorewright.core.charts import confusion_chart
from scorewright.core.errors import ScorewrightError
from scorewright.flows.ports import ChartRenderer


@pytest.fixture(scope="module")
def renderer() -> ChartRenderer:
    return VegaRenderer()


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG, from its header."""
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def test_png_has_twice_the_pixels(renderer: ChartRenderer) -> None:
    # Given a chart of 500 by 370, when it is drawn
    png = renderer.png(confusion_chart(1, 2, 3, 4))

    # Then it has twice as many pixels each way, and the same bytes every time
    assert png.startswith(b"\x89PNG")
    assert size(png) == (1000, 740)
    assert png == VegaRenderer().png(confusion_chart(1, 2, 3, 4))
    assert size(VegaRenderer(scale=1).png(confusion_chart(1, 2, 3, 4))) == (500, 370)


def test_svg_holds_the_text(renderer: ChartRenderer) -> None:
    svg = renderer.svg(confusion_chart(1, 2, 3, 4))

    assert svg.startswith("<svg")
    assert ">false negative</text>" in svg


def test_svg_is_the_same_whatever_was_drawn_before(renderer: ChartRenderer) -> None:
    # Given a chart with clipped marks, whose ids Vega counts through the process
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"a": 1, "b": 2}]},
        "mark": {"type": "point", "clip": True},
        "encoding": {"x": {"field": "a", "type": "quantitative"}},
    }

    # When it is drawn twice, the pictures are equal, and each reference has its id
    first, second = renderer.svg(spec), renderer.svg(spec)
    assert first == second
    references = set(re.findall(r"url\(#(\w+)\)", first))
    assert references
    assert references <= set(re.findall(r'\sid="(\w+)"', first))


@pytest.mark.parametrize(
    "spec",
    [
        {"mark": "no-such-mark", "$schema": "https://vega.github.io/schema/vega-lite/v6.json"},
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "data": {"url": "https://example.org/rows.csv"},
            "mark": "point",
            "encoding": {"x": {"field": "a", "type": "quantitative"}},
        },
    ],
    ids=["unknown mark", "data from elsewhere"],
)
def test_what_cannot_be_drawn_is_said(renderer: ChartRenderer, spec: dict[str, Any]) -> None:
    for draw in (renderer.png, renderer.svg):
        with pytest.raises(ScorewrightError) as raised:
            draw(spec)
        assert raised.value.code == "chart-unrenderable"


def test_the_script_is_whole_and_can_stand_in_a_page(renderer: ChartRenderer) -> None:
    script = renderer.script()

    assert script.rstrip().endswith(";")
    assert re.search(r"window\.vegaEmbed=", script)
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert 500_000 < len(script) < 1_500_000
    assert renderer.script() is script

"""How every chart looks: colours, type sizes, and the frame around the marks.

Hues are from Okabe and Ito's palette, which stays distinguishable under the common forms of
colour blindness; no chart tells things apart by colour alone. Every colour has a twin for dark
paper, so that a page can swap them by plain equality without knowing the chart.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import altair as alt

__all__ = [
    "AXIS",
    "BAD",
    "DARK_TWINS",
    "FRAME",
    "GOOD",
    "GRID",
    "INK",
    "MUTED",
    "PAPER",
    "PRIMARY",
    "WASH",
    "Frame",
    "Layered",
    "Rows",
    "Spec",
    "finish",
    "number",
    "percent",
    "percent_axis",
    "without_title",
]

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

PRIMARY = "#0072b2"
GOOD = "#00835f"
BAD = "#c75000"
INK = "#1b2430"
MUTED = "#566170"
AXIS = "#aab3bf"
GRID = "#e8ebf0"
WASH = "#dbe6f0"
PAPER = "#ffffff"

#: Each colour of the charts and the one that takes its place on dark paper.
DARK_TWINS: Mapping[str, str] = MappingProxyType(
    {
        PRIMARY: "#5cb8ec",
        GOOD: "#3ecf9f",
        BAD: "#f5935a",
        INK: "#e9edf3",
        MUTED: "#a7b1bf",
        AXIS: "#566172",
        GRID: "#2a323e",
        WASH: "#263a4d",
        PAPER: "#171d26",
    }
)

#: A system stack for pages; ``Liberation Sans`` and ``DejaVu Sans`` are what servers have.
FONT = (
    "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', "
    "sans-serif"
)

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

_CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "background": PAPER,
        "font": FONT,
        "padding": {"left": 6, "top": 6, "right": 14, "bottom": 6},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": INK,
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleColor": MUTED,
            "subtitleFontSize": 12,
            "subtitlePadding": 5,
            "offset": 12,
        },
        "axis": {
            "domainColor": AXIS,
            "tickColor": AXIS,
            "gridColor": GRID,
            "labelColor": MUTED,
            "labelFontSize": 11,
            "labelPadding": 4,
            "titleColor": INK,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 9,
        },
        "axisX": {"grid": False, "labelFlush": False},
        "axisY": {"domain": False, "ticks": False},
        "view": {"stroke": None},
        "line": {"strokeWidth": 2.25, "strokeJoin": "round"},
        "text": {"color": INK, "fontSize": 11.5},
        "legend": {"disable": True},
    }
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The outer size of a chart, in pixels."""

    width: int
    height: int


#: Half the width of a page.
FRAME = Frame(width=500, height=370)


#: What `altair.layer` returns.
Layered = alt.LayerChart | alt.FacetChart


class Drawing(Protocol):
    """What the altair charts have in common here."""

    def to_dict(self, *, context: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the specification."""
        ...


@dataclass(frozen=True, slots=True)
class Caption:
    """Title, the sentence under it, and the text for those who do not see the chart."""

    title: str
    subtitle: str | Sequence[str]

    @property
    def description(self) -> str:
        """Title and subtitle as one line."""
        lines = [self.subtitle] if isinstance(self.subtitle, str) else list(self.subtitle)
        return ". ".join([self.title, *lines])


def finish(
    drawing: Drawing,
    title: str,
    subtitle: str | Sequence[str],
    *,
    data: Mapping[str, Rows],
    frame: Frame | None = FRAME,
) -> Spec:
    """Turn a drawing over named tables into a complete specification.

    The parts that altair would take from its process-wide state (theme, names and placing of
    data) are set here, so that the same input always gives the same JSON.

    Args:
        drawing: An altair chart whose data are `altair.NamedData`.
        title: Heading of the chart.
        subtitle: What the chart says, with its figures.
        data: The tables by name.
        frame: Outer size; None where the drawing sizes its own panels.

    Returns:
        A Vega-Lite specification with its data inlined.
    """
    caption = Caption(title, subtitle)
    text = subtitle if isinstance(subtitle, str) else list(subtitle)
    spec: Spec = {
        "$schema": _SCHEMA,
        "description": caption.description,
        "config": copy.deepcopy(dict(_CONFIG)),
        "datasets": dict(data),
        **drawing.to_dict(context={"top_level": False}),
        "title": alt.Title(title, subtitle=text).to_dict(),
    }
    if frame is not None:
        spec |= {
            "width": frame.width,
            "height": frame.height,
            "autosize": {"type": "fit", "contains": "padding"},
        }
    return spec


def without_title(spec: Mapping[str, Any]) -> Spec:
    """Return a chart for a page that has a heading of its own: only the subtitle stays.

    Args:
        spec: A specification made here.
    """
    title = spec.get("title")
    if not isinstance(title, Mapping):
        return dict(spec)
    heading = {"text": title.get("subtitle", ""), "fontWeight": "normal", "fontSize": 12}
    padding = {"left": 1, "top": 2, "right": 8, "bottom": 2}
    return {**spec, "title": {**heading, "color": MUTED}, "padding": padding}


def number(value: float) -> float:
    """Round to seven significant digits: enough to read, short to store."""
    return float(f"{float(value):.7g}")


def percent_axis(digits: int = 0, **settings: Any) -> alt.Axis:  # noqa: ANN401 - altair's own
    """Return an axis of shares written as per cent, like `percent`."""
    return alt.Axis(labelExpr=f"format(100 * datum.value, '.{digits}f') + ' %'", **settings)


def percent(share: float, digits: int = 1) -> str:
    """Write a share in [0, 1] as per cent, with a space as the house writes it."""
    return f"{100 * share:.{digits}f} %"

"""A report as one HTML file that needs nothing but a browser."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from scorewright.core.charts import DARK_TWINS, without_title
from scorewright.core.report import ReportContent, Section
from scorewright.flows.ports import ChartRenderer

__all__ = ["HtmlReports"]

_TONES = {"good": ("✓", "good"), "warn": ("!", "look at this"), "bad": ("✕", "not good")}
#: The rest of the page: starts the charts, follows the colour scheme of the reader.
_PAGE_SCRIPT = "report.js"
_TEMPLATE = "report.html.j2"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A section with its chart as a still picture and as a specification."""

    section: Section
    picture: str
    description: str
    spec: str
    live: bool


class HtmlReports:
    """Implements the port `ReportRenderer`.

    The page shows still pictures first, so it works without scripts and prints as seen; a script
    then puts live charts in their place. Its content security policy allows nothing from
    elsewhere and no script but its own two, named by digest.

    Args:
        renderer: Draws the charts and supplies the script that draws them in the page.
    """

    def __init__(self, renderer: ChartRenderer) -> None:
        self._renderer = renderer
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("scorewright", "resources"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, content: ReportContent) -> str:
        """Return the report as one HTML document.

        Args:
            content: What to say.

        Raises:
            ScorewrightError: ``chart-unrenderable``.
        """
        drawn = [self._draw(section) for section in content.sections]
        scripts = self._scripts() if any(part.spec for part in drawn) else []
        return self._environment.get_template(_TEMPLATE).render(
            content=content,
            parts=drawn,
            tones=_TONES,
            policy=_policy(scripts),
            scripts=scripts,
            twins=_json(dict(DARK_TWINS)),
        )

    def _draw(self, section: Section) -> _Drawn:
        if section.chart is None:
            return _Drawn(section, "", "", "", live=False)
        chart = without_title(section.chart)
        picture = self._renderer.svg(chart).encode("utf-8")
        return _Drawn(
            section,
            "data:image/svg+xml;base64," + base64.b64encode(picture).decode("ascii"),
            str(section.chart.get("description", section.title)),
            _json(chart),
            live="params" in chart,
        )

    def _scripts(self) -> list[str]:
        """Return the library and the page's own script, in the order they run."""
        page = importlib.resources.files("scorewright.resources").joinpath(_PAGE_SCRIPT)
        return [self._renderer.script(), page.read_text(encoding="utf-8")]


def _policy(scripts: list[str]) -> str:
    """Return the content security policy: nothing from elsewhere, no script but these."""
    digests = [
        "'sha256-" + base64.b64encode(hashlib.sha256(s.encode("utf-8")).digest()).decode() + "'"
        for s in scripts
    ]
    allowed = " ".join(digests) or "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


def _json(value: Mapping[str, Any]) -> str:
    """Return JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

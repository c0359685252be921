"""Vega-Lite specifications as PNG and SVG, through vl-convert; no browser, no network."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from scorewright.core.errors import ScorewrightError

__all__ = ["VegaRenderer"]

#: What the bundle hands to the page: everything else stays inside its own scope.
_EXPORT = "window.vegaEmbed = vegaEmbed;"
_NUMBERED_ID = re.compile(r'\sid="([A-Za-z_]+\d+)"')
_REFERENCE = re.compile(r'(\sid="|url\(#)([A-Za-z_]+\d+)("|\))')


class VegaRenderer:
    """Implements the port `ChartRenderer`.

    Args:
        scale: Pixels of a PNG per pixel of the specification.
    """

    def __init__(self, scale: float = 2.0) -> None:
        self._scale = scale

    def png(self, spec: Mapping[str, Any]) -> bytes:
        """Return the chart as PNG.

        Raises:
            ScorewrightError: ``chart-unrenderable``.
        """
        import vl_convert  # noqa: PLC0415 - 50 MB of library, only where a chart is drawn

        try:
            picture: bytes = vl_convert.vegalite_to_png(
                dict(spec), scale=self._scale, allowed_base_urls=[]
            )
        except ValueError as error:
            raise _unrenderable(error) from error
        return picture

    def svg(self, spec: Mapping[str, Any]) -> str:
        """Return the chart as SVG text; the same chart gives the same text.

        Raises:
            ScorewrightError: ``chart-unrenderable``.
        """
        import vl_convert  # noqa: PLC0415 - the same

        try:
            picture: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[])
        except ValueError as error:
            raise _unrenderable(error) from error
        return _renumbered(picture)

    def script(self) -> str:
        """Return Vega, Vega-Lite and vega-embed in one piece that sets ``window.vegaEmbed``."""
        return _bundle()


def _renumbered(svg: str) -> str:
    """Number the ids of a picture from its own start; Vega counts them through the process."""
    found = dict.fromkeys(_NUMBERED_ID.findall(svg))
    names = {old: f"{old.rstrip('0123456789')}{k}" for k, old in enumerate(found)}
    return _REFERENCE.sub(lambda hit: hit[1] + names.get(hit[2], hit[2]) + hit[3], svg)


@functools.cache
def _bundle() -> str:
    """Bundle the libraries once a process; it takes a second or two."""
    import vl_convert  # noqa: PLC0415 - the same

    script: str = vl_convert.javascript_bundle(_EXPORT)
    return script


def _unrenderable(error: ValueError) -> ScorewrightError:
    reason = str(error).strip().splitlines()[0]
    return ScorewrightError(
        f"A chart could not be drawn: {reason}.",
        remedy="Upgrade vl-convert-python, or report the chart and your data's shape.",
        code="chart-unrenderable",
    )

"""Where features come from, ready to be drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scorewright.core.charts import (
    Lineage,
    LineageNode,
    lineage_chart,
    lineage_mermaid,
    lineage_page,
)
from scorewright.core.errors import UsageError
from scorewright.core.features import FeaturePlan, PlannedFeature, render
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.describe import plan_with
from scorewright.flows.features.listing import tables_of
from scorewright.flows.ports import ChartRenderer

__all__ = ["LineageDrawing", "draw_lineage", "feature_lineage", "set_lineage"]

_FORMS: Final = (".svg", ".png", ".html", ".mmd")
_MOST_CHILDREN: Final = 12


@dataclass(frozen=True, slots=True)
class LineageDrawing:
    """A drawn graph.

    Attributes:
        lineage: The graph.
        content: Of the file.
    """

    lineage: Lineage
    content: bytes

    def to_dict(self, file: Path) -> Mapping[str, Any]:
        """Return the JSON document of ``features graph --json``."""
        return {
            "schema_version": 1,
            "file": str(file),
            "title": self.lineage.title,
            "nodes": [
                {"id": n.id, "label": n.label, "kind": n.kind, "definition": n.detail}
                for n in self.lineage.nodes
            ],
            "edges": [{"from": start, "to": end} for start, end in self.lineage.edges],
        }


def draw_lineage(
    declared: Declared, set_name: str, feature: str | None, file: Path, charts: ChartRenderer
) -> LineageDrawing:
    """Draw where a feature comes from and what is made of it, or where a whole set comes from.

    Args:
        declared: Its plan is the set that is drawn.
        set_name: Name of that set.
        feature: One feature; None draws the set.
        file: Says by its suffix which form is wanted; nothing is written here.
        charts: Draws pictures.

    Raises:
        UsageError: ``lineage-format``, ``feature-unknown``.
    """
    draw = _drawer(file, charts)
    if feature is None:
        lineage = set_lineage(declared.plan, set_name)
    else:
        plan, found, _ = plan_with(declared, feature)
        lineage = feature_lineage(plan, found)
    return LineageDrawing(lineage, draw(lineage))


def _drawer(file: Path, charts: ChartRenderer) -> Callable[[Lineage], bytes]:
    suffix = file.suffix.lower()
    if suffix not in _FORMS:
        raise UsageError(
            f"The file {file} has the suffix '{suffix}', in which no graph can be drawn.",
            remedy=f"Use one of: {', '.join(_FORMS)}.",
            code="lineage-format",
            details={"file": str(file), "known": list(_FORMS)},
        )

    def draw(lineage: Lineage) -> bytes:
        if suffix == ".mmd":
            return lineage_mermaid(lineage).encode()
        spec = lineage_chart(lineage)
        if suffix == ".png":
            return charts.png(spec)
        svg = charts.svg(spec)
        return (lineage_page(lineage, svg) if suffix == ".html" else svg).encode()

    return draw


def feature_lineage(plan: FeaturePlan, feature: PlannedFeature) -> Lineage:
    """Return the graph of one feature: tables, columns, features it is made of, made of it.

    Args:
        plan: Holds the feature.
        feature: The one the graph is about.
    """
    above = plan.restricted((feature.name,)).features
    children = [f for f in plan.features if feature.name in f.parents]
    shown = children[:_MOST_CHILDREN]
    direct = {f.name: _direct(plan, f) for f in above}
    read = {source for found in direct.values() for source in found}
    relations = plan.relations
    sources = [
        (table, column)
        for table in relations.names
        for column in relations.contract(table).names
        if (table, column) in read
    ]
    tables = [t for t in relations.names if any(t in tables_of(plan, f) for f in above)]
    nodes = [_table(name) for name in tables]
    nodes += [
        LineageNode(_column_id(*source), source[1], "column", 1, source[0]) for source in sources
    ]
    nodes += [_node(plan, f, 2 + f.level, is_focus=f is feature) for f in above]
    nodes += [_node(plan, f, 3 + feature.level) for f in shown]
    edges = [(f"table {table}", _column_id(table, column)) for table, column in sources]
    for f in above:
        edges += [(_column_id(*source), f"feature {f.name}") for source in direct[f.name]]
        edges += [(f"table {t}", f"feature {f.name}") for t in _counted(plan, f)]
        edges += [(f"feature {parent}", f"feature {f.name}") for parent in f.parents]
    edges += [(f"feature {feature.name}", f"feature {f.name}") for f in shown]
    return Lineage(
        title=f"Lineage of {feature.name}",
        subtitle=render(feature.expression),
        tables=_colours(plan),
        nodes=tuple(nodes),
        edges=tuple(dict.fromkeys(edges)),
    )


def set_lineage(plan: FeaturePlan, name: str) -> Lineage:
    """Return the graph of a set: its tables, and the features made of them.

    Args:
        plan: The set.
        name: Its name.
    """
    tables = [
        t for t in plan.relations.names if any(t in tables_of(plan, f) for f in plan.features)
    ]
    nodes = [_table(t) for t in tables]
    nodes += [_node(plan, f, 1 + f.level) for f in plan.features]
    edges = [edge for f in plan.features for edge in _from_tables(plan, f)]
    count = len(plan.features)
    return Lineage(
        title=f"Features of the set {name}",
        subtitle=f"{count} feature{'s' * (count != 1)} of {len(tables)} "
        f"table{'s' * (len(tables) != 1)}; grey ones are made of several",
        tables=_colours(plan),
        nodes=tuple(nodes),
        edges=tuple(edges),
    )


def _from_tables(plan: FeaturePlan, feature: PlannedFeature) -> Iterator[tuple[str, str]]:
    """Yield the edges of a feature: from its parents, and from tables no parent stands for."""
    direct = dict.fromkeys(table for table, _ in _direct(plan, feature))
    for table in (*direct, *_counted(plan, feature)):
        yield f"table {table}", f"feature {feature.name}"
    for parent in feature.parents:
        yield f"feature {parent}", f"feature {feature.name}"


def _direct(plan: FeaturePlan, feature: PlannedFeature) -> Sequence[tuple[str, str]]:
    """Return the columns a feature reads itself, not through the features it is made of."""
    parents = [plan.feature(name) for name in feature.parents]
    through = {source for p in parents if p is not None for source in p.sources}
    words = set(re.findall(r"\w+", render(feature.expression)))
    return [s for s in feature.sources if s not in through or s[1] in words]


def _counted(plan: FeaturePlan, feature: PlannedFeature) -> list[str]:
    """Return the tables whose rows are counted or dated without reading a column."""
    parents = [plan.feature(name) for name in feature.parents]
    through = {table for p in parents if p is not None for table in tables_of(plan, p)}
    read = {table for table, _ in feature.sources} | through
    return [table for table in tables_of(plan, feature) if table not in read]


def _colours(plan: FeaturePlan) -> tuple[str, ...]:
    """Return all tables of the project: one has the same colour in every picture."""
    return plan.relations.names


def _table(name: str) -> LineageNode:
    return LineageNode(f"table {name}", name, "table", 0, name)


def _column_id(table: str, column: str) -> str:
    return f"column {table}.{column}"


def _node(
    plan: FeaturePlan, feature: PlannedFeature, stage: int, *, is_focus: bool = False
) -> LineageNode:
    tables = tables_of(plan, feature)
    return LineageNode(
        id=f"feature {feature.name}",
        label=feature.name,
        kind="focus" if is_focus else "feature",
        stage=stage,
        table=tables[0] if len(tables) == 1 else "",
        detail=render(feature.expression),
    )

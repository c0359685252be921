"""An inventory as a page."""

from __future__ import annotations

import polars as pl

from scorewright.core.report import Figure, ReportContent, Section, Table
from scorewright.core.store_views.inventory import InventoryLevel, StoreInventory
from scorewright.core.store_views.words import bytes_text, figure_text

__all__ = ["inventory_page"]

#: A page with more rows is no page any more: CSV, Parquet and JSON have them all.
_MOST_ROWS = 2_000
#: Cells that say nothing where the whole column is so.
_NOTHING = frozenset({"", "0", "0 B", "active"})
_FEW = 2
#: Characters that a card holds.
_LONG = 22


def inventory_page(inventory: StoreInventory, level: InventoryLevel) -> ReportContent:
    """Return an inventory as a page.

    Args:
        inventory: What a store holds.
        level: Whose rows are listed.
    """
    columns, rows = inventory.table(level)
    sections = [*_drawings(inventory)]
    sections.append(
        Section(level, level.capitalize(), _shown(len(rows)), table=_lean(columns, rows), wide=True)
    )
    if inventory.models.height:
        models = Table(
            ("model", "versions", "aliases", "stages"),
            tuple((n, f"{v:,}", a, s) for n, v, a, s in inventory.models.rows()),
        )
        sections.append(Section("models", "Registered models", "", table=models, wide=True))
    if inventory.findings:
        found = tuple((f.code, f.severity, f.subject, f.message) for f in inventory.findings)
        table = Table(("code", "severity", "about", "message"), found[:_MOST_ROWS])
        prose = "What mends it: scorewright store audit"
        sections.append(Section("findings", "Found while reading", prose, table=table, wide=True))
    pairs = tuple(pair for pair in inventory.pairs() if pair[0] != "store")
    sections.append(
        Section("totals", "The store in numbers", "", table=Table(("", ""), pairs), wide=True)
    )
    return ReportContent(
        title="Inventory of a tracking store",
        subtitle=inventory.source.location,
        verdict=_verdict(inventory),
        sections=tuple(sections),
        footer={"store": inventory.source.location, "layout": inventory.source.layout},
    )


def _verdict(inventory: StoreInventory) -> tuple[Figure, ...]:
    totals = inventory.totals
    states = [f"{totals['deleted_runs']:,} deleted"]
    states += [f"{totals[key]:,} {key}" for key in ("running", "failed") if totals[key]]
    figures = [
        Figure(
            "Experiments",
            f"{totals['experiments']:,}",
            f"{totals['deleted_experiments']:,} deleted",
        ),
        Figure("Runs", f"{totals['runs']:,}", ", ".join(states)),
        Figure("Artifact files", f"{totals['files']:,}", bytes_text(totals["bytes"])),
        Figure("Model versions", f"{totals['versions']:,}", f"{totals['aliases']:,} aliases"),
    ]
    if best := inventory.best:
        way = "Least" if inventory.minimise else "Greatest"
        name = best["name"] or best["run_id"][:8]
        note = name if len(name) <= _LONG else f"{name[: _LONG - 3]}..."
        figures.append(Figure(f"{way} {inventory.metric}", figure_text(best["value"]), note))
    if lost := totals["nobodys_files"]:
        note = f"{bytes_text(totals['nobodys_bytes'])}, no run claims them"
        figures.append(Figure("Files of nobody", f"{lost:,}", note, "warn"))
    return tuple(figures)


def _drawings(inventory: StoreInventory) -> list[Section]:
    from scorewright.core.charts import (  # noqa: PLC0415 - loading takes longer than most pages
        ExperimentRuns,
        RunValue,
        store_runs_chart,
        store_values_chart,
    )

    held = [
        ExperimentRuns(
            row["name"] or row["experiment_id"],
            row["runs"] - row["running"] - row["failed"],
            row["running"],
            row["failed"],
            row["deleted_runs"],
        )
        for row in inventory.experiments.iter_rows(named=True)
    ]
    found = []
    if any(experiment.total for experiment in held):
        chart = store_runs_chart([experiment for experiment in held if experiment.total])
        found.append(Section("runs-by-experiment", "Runs by experiment", "", chart, wide=True))
    told = inventory.runs.filter(pl.col("state") == "active").drop_nulls(["value", "start"])
    values = [
        RunValue(name or run[:8], experiment or "", start, value)
        for run, name, experiment, start, value in told.select(
            "run_id", "name", "experiment", "start", "value"
        ).iter_rows()
    ]
    if len(values) > _FEW:
        chart = store_values_chart(values, inventory.metric)
        found.append(Section("over-time", f"{inventory.metric} over time", "", chart, wide=True))
    return found


def _lean(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    """Leave out columns in which no row says anything."""
    told = [i for i in range(len(columns)) if any(row[i] not in _NOTHING for row in rows)]
    told = told or list(range(len(columns)))
    shown = tuple(tuple(row[i] for i in told) for row in rows[:_MOST_ROWS])
    return Table(tuple(columns[i] for i in told), shown)


def _shown(count: int) -> str:
    return f"The first {_MOST_ROWS:,} of {count:,}." if count > _MOST_ROWS else ""

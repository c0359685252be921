"""``scorewright store inventory``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_pairs,
    print_table,
    stderr,
    stdout,
)
from scorewright.entry.cli.store.fitting import print_fitting
from scorewright.entry.cli.store.options import (
    HashOption,
    Location,
    RootOption,
    room,
    root_rules,
    safe_rows,
)

if TYPE_CHECKING:
    from scorewright.core.store_views import InventoryLevel, StoreInventory

__all__ = ["command"]

_SUFFIXES = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet", ".json": "json",
    ".html": "html", ".htm": "html",
}  # fmt: skip
_LINES = 1_000
#: What matters most in a narrow terminal.
_ORDER: dict[InventoryLevel, tuple[str, ...]] = {
    "experiments": (
        "id", "experiment", "runs", "best", "deleted", "running", "state", "size", "failed",
        "last activity", "files", "models", "best run",
    ),
    "runs": (
        "run", "name", "status", "best", "state", "experiment", "size", "start", "versions",
    ),
    "files": ("owner", "path", "size", "sha256", "name", "modified"),
}  # fmt: skip


class _Level(StrEnum):
    experiments = "experiments"
    runs = "runs"
    files = "files"


class _Format(StrEnum):
    table = "table"
    csv = "csv"
    parquet = "parquet"
    json = "json"
    html = "html"


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    location: Location = None,
    level: Annotated[_Level, typer.Option(help="What has a row.")] = _Level.experiments,
    metric: Annotated[
        str | None, typer.Option(help="By which the best run is told.", show_default="roc_auc")
    ] = None,
    minimise: Annotated[
        bool, typer.Option("--minimise", help="The least value is the best.")
    ] = False,
    form: Annotated[
        _Format | None,
        typer.Option("--format", help="Form of the rows.", show_default="by --output, else table"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of the screen.")
    ] = None,
    artifacts: Annotated[
        bool, typer.Option("--artifacts/--no-artifacts", help="List artifact files.")
    ] = True,
    hashed: HashOption = False,
    root: RootOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what a store holds: experiments, runs, best runs, models, artifact files and bytes."""
    chosen = _chosen(form, output)
    from scorewright.core.store_views import MetricWish
    from scorewright.flows.store.inventory import FileWish

    wanted: InventoryLevel = level.value
    files = FileWish(artifacts or hashed, hashed, root_rules(root))
    with listening(context, as_json=as_json) as notify:
        stores = room(context)
        found = stores.inventory(location, MetricWish(metric, minimise), files, notify)
        if output is not None:
            stores.write_inventory(found, wanted, output, notify)
    if as_json:
        print_json(found.to_dict(wanted))
    elif output is not None:
        rows = found.frame(wanted).height
        stdout().print(f"{rows:,} {wanted}: [bold]{escape(str(output))}[/]")
    else:
        _print(found, wanted, chosen)


def _chosen(form: _Format | None, output: Path | None) -> _Format:
    """Return the form; refuse one that the file's name or the screen cannot have."""
    if output is None:
        if form is _Format.parquet:
            raise UsageError(
                "Parquet cannot be shown on the screen.",
                remedy="Name a file: --output inventory.parquet",
                code="output-format",
            )
        return form or _Format.table
    by_name = _SUFFIXES.get(output.suffix.lower())
    if by_name is None or (form is not None and form.value != by_name):
        wished = f" and --format {form.value}" if form else ""
        raise UsageError(
            f"The name of the file {output}{wished} do not go together."
            if form
            else f"The name of the file {output} does not say in which form to write.",
            remedy="End the name in .csv, .tsv, .parquet, .json or .html.",
            code="output-format",
            details={"file": str(output)},
        )
    return _Format(by_name)


def _print(found: StoreInventory, level: InventoryLevel, form: _Format) -> None:
    match form:
        case _Format.json:
            print_json(found.to_dict(level))
        case _Format.csv:
            from scorewright import wiring

            typer.echo(wiring.csv_text(found.frame(level)), nl=False)
        case _Format.html:
            from scorewright import wiring
            from scorewright.core.store_views import inventory_page

            typer.echo(wiring.page_text(inventory_page(found, level)))
        case _:
            _show(found, level)


def _show(found: StoreInventory, level: InventoryLevel) -> None:
    print_pairs("Store", found.pairs())
    columns, rows = found.table(level)
    hidden = print_fitting(
        level.capitalize(), columns, safe_rows(rows[:_LINES]), _order(found, level)
    )
    if hidden:
        told = f"No room for: {', '.join(hidden)}; a wider terminal or --output FILE.html shows all"
        stdout().print(f"[dim]{escape(told)}[/]")
    if len(rows) > _LINES:
        more = f"... {len(rows) - _LINES:,} more; --output FILE.csv writes all"
        stdout().print(f"[dim]{more}[/]")
    if found.models.height:
        names = ("model", "versions", "aliases", "stages")
        models = [tuple(str(cell) for cell in row) for row in found.models.rows()]
        print_table("Registered models", names, safe_rows(models))
    if found.findings:
        codes = ", ".join(sorted({finding.code for finding in found.findings}))
        told = f"Found while reading: {codes}"
        stderr().print(f"{told}: [bold]scorewright store audit[/] tells them", soft_wrap=True)


def _order(found: StoreInventory, level: InventoryLevel) -> tuple[str, ...]:
    """Return the headings by their weight; "best" stands for that of the metric."""
    best = f"best {found.metric}".strip() if level == "experiments" else found.metric or "value"
    return tuple(best if name == "best" else name for name in _ORDER[level])

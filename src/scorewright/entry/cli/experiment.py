"""``scorewright experiment``: run the matrix, list it, report it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    session,
    stderr,
    stdout,
)

if TYPE_CHECKING:
    from scorewright.flows.experiment import ExperimentResult

__all__ = ["app"]

app = typer.Typer(
    help="Compare feature strategies, samplings and learners: the matrix of scorewright.toml.",
    no_args_is_help=True,
)


@app.command("run", epilog="Example: scorewright experiment run --json > matrix.json")
def run(context: typer.Context, as_json: JsonOption = False) -> None:
    """Do every cell of the matrix that is not done yet, each as one complete MLflow run.

    Interrupted in whatever way, the same command goes on where it was.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = wiring.project(session(context).config).experiments.run(notify)
    if as_json:
        print_json(result.to_dict())
    else:
        _show(result)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


@app.command("list", epilog="Example: scorewright experiment list")
def list_cells(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the cells of the matrix, and which of them are done."""
    from scorewright import wiring

    listing = wiring.project(session(context).config).experiments.list()
    if as_json:
        print_json(listing.to_dict())
        return
    columns = ("", "strategy", "sampling", "learner", "status", "run", "data")
    title = f"{listing.experiment}: {listing.finished} of {len(listing.cells)} cells done"
    print_table(title, columns, listing.table())


@app.command("report", epilog="Example: scorewright experiment report -o matrix.html")
def report(
    context: typer.Context,
    run_id: Annotated[
        str | None, typer.Option("--run", help="Parent run of a matrix; the newest without one.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="HTML file to write; the CSV file lies beside it.",
            show_default="experiment.html",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which cells really differ and which to take: HTML, CSV, and artifacts of the matrix."""
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        project = wiring.project(session(context).config)
        written = project.experiments.report(run_id, output, notify)
    if as_json:
        files = {"report": str(written.html), "csv": str(written.csv)}
        print_json({**written.report.to_dict(), **files})
        return
    from scorewright.flows.experiment import LEGEND
    from scorewright.flows.experiment_report import COLUMNS

    print_table(written.report.run_name, COLUMNS, written.report.table())
    stdout().print(f"[dim]{LEGEND}[/]")
    stdout().print(escape(written.report.answer))
    stdout().print(f"report: [bold]{written.html}[/], [bold]{written.csv}[/]")


def _show(result: ExperimentResult) -> None:
    from scorewright.flows.experiment import COLUMNS, LEGEND

    rate = "" if result.base_rate is None else f", bad rate {result.base_rate:.2%}"
    title = f"{result.run_name}: {len(result.cells)} of {result.declared} cells, out of fold{rate}"
    print_table(title, COLUMNS, result.table())
    stdout().print(f"[dim]{LEGEND}[/]")
    for failure in result.failures:
        stderr().print(f"[bold red]failed[/] {failure.name}: {escape(failure.error.message)}")
        stderr().print(f"[bold]what to do:[/] {escape(failure.error.remedy)}")
    for finding in result.findings:
        stderr().print(f"{finding.code} {finding.subject}: {escape(finding.message)}")
        stderr().print(f"[bold]what to do:[/] {escape(finding.remedy)}")
    if result.cells:
        stdout().print("Next: [bold]scorewright experiment report[/], [bold]scorewright ui[/]")

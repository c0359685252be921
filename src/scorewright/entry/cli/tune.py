"""``scorewright tune``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    session,
    stdout,
)

if TYPE_CHECKING:
    from scorewright.flows.tuning import TuneResult

__all__ = ["command"]


class Sampler(StrEnum):
    """The ways to choose the next trial's parameters."""

    TPE = "tpe"
    RANDOM = "random"
    MANUAL = "manual"


def command(  # noqa: PLR0913, PLR0917 - the options of the command
    context: typer.Context,
    trials: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Finished trials in all.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Minutes after which no trial is begun.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that work on the study.")
    ] = None,
    sampler: Annotated[
        Sampler | None, typer.Option(help="How the next parameters are chosen.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the best parameters into scorewright.toml.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where to write an HTML report.", show_default="none")
    ] = None,
    worker: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    as_json: JsonOption = False,
) -> None:
    """Search the learner's parameters; every trial is a complete MLflow run.

    Interrupted in whatever way, the same command goes on where it was. It can run in several
    terminals at once.
    """
    from scorewright import wiring

    wish = wiring.TuneWish(trials, timeout, processes, None if sampler is None else sampler.value)
    project = wiring.project(session(context).config)
    room = project.tuning
    if report is not None:
        project.report_file(report)
    with listening(context, as_json=as_json) as notify:
        if worker is not None:
            room.work_along(wish, worker, notify)
            return
        result = room.run(wish, notify)
        file = None if report is None else room.write_report(result, report, notify)
    written = room.write_params(result) if write and result.params is not None else None
    if as_json:
        places = {"report": file, "written": written}
        print_json(result.to_dict() | {n: str(p) for n, p in places.items() if p is not None})
        return
    _show(result, file, written)


def _show(result: TuneResult, report: Path | None, written: Path | None) -> None:
    from scorewright.flows.tuning import best_trials, params_block

    table = best_trials(result)
    print_table(f"{result.experiment}: {table.caption}", table.columns, table.rows)
    if result.nested is not None:
        name, nested = result.search.objective.name, result.nested
        stdout().print(
            f"nested validation over {nested.folds} folds: {name} {nested.value:.5g}; the best "
            f"trial's own figure is {nested.optimism:.5g} too good"
        )
    if result.params is None:
        for text, count in result.leaders.broken.items():
            stdout().print(
                f"{count} of {result.leaders.complete} trials break {text}", markup=False
            )
        return
    stdout().print(params_block(result.params), markup=False, end="")
    if report is not None:
        stdout().print(f"report: {report}", markup=False)
    where = f"in {written}" if written is not None else "with 'scorewright tune --write'"
    stdout().print(f"Next: these parameters {where}, then scorewright train", markup=False)

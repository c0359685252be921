"""What the user sees: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import Event, Note, Notify, StageDone, StageStarted, StepDone, ignore

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from scorewright.flows.lift import Lift

__all__ = [
    "JsonOption",
    "Session",
    "listening",
    "near",
    "print_json",
    "print_lift",
    "print_pairs",
    "print_table",
    "session",
    "show_error",
    "stderr",
    "stdout",
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout instead of text.")
]

STAGE_NAMES = {
    "generate": "Generate the portfolio",
    "download": "Fetch the files",
    "data": "Check data against the contract",
    "features": "Build the features",
    "features-check": "Prove dates and keys",
    "folds": "Plan the folds",
    "leakage": "Look for leaks",
    "validate": "Cross-validate",
    "calibrate": "Calibrate",
    "threshold": "Choose the threshold",
    "refit": "Fit on all rows",
    "log": "Log to MLflow",
    "bundle": "Sign and prove the bundle",
    "experiment": "Run the matrix",
    "experiment-check": "Read the cells back",
    "read": "Read the runs",
    "compare": "Compare",
    "tune": "Search the parameters",
    "tune-nested": "Validate the search",
    "project": "Make the project",
    "lift": "See what the histories add",
    "report": "Write the report",
    "serve": "Ask the running API",
    "score": "Score",
    "policy": "Fit the policy",
    "rules": "Ask the rules",
    "copy": "Copy the store privately",
    "merge": "Bring the copies together",
    "backfill": "Look what runs lack",
    "apply": "Carry out the plan",
    "rows": "Write rows",
    "prove": "Prove the result",
    "verify": "Prove the store",
    "backup": "Back the store up",
    "restore": "Put the backup in its place",
    "purge": "Delete what is kept",
}


@dataclass(frozen=True, slots=True)
class Session:
    """The options before the command."""

    config: Path | None = None
    quiet: bool = False


def session(context: typer.Context) -> Session:
    """Return the options before the command."""
    return context.obj if isinstance(context.obj, Session) else Session()


def stdout() -> Console:
    """Return the console of results."""
    return Console(highlight=False)


def stderr() -> Console:
    """Return the console of progress and errors."""
    return Console(stderr=True, highlight=False)


def near(text: str) -> str:
    """Return a text with the paths below the working directory as seen from there."""
    here = re.escape(str(Path.cwd()))
    return re.sub(rf"(?<!\S){here}/(?=[^\s/])", "", text)


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document, and nothing else, on stdout."""
    import msgspec  # not needed for most of what is shown

    text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str)
    # Python's own indenting takes three times as long.
    typer.echo(msgspec.json.format(text, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    stdout().print(table)


def print_pairs(title: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values as a table without a header."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(escape(name), escape(near(value)))
    stdout().print(table)


def print_lift(lift: Lift) -> None:
    """Print what the histories add."""
    columns = ("with", "inputs", "AUC", "95 % interval", "added", "p")
    title = f"What the histories add ({lift.applications:,} applications, {lift.folds} folds)"
    print_table(title, columns, lift.table())


def show_error(error: ScorewrightError, *, as_json: bool) -> None:
    """Print message and remedy; with ``--json`` one document on stdout as well."""
    if as_json:
        with suppress(OSError):  # what cannot be written there may be what is wrong
            print_json(error.to_dict())
    console = stderr()
    # The terminal breaks the lines: a command in them can be pasted.
    told = f"[bold red]error[/] [dim]({escape(error.code)})[/] {escape(error.message)}"
    console.print(told, soft_wrap=True)
    for note in error.notes:
        console.print(escape(note), soft_wrap=True)
    console.print(f"[bold]what to do:[/] {escape(error.remedy)}", soft_wrap=True)


@contextmanager
def listening(context: typer.Context, *, as_json: bool = False) -> Iterator[Notify]:
    """Draw what a flow says: bars on a terminal, lines elsewhere, nothing when quiet."""
    if session(context).quiet:
        yield ignore
        return
    console = stderr()
    if not console.is_terminal or as_json:
        yield _Lines().notify
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(finished_text="[green]done[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bars(progress).notify


#: Stages that may take hours, and say how many steps they have.
_LONG = frozenset({"apply", "backfill", "purge"})
_TENTHS = 10


class _Lines:
    """One line per finished stage, for logs and pipes; of long ones also each tenth."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}

    def notify(self, event: Event) -> None:
        match event:
            case StageStarted(stage=stage, steps=steps) if stage in _LONG:
                self._steps[stage] = steps
            case StepDone(stage=stage, done=done, detail=detail) if stage in _LONG:
                self._tell_tenth(stage, done, detail)
            case StageDone(stage=stage, summary=summary):
                print(f"{STAGE_NAMES.get(stage, stage)}: {near(summary)}", file=sys.stderr)  # noqa: T201
            case Note(message=message):
                print(near(message), file=sys.stderr)  # noqa: T201
            case StepDone(stage="experiment", done=done, detail=detail):
                # A cell may take an hour: a log tells of each, and of the time left.
                print(f"{done}: {detail}", file=sys.stderr)  # noqa: T201
            case StepDone(stage="tune" | "tune-nested" as stage, detail=detail):
                # So may a trial; how many are done stands in the detail.
                print(f"{STAGE_NAMES[stage]}: {detail}", file=sys.stderr)  # noqa: T201
            case StageStarted() | StepDone():
                pass

    def _tell_tenth(self, stage: str, done: int, detail: str) -> None:
        total = self._steps.get(stage, 0)
        if total < _TENTHS or done * _TENTHS // total == (done - 1) * _TENTHS // total:
            return
        told = f"{STAGE_NAMES[stage]}: {done:,} of {total:,}, {detail}"
        print(told, file=sys.stderr)  # noqa: T201


class _Bars:
    """One bar per stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def notify(self, event: Event) -> None:
        match event:
            case StageStarted(stage=stage, steps=steps):
                name = STAGE_NAMES.get(stage, stage)
                self._tasks[stage] = self._progress.add_task(name, total=steps or None, detail="")
            case StepDone(stage=stage, done=done, detail=detail):
                self._progress.update(self._task(stage), completed=done, detail=detail)
            case StageDone(stage=stage, summary=summary):
                task = self._task(stage)
                self._progress.update(task, total=1, completed=1, detail=near(summary))
            case Note(message=message):
                self._progress.console.print(f"[dim]{escape(near(message))}[/]")

    def _task(self, stage: str) -> TaskID:
        if stage not in self._tasks:
            name = STAGE_NAMES.get(stage, stage)
            self._tasks[stage] = self._progress.add_task(name, total=None, detail="")
        return self._tasks[stage]

"""``scorewright demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    near,
    print_json,
    print_lift,
    print_pairs,
    stdout,
)

__all__ = ["command"]


def command(
    context: typer.Context,
    data: Annotated[
        str, typer.Option(help="lending_club, credit_data, or a file of your own.")
    ] = "lending_club",
    directory: Annotated[
        Path | None,
        typer.Option("--directory", "-d", help="Fresh folder for the demo's project."),
    ] = None,
    portfolio: Annotated[
        bool,
        typer.Option("--portfolio", help="Seven generated tables instead: a loan with histories."),
    ] = False,
    applications: Annotated[
        int, typer.Option("--applications", "-n", help="Applications of the portfolio.")
    ] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Run the whole path on real loans: check, train, log, bundle, serve, decide, report.

    With --portfolio the loans are generated, with six tables of histories below them, and the
    demo shows what those add.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = (
            wiring.demo_portfolio(applications, directory, notify)
            if portfolio
            else wiring.demo(data, directory, notify)
        )
    if as_json:
        print_json(result.to_dict())
        return
    print_pairs(f"{result.title} in {result.seconds:.0f} s", result.summary())
    if result.lift is not None:
        print_lift(result.lift)
    console = stdout()
    console.print(f"One application, asked of the running API: {result.answer_line()}")
    for line in result.reason_lines():
        console.print(f"  {escape(line)}", soft_wrap=True)
    console.print("The decision is in the log; replayed from there it is the same to the last bit.")
    console.print(f"Audit of the store: {result.audit.score}")
    console.print(f"Report: [bold]{near(str(result.report))}[/]")
    console.print("Go on with:")
    for line in result.next_commands():
        console.print(f"  [bold]{near(line)}[/]", soft_wrap=True)

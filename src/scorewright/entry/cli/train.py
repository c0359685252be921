"""``scorewright train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    near,
    print_json,
    print_pairs,
    session,
    stdout,
)

__all__ = ["command"]


def command(
    context: typer.Context,
    report: Annotated[
        Path | None,
        typer.Option(help="Where to write the HTML report.", show_default="report.html"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train, validate, calibrate, log to MLflow, and deploy a signed bundle with its policy.

    Stops before training when the data breaks its contract or a leakage finding is open.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        project = wiring.project(session(context).config)
        file = project.report_file(report)
        result = project.train(notify)
        project.write_report(result, file, notify)
    if as_json:
        print_json({**result.to_dict(), "report": str(file)})
        return
    from scorewright.flows.summary import summary_rows

    print_pairs(f"{result.run_name} ({result.bundle.data_version})", summary_rows(result))
    stdout().print(f"report: [bold]{near(str(file))}[/]")
    stdout().print("Next: [bold]scorewright serve[/], [bold]scorewright ui[/]")

"""``scorewright ui``."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, session, stderr

__all__ = ["command"]


def command(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the MLflow UI.")] = 5000,
    as_json: JsonOption = False,
) -> None:
    """Start the MLflow UI on the project's store. Stop it with Ctrl-C."""
    from scorewright import wiring

    ui = wiring.project(session(context).config).mlflow_ui(port)
    if as_json:
        print_json({"schema_version": 1, "url": ui.url, "tracking_uri": ui.tracking_uri})
    else:
        stderr().print(f"MLflow UI on [bold]{ui.url}[/] for {ui.tracking_uri}")
    raise typer.Exit(ui.run())

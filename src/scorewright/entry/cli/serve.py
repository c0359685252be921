"""``scorewright serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, session

__all__ = ["command"]


def command(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    bundle: Annotated[
        str, typer.Option(help="'current', a digest or its beginning, or a folder.")
    ] = "current",
    model_uri: Annotated[
        str | None,
        typer.Option(
            help="models:/NAME@ALIAS: follow it in a process beside the service.",
            show_default="serve.model_uri",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve decisions over HTTP from the deployed bundle.

    The bundle's signature, digests and golden rows are proved before the first answer. With a
    registered model, what its alias names is deployed, now and whenever it moves.
    """
    import os

    from scorewright import wiring

    project = wiring.project(session(context).config)
    arguments = project.serve_command(host=host, port=port, bundle=bundle, as_json=as_json)
    if model_uri or (project.settings.serve.model_uri and bundle == "current"):
        project.syncing.accompany(model_uri)
    # The service replaces this process: it pays for nothing the command line needed.
    os.execv(arguments[0], arguments)  # noqa: S606 - our own program

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
    as_json: JsonOption = False,
) -> None:
    """Serve decisions over HTTP from the deployed bundle.

    The bundle's signature, digests and golden rows are proved before the first answer.
    """
    import os

    from scorewright import wiring

    arguments = wiring.project(session(context).config).serve_command(
        host=host, port=port, bundle=bundle, as_json=as_json
    )
    # The service replaces this process: it pays for nothing the command line needed.
    os.execv(arguments[0], arguments)  # noqa: S606 - our own program

"""``scorewright register``."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, print_pairs, session

__all__ = ["command"]


def command(
    context: typer.Context,
    bundle: Annotated[
        str, typer.Argument(help="'current', a digest or its beginning, or a folder.")
    ] = "current",
    alias: Annotated[str, typer.Option(help="Alias that is pointed to it.")] = "champion",
    expect_version: Annotated[
        int | None,
        typer.Option(min=0, help="Version the alias has to point to now; 0 for none."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a bundle a version of its registered model, and point an alias to it.

    Its signed policies are logged beside the model. Registering it again adds new policies.
    """
    from scorewright import wiring

    expected = None if expect_version is None else str(expect_version)
    room = wiring.project(session(context).config).syncing
    registered = room.register(bundle, alias, expected)
    if as_json:
        print_json(registered.to_dict())
    else:
        print_pairs("Registered", registered.pairs())

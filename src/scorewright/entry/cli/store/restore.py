"""``scorewright store restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import room
from scorewright.entry.cli.store.papers import HolderOption, near, say
from scorewright.entry.cli.store.papers import command as show_command

__all__ = ["command"]


def command(
    context: typer.Context,
    backup: Annotated[
        Path, typer.Argument(help="Of 'store backup --list'; or what 'restore' moved aside.")
    ],
    location: Annotated[
        str | None,
        typer.Argument(help="Where to put it.", show_default="the store it is a backup of"),
    ] = None,
    holder: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a proved backup in a store's place; what is there now is moved aside, not deleted."""
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        done = wiring.StoreKeeping(room(context)).restore(backup, location, notify, holder)
    if as_json:
        print_json(asdict(done))
        return
    for line in done.checks:
        say(f"  proved: {line}")
    say(f"{near(done.location)} is as it was in {near(done.backup)}.", style="bold")
    if Path(done.backup).is_file():
        say("These are the rows; artifact files are as they are now. To see what is missing:")
        show_command("audit", done.location)
    if done.aside:
        say(f"What was there lies in {near(done.aside)}. To take it back:")
        show_command("restore", done.aside)

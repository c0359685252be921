"""``scorewright store archive``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import room
from scorewright.entry.cli.store.papers import (
    AddressOption,
    HolderOption,
    going_on,
    print_applied,
    say,
)

__all__ = ["command"]


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    location: Annotated[str, typer.Argument(help="Legacy store: a folder or a SQLite file.")],
    receipt: Annotated[
        Path,
        typer.Option("--receipt", help="Of the consolidation that holds all of it; or its plan."),
    ],
    reads_data: Annotated[
        bool,
        typer.Option("--read-data", help="Read every artifact of the new store before."),
    ] = False,
    holder: HolderOption = "",
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move a legacy store aside under a dated name, once the new one is proved to hold it."""
    from scorewright import wiring

    with going_on(), listening(context, as_json=as_json) as notify:
        changes = wiring.StoreChanges(room(context), address or ())
        done = changes.archive(location, receipt, notify, reads_data=reads_data, holder=holder)
    if as_json:
        print_json(done.to_dict())
        return
    for step in done.receipt.plan.steps:
        say(f"{step.subject}: {step.sentence}")
    print_applied(done)

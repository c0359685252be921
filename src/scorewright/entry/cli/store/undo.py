"""``scorewright store undo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import room
from scorewright.entry.cli.store.papers import AddressOption, HolderOption, going_on, print_applied

__all__ = ["command"]


def command(
    context: typer.Context,
    document: Annotated[
        Path,
        typer.Argument(help="Receipt of what is taken back, or the plan, finished or not."),
    ],
    holder: HolderOption = "",
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back what was done: every row and file is afterwards as it was, and that is proved."""
    from scorewright import wiring

    with going_on(), listening(context, as_json=as_json) as notify:
        changes = wiring.StoreChanges(room(context), address or ())
        done = changes.undo(document, notify, holder)
    if as_json:
        print_json(done.to_dict())
    else:
        print_applied(done)

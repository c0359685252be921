"""``scorewright store apply``."""

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
    plan: Annotated[Path, typer.Argument(help="File that 'store plan' or 'consolidate' wrote.")],
    holder: HolderOption = "",
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry out a plan: backed up, journaled, proved. After a crash the same command goes on."""
    from scorewright import wiring

    with going_on(), listening(context, as_json=as_json) as notify:
        changes = wiring.StoreChanges(room(context), address or ())
        done = changes.apply(plan, notify, holder)
    if as_json:
        print_json(done.to_dict())
    else:
        print_applied(done)

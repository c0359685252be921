"""``scorewright store verify``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import Location, room
from scorewright.entry.cli.store.papers import AddressOption, print_verification

__all__ = ["command"]

FINDINGS = 1


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    location: Location = None,
    receipt: Annotated[
        Path | None,
        typer.Option(
            "--receipt", help="Hold the store against this receipt, or that of this plan."
        ),
    ] = None,
    backup: Annotated[
        Path | None, typer.Option("--backup", help="Prove a backup instead of a store.")
    ] = None,
    reads_data: Annotated[
        bool, typer.Option("--read-data", help="Read every artifact file for its SHA-256.")
    ] = False,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that a store is whole, opens with MLflow, and is as a receipt says; exit 1 if not."""
    from scorewright import wiring

    if backup is not None and (location is not None or receipt is not None):
        raise UsageError(
            "A backup is proved on its own, without a store or a receipt.",
            remedy="scorewright store verify --backup PATH",
            code="verify-unclear",
        )
    with listening(context, as_json=as_json) as notify:
        changes = wiring.StoreChanges(room(context), address or ())
        if backup is not None:
            found = wiring.StoreKeeping.verify_backup(backup, notify)
        else:
            found = changes.verify(location, receipt, notify, reads_data=reads_data)
    if as_json:
        print_json({"schema_version": 1, "is_whole": found.is_whole, **asdict(found)})
    else:
        print_verification(found)
    if not found.is_whole:
        raise typer.Exit(FINDINGS)

"""``scorewright store backup``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json, print_pairs, print_table
from scorewright.entry.cli.store.options import Location, room, safe_rows
from scorewright.entry.cli.store.papers import HolderOption, bytes_text, say

if TYPE_CHECKING:
    from scorewright.flows.store.backup_store import BackupNote

__all__ = ["command"]


def command(
    context: typer.Context,
    location: Location = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder.", show_default=".scorewright beside the store"),
    ] = None,
    lists: Annotated[bool, typer.Option("--list", help="List the backups that are there.")] = False,
    holder: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """Copy a store whole and read the copy back: a database's rows, or a tree with its files."""
    from scorewright import wiring

    keeping = wiring.StoreKeeping(room(context))
    if lists:
        notes = keeping.backups(location, to)
        if as_json:
            print_json({"schema_version": 1, "backups": [asdict(note) for note in notes]})
        else:
            _print_list(notes)
        return
    with listening(context, as_json=as_json) as notify:
        note = keeping.backup(location, to, notify, holder)
    if as_json:
        print_json(asdict(note))
        return
    pairs = [("backup", note.path), ("SHA-256", note.sha256), ("size", bytes_text(note.size))]
    print_pairs(f"Backup of {note.location}", pairs)
    say("To prove it again:")
    say(f"  scorewright store verify --backup {note.path}", style="bold")


def _print_list(notes: Sequence[BackupNote]) -> None:
    if not notes:
        say("There is no backup.")
        return
    rows = [
        (note.made_at, note.path, f"{note.rows:,}" if note.rows >= 0 else "?",
         bytes_text(note.size), note.made_by or "a plan")
        for note in notes
    ]  # fmt: skip
    print_table("Backups", ("made", "path", "rows or files", "size", "by"), safe_rows(rows))

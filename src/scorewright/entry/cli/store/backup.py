"""``scorewright store backup``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json, print_pairs
from scorewright.entry.cli.store.fitting import print_fitting
from scorewright.entry.cli.store.options import Location, room, safe_rows
from scorewright.entry.cli.store.papers import HolderOption, bytes_text, near, say
from scorewright.entry.cli.store.papers import command as show_command

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
    pairs = [("backup", near(note.path)), ("SHA-256", note.sha256), ("size", bytes_text(note.size))]
    print_pairs(f"Backup of {note.location}", pairs)
    say("To prove it again:")
    show_command("verify", "--backup", note.path)
    say("To put it in the store's place:")
    show_command("restore", note.path)


def _print_list(notes: Sequence[BackupNote]) -> None:
    if not notes:
        say("There is no backup.")
        return
    rows = [
        (_moment(note.made_at), f"{note.rows:,}" if note.rows >= 0 else "",
         bytes_text(note.size), note.made_by or "a plan", near(note.path))
        for note in notes
    ]  # fmt: skip
    columns = ("made (UTC)", "rows or files", "size", "by", "path")
    print_fitting("Backups", columns, safe_rows(rows), ("path", "made (UTC)", "size", "by"))
    say("To put the newest in its store's place:")
    show_command("restore", notes[-1].path)


def _moment(text: str) -> str:
    """Write a time to the minute: ISO 8601, or what the name of a plan's backup says."""
    if text[8:9] == "T":
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}"
    return text[:16].replace("T", " ")

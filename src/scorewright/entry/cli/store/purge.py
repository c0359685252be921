"""``scorewright store purge``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json, print_table
from scorewright.entry.cli.store.options import Location, room, safe_rows
from scorewright.entry.cli.store.papers import HolderOption, bytes_text, say
from scorewright.entry.cli.store.papers import command as show_command

if TYPE_CHECKING:
    from scorewright.flows.store.purge_bin import Remains

__all__ = ["command"]


def command(
    context: typer.Context,
    location: Location = None,
    consent: Annotated[
        list[str] | None,
        typer.Option("--consent", help="Short id of what is to be deleted for good. Repeatable."),
    ] = None,
    holder: HolderOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what is kept for taking plans back; with --consent ID delete it. Nothing undoes that."""
    from scorewright import wiring

    keeping = wiring.StoreKeeping(room(context))
    if not consent:
        remains = [one for one in keeping.remains(location) if one.kept]
        waiting = keeping.unfinished(location)
        if as_json:
            unfinished = [{"what": what, "what_to_do": way} for what, way in waiting]
            listed = [_entry(one) for one in remains]
            print_json({"schema_version": 1, "kept": listed, "unfinished": unfinished})
        else:
            _print(remains, waiting, location)
        return
    with listening(context, as_json=as_json) as notify:
        purged = keeping.purge(location, consent, notify, holder)
    if as_json:
        print_json({"schema_version": 1, **asdict(purged)})
        return
    for kept in purged.kept:
        say(f"  deleted: {kept.kind} {kept.path}, {bytes_text(kept.size)}")
    say(f"{bytes_text(purged.size)} were deleted for good.")


def _entry(remains: Remains) -> dict[str, object]:
    return {
        "id": remains.id,
        "plan": None if remains.receipt is None else remains.receipt.plan.id,
        "kind": None if remains.receipt is None else remains.receipt.plan.kind,
        "ended": None if remains.receipt is None else remains.receipt.ended,
        "bytes": remains.size,
        "kept": [asdict(kept) for kept in remains.kept],
    }


def _print(
    remains: Sequence[Remains], waiting: Sequence[tuple[str, str]], location: str | None
) -> None:
    if not remains:
        say("Nothing is kept: there is nothing to delete.")
        return
    rows = [
        (
            one.id,
            "no receipt" if one.receipt is None else one.receipt.plan.kind,
            "" if one.receipt is None else one.receipt.ended[:16].replace("T", " "),
            ", ".join(f"{kept.kind} ({kept.files:,})" for kept in one.kept),
            bytes_text(one.size),
        )
        for one in remains
    ]
    print_table("Kept", ("id", "of a plan", "carried out", "what (files)", "size"), safe_rows(rows))
    for what, way in waiting:
        say(f"{what}: nothing can be deleted before it is. {way}", style="yellow")
    say("While it is kept, receipts can be taken back. To delete something for good:")
    place = [] if location is None else [location]
    show_command("purge", *place, "--consent", remains[0].id)

"""Plans, receipts and proofs on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.entry.cli.screen import print_pairs, print_table, stdout
from scorewright.entry.cli.store.options import safe, safe_rows

if TYPE_CHECKING:
    from scorewright.core.plans import Plan
    from scorewright.flows.store.verify_store import Verification
    from scorewright.wiring import Applied, PlanFile

__all__ = [
    "AddressOption",
    "AllOption",
    "HolderOption",
    "OutputOption",
    "bytes_text",
    "print_applied",
    "print_plan",
    "print_verification",
    "say",
]

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="File of the plan.", show_default=".scorewright/plan-ID.json"
    ),
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Show every step and every change, not the first ones.")
]
HolderOption = Annotated[
    str, typer.Option("--holder", help="Who does it.", show_default="the account's name")
]
AddressOption = Annotated[
    list[str] | None,
    typer.Option(
        "--address", help="Whole address of a store that the plan names without its password."
    ),
]
_STEPS = 8
_CHANGES = 3
_NOTES = 10
_STEP = 1000
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def say(text: str, *, style: str = "") -> None:
    """Print a line of text as it is, its words from a stranger's store made harmless."""
    stdout().print(escape(safe(text)), style=style or None, soft_wrap=True)


def bytes_text(size: int) -> str:
    """Write a number of bytes for people."""
    amount, unit = float(size), 0
    while abs(amount) >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{size:,} bytes" if unit == 0 else f"{amount:,.1f} {_UNITS[unit]}"


def print_plan(made: PlanFile, *, shows_all: bool = False) -> None:
    """Print what a plan would do, and how it is carried out."""
    from scorewright.core.plans import plan_text

    plan = made.plan
    text = plan_text(plan)
    _print_heads(plan)
    if text.operations:
        rows = [(name, f"{count:,}") for name, count in text.operations]
        print_table("What would be done", ("operation", "steps"), rows)
    if text.balance:
        columns = ("of", "found", "copied", "merged", "duplicate", "quarantined", "left", "missing")
        balance = [
            (line.what, *(f"{number:,}" for number in (
                line.found, line.copied, line.merged, line.duplicate, line.quarantined, line.left,
                line.difference,
            )))
            for line in text.balance
        ]  # fmt: skip
        print_table("Everything is accounted for", columns, safe_rows(balance))
    _print_steps(text.steps, shows_all=shows_all)
    _print_notes(plan.notes, shows_all=shows_all)
    if made.file is None:
        say("There is nothing to do: no plan was written.", style="bold")
        return
    print_pairs("Plan", [("plan", str(made.file)), *_payload(made)])
    stdout().print("Nothing has been changed. To carry it out:")
    say(f"  scorewright store apply {made.file}", style="bold")


def print_applied(done: Applied) -> None:
    """Print what was done and proved, and what comes next."""
    receipt = done.receipt
    say(f"{len(receipt.plan.steps):,} steps are done: {receipt.plan.target.location}")
    for line in receipt.checks:
        say(f"  proved: {line}")
    print_pairs("Receipt", [("receipt", str(done.file)), ("backup", receipt.backup or "none")])
    stdout().print("To take it back:")
    say(f"  {done.undo}", style="bold")
    if receipt.plan.kind == "consolidate":
        stdout().print("The sources are as they were. To prove the new store, then move one aside:")
        say(f"  scorewright store verify --receipt {done.file} --read-data", style="bold")
        for source in receipt.plan.sources:
            say(
                f"  scorewright store archive {source.location} --receipt {done.file}", style="bold"
            )


def print_verification(found: Verification) -> None:
    """Print what holds and what does not."""
    for line in found.checks:
        say(f"  proved: {line}")
    for line in found.differences:
        say(f"  differs: {line}", style="red")
    for finding in found.findings:
        say(f"  {finding.code} {finding.severity}: {finding.subject}: {finding.message}")
    word = "The store is whole." if found.is_whole else "The store is not as it should be."
    say(word, style="bold")


def _print_heads(plan: Plan) -> None:
    pairs = [("store", plan.target.location)]
    pairs += [("from", source.location) for source in plan.sources]
    pairs += [
        ("to copy", bytes_text(plan.copies)),
        ("becomes free", bytes_text(plan.frees)),
        ("can be undone", "all of it, until somebody else writes to the store, or a purge"),
    ]
    print_pairs(f"Plan of the kind '{plan.kind}'", [(name, safe(text)) for name, text in pairs])


def _print_steps(steps: Sequence[tuple[str, Sequence[str]]], *, shows_all: bool) -> None:
    shown = steps if shows_all else steps[:_STEPS]
    if shown:
        stdout().print("[bold]Steps[/]" if shows_all else "[bold]First steps[/]")
    for number, (sentence, changes) in enumerate(shown, start=1):
        say(f"{number}. {sentence}")
        _print_some(changes, len(changes) if shows_all else _CHANGES)
    if len(steps) > len(shown):
        say(f"... {len(steps) - len(shown):,} more steps; --all shows them", style="dim")


def _print_some(lines: Sequence[str], most: int) -> None:
    for line in lines[:most]:
        say(f"     {line}", style="dim")
    if len(lines) > most:
        say(f"     ... {len(lines) - most:,} more", style="dim")


def _print_notes(notes: Sequence[str], *, shows_all: bool) -> None:
    if not notes:
        return
    stdout().print("[bold]To know[/]")
    for note in notes if shows_all else notes[:_NOTES]:
        say(f"- {note if shows_all else ' '.join(note.splitlines()[:2])}")
    if not shows_all and len(notes) > _NOTES:
        say(f"... {len(notes) - _NOTES:,} more notes; --all shows them", style="dim")


def _payload(made: PlanFile) -> Iterable[tuple[str, str]]:
    if made.payload is not None:
        yield "rows and files", str(made.payload)

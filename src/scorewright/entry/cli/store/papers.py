"""Plans, receipts and proofs on the screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.entry.cli.screen import print_pairs, print_table, stderr, stdout
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
    "command",
    "going_on",
    "near",
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


def near(place: Path | str) -> str:
    """Write a path as it is called from here: short where it lies below the working directory."""
    path = Path(place)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(place)


def command(*words: Path | str) -> None:
    """Print a command of ``scorewright store`` that can be pasted, on a line of its own."""
    text = " ".join(shlex.quote(near(word)) for word in words)
    say(f"  scorewright store {text}", style="bold")


@contextmanager
def going_on() -> Iterator[None]:
    """Say how to go on where somebody interrupts what changes a store; an error says it itself."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        for note in getattr(end, "__notes__", ()):
            stderr().print(escape(safe(note)), soft_wrap=True)
        raise


def bytes_text(size: int) -> str:
    """Write a number of bytes for people."""
    amount, unit = float(size), 0
    while abs(amount) >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{size:,} bytes" if unit == 0 else f"{amount:,.1f} {_UNITS[unit]}"


def print_plan(made: PlanFile, *, shows_all: bool = False) -> None:
    """Print what a plan would do, and how it is carried out."""
    from scorewright.core.plans import balance_table, plan_text

    plan = made.plan
    text = plan_text(plan)
    _print_heads(plan)
    if text.operations:
        rows = [(name, f"{count:,}") for name, count in text.operations]
        print_table("What would be done", ("operation", "steps"), rows)
    if text.balance:
        columns, balance = balance_table(text.balance)
        print_table("Everything is accounted for", columns, safe_rows(balance))
    _print_steps(text.steps, shows_all=shows_all)
    _print_notes(plan.notes, shows_all=shows_all)
    if made.file is None:
        say("There is nothing to do: no plan was written.", style="bold")
        return
    print_pairs("Plan", [("plan", near(made.file)), *_payload(made)])
    stdout().print("Nothing has been changed. To carry it out:")
    command("apply", made.file)


def print_applied(done: Applied) -> None:
    """Print what was done and proved, and what comes next."""
    receipt = done.receipt
    count = len(receipt.plan.steps)
    done_now = "1 step is done" if count == 1 else f"{count:,} steps are done"
    say(f"{done_now}: {receipt.plan.target.location}")
    for line in receipt.checks:
        say(f"  proved: {line}")
    backup = near(receipt.backup) if receipt.backup else "none: there was nothing before"
    print_pairs("Receipt", [("receipt", near(done.file)), ("backup", backup)])
    stdout().print("To take it back:")
    command("undo", done.file)
    if receipt.plan.kind == "consolidate":
        stdout().print("The sources are as they were. To prove the new store, then move one aside:")
        command("verify", "--receipt", done.file, "--read-data")
        for source in receipt.plan.sources:
            if "://" not in source.location:  # what a server holds is no file to move
                command("archive", source.location, "--receipt", done.file)


def print_verification(found: Verification) -> None:
    """Print what holds and what does not."""
    for line in found.checks:
        say(f"  proved: {line}")
    for line in found.differences:
        say(f"  differs: {line}", style="red")
    for line in found.since:
        say(f"  changed since the newest plan: {line}", style="yellow")
    for finding in found.findings:
        say(f"  {finding.code} {finding.severity}: {finding.subject}: {finding.message}")
    word = "The store is whole." if found.is_whole else "The store is not as it should be."
    say(word, style="bold")
    if found.since:
        say("If nobody has used it since, those changes are nobody's: --receipt holds it to them.")


def _print_heads(plan: Plan) -> None:
    pairs = [("store", plan.target.location)]
    pairs += [("from", source.location) for source in plan.sources]
    sizes = (("to copy", plan.copies), ("becomes free", plan.frees))
    pairs += [(name, bytes_text(size)) for name, size in sizes if size]
    pairs += [
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
    if (more := len(steps) - len(shown)) > 0:
        say(f"... {more:,} more step{'' if more == 1 else 's'}; --all shows all", style="dim")


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
        more = len(notes) - _NOTES
        say(f"... {more:,} more note{'' if more == 1 else 's'}; --all shows all", style="dim")


def _payload(made: PlanFile) -> Iterable[tuple[str, str]]:
    if made.payload is not None:
        yield "rows and files", near(made.payload)

"""``scorewright store compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    stdout,
)
from scorewright.entry.cli.store.fitting import print_lists
from scorewright.entry.cli.store.options import HashOption, room, safe_rows

if TYPE_CHECKING:
    from scorewright.core.store_views import StoreComparison

__all__ = ["command"]

FINDINGS = 1


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="One store.")],
    b: Annotated[str, typer.Argument(help="The other.")],
    history: Annotated[
        bool, typer.Option("--history/--no-history", help="Compare all values of the metrics.")
    ] = True,
    artifacts: Annotated[
        bool, typer.Option("--artifacts", help="Compare artifact files, by path and size.")
    ] = False,
    hashed: HashOption = False,
    limit: Annotated[
        int, typer.Option(min=1, help="Lines per list; --json gives everything.")
    ] = 20,
    fail_on_difference: Annotated[
        bool, typer.Option("--fail-on-difference", help="Exit with 1 where the stores differ.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what only one of two stores has, what is the same, and what differs field by field.

    Runs are matched by id, those left over by what was logged to them.
    """
    from scorewright.flows.store.compare import CompareWish
    from scorewright.flows.store.inventory import FileWish

    wish = CompareWish(history, FileWish(is_listed=artifacts or hashed, is_hashed=hashed))
    with listening(context, as_json=as_json) as notify:
        found = room(context).compare(a, b, wish, notify)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, limit)
    if fail_on_difference and not found.is_same:
        raise typer.Exit(FINDINGS)


def _print(found: StoreComparison, limit: int) -> None:
    stdout().print(f"A: {escape(found.a)}\nB: {escape(found.b)}", soft_wrap=True)
    columns = ("", "only in A", "only in B", "same", "differing", "matched by content")
    print_table("Comparison", columns, found.table())
    if only := safe_rows(found.only_rows(limit)):
        print_lists("Only in one of them", ("in", "what", "name", "id"), only, whole={"id"})
    if rows := safe_rows(found.difference_rows(limit)):
        print_table("What differs", ("what", "name", "field", "in A", "in B"), rows)
    if found.is_same:
        stdout().print("Both stores hold the same.")

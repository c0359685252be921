"""``scorewright store show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_pairs,
    print_table,
    stdout,
)
from scorewright.entry.cli.store.options import room, safe, safe_rows

if TYPE_CHECKING:
    from scorewright.core.store_views import RunCard

__all__ = ["command"]

_FILES = 50


def command(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Id, beginning of an id, or a name that one run has.")],
    store: Annotated[
        str | None, typer.Option("--store", help="The store.", show_default="the project's store")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one run whole: what was logged, models, versions, relatives, and what is wrong."""
    with listening(context, as_json=as_json) as notify:
        card = room(context).show(store, run, notify)
    if as_json:
        print_json(card.to_dict())
    else:
        _print(card)


def _print(card: RunCard) -> None:
    _pairs("Run", card.pairs())
    if card.params:
        _pairs("Parameters", [(key, value or "") for key, value in card.params.items()])
    if card.metrics:
        print_table(
            "Metrics", ("metric", "last value", "step", "values"), safe_rows(card.metric_rows())
        )
    if card.tags:
        _pairs("Tags", [(key, value or "") for key, value in card.tags.items()])
    files = safe_rows(card.artifact_rows())
    if files:
        print_table("Artifacts", ("owner", "path", "size"), files[:_FILES])
        if len(files) > _FILES:
            stdout().print(f"[dim]... {len(files) - _FILES:,} more[/]")
    if card.findings:
        columns = ("code", "severity", "what", "what to do")
        print_table("Problems", columns, safe_rows(card.finding_rows()))
    else:
        stdout().print("No rule of the audit is broken by this run.")


def _pairs(title: str, pairs: list[tuple[str, str]]) -> None:
    print_pairs(title, [(safe(name), safe(text)) for name, text in pairs])

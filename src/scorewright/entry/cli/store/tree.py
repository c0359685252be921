"""``scorewright store tree``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.tree import Tree

from scorewright.entry.cli.screen import JsonOption, listening, print_json, stdout
from scorewright.entry.cli.store.options import Location, room, safe

if TYPE_CHECKING:
    from scorewright.core.store_views import Node

__all__ = ["command"]

_STYLES = {
    "production": "bold green", "running": "yellow", "failed": "red", "killed": "red",
    "deleted": "dim", "run missing": "red", "parent missing": "red", "experiment missing": "red",
}  # fmt: skip


def command(
    context: typer.Context,
    location: Location = None,
    depth: Annotated[
        int, typer.Option(min=1, max=50, help="1: experiments, 2: runs, 3 and more: children.")
    ] = 3,
    limit: Annotated[
        int, typer.Option(min=0, help="Longer lists are folded; 0 shows everything.")
    ] = 10,
    artifacts: Annotated[
        bool, typer.Option("--artifacts/--no-artifacts", help="Look for artifact files.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Draw a store's structure at a glance: experiments, runs, children, registered models."""
    from scorewright.core.store_views import TreeWish

    with listening(context, as_json=as_json) as notify:
        found = room(context).tree(location, TreeWish(depth, limit, artifacts), notify)
    if as_json:
        print_json({"schema_version": 1, **found.to_dict()})
        return
    drawn = Tree(_line(found), guide_style="dim")
    _grow(drawn, found)
    stdout().print(drawn)


def _grow(tree: Tree, node: Node) -> None:
    for child in node.children:
        _grow(tree.add(_line(child)), child)


def _line(node: Node) -> str:
    label = escape(safe(node.label))
    if node.kind in {"store", "experiment", "registry", "model"}:
        label = f"[bold]{label}[/]"
    if node.kind == "more":
        return f"[dim]{label}[/]"
    parts = [label]
    if node.kind == "run" and node.id != node.label:
        parts.append(f"[dim]{escape(node.id[:8])}[/]")
    if text := node.text():
        parts.append(f"[dim]({text})[/]")
    parts += [_marker(marker) for marker in node.markers]
    return " ".join(parts)


def _marker(marker: str) -> str:
    # In words, so that colour is never all there is.
    style = _STYLES.get(marker, "cyan")
    return f"[{style}]<{escape(safe(marker))}>[/]"

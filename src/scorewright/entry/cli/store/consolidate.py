"""``scorewright store consolidate``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import RootOption, room, root_rules
from scorewright.entry.cli.store.papers import AllOption, OutputOption, print_plan

__all__ = ["command"]


class _SameName(StrEnum):
    merge = "merge"
    suffix = "suffix"


class _Share(StrEnum):
    copy = "copy"
    reflink = "reflink"
    link = "link"


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    sources: Annotated[
        list[str], typer.Argument(help="Stores; the first has the right to its names.")
    ],
    into: Annotated[
        str,
        typer.Option(
            "--into", help="SQLite file, new or existing, folder for one, or postgresql:// address."
        ),
    ],
    on_same_name: Annotated[
        _SameName,
        typer.Option(help="Experiments of one name become one, or the later one gets a suffix."),
    ] = _SameName.merge,
    share: Annotated[
        _Share,
        typer.Option(
            help="Artifacts are copied; share their blocks (reflink); or are one file (link)."
        ),
    ] = _Share.copy,
    artifact_root: Annotated[
        str,
        typer.Option(
            "--artifact-root",
            help="Folder of the target's artifacts.",
            show_default="mlartifacts beside a new file",
        ),
    ] = "",
    output: OutputOption = None,
    shows_all: AllOption = False,
    root: RootOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan how several stores become one; the plan is written, nothing else is changed."""
    from scorewright import wiring

    wish = wiring.ConsolidateWish(on_same_name.value, share.value, artifact_root, root_rules(root))
    with listening(context, as_json=as_json) as notify:
        plans = wiring.StorePlans(room(context))
        made = plans.consolidate(sources, into, wish, output, notify)
    if as_json:
        print_json(made.to_dict())
    else:
        print_plan(made, shows_all=shows_all)

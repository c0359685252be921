"""``scorewright store plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import JsonOption, listening, print_json
from scorewright.entry.cli.store.options import Location, RootOption, room, root_rules
from scorewright.entry.cli.store.papers import AllOption, OutputOption, print_plan

if TYPE_CHECKING:
    from scorewright.wiring import PlanFile

__all__ = ["command"]


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    location: Location = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix", help="Code of a finding of the audit, such as RUN-001; or 'all'. Repeatable."
        ),
    ] = None,
    structure: Annotated[
        bool,
        typer.Option("--structure", help="The structure wished in store.rationalise."),
    ] = False,
    declaration: Annotated[
        Path | None,
        typer.Option(
            "--declaration", help="File with that section.", show_default="scorewright.toml"
        ),
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="What runs lack and their own evidence gives.")
    ] = False,
    output: OutputOption = None,
    shows_all: AllOption = False,
    root: RootOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write down what would be done to a store; nothing in it is changed."""
    from scorewright import wiring

    codes = [code.strip() for text in fix or () for code in text.split(",") if code.strip()]
    wants_structure = structure or declaration is not None
    _refuse_unclear([bool(codes), wants_structure, backfill])
    rules = root_rules(root)
    with listening(context, as_json=as_json) as notify:
        plans = wiring.StorePlans(room(context))
        made: PlanFile
        if codes:
            made = plans.fix(location, codes, rules, output, notify)
        elif wants_structure:
            made = plans.structure(location, declaration, rules, output, notify)
        else:
            made = plans.backfill(location, rules, output, notify)
    if as_json:
        print_json(made.to_dict())
    else:
        print_plan(made, shows_all=shows_all)


def _refuse_unclear(wishes: list[bool]) -> None:
    if sum(wishes) != 1:
        raise UsageError(
            "A plan comes from one thing; it is not clear which."
            if any(wishes)
            else "It is not said what the plan comes from.",
            remedy="Give one of: --fix CODE, --structure, --declaration FILE, --backfill. To bring "
            "stores together: scorewright store consolidate",
            code="plan-unclear",
        )

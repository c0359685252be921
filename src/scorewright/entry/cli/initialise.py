"""``scorewright init FILE`` and ``scorewright init --template``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import JsonOption, print_json, print_pairs, stdout

if TYPE_CHECKING:
    from scorewright.flows.initialised import Initialised

__all__ = ["command"]


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    file: Annotated[
        Path | None, typer.Argument(help="A table of past applications: CSV or Parquet.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--directory", "-d", help="Folder of the new project.")
    ] = Path(),
    target: Annotated[
        str | None, typer.Option(help="Column with the outcome, if the guess is wrong.")
    ] = None,
    bad_value: Annotated[
        str | None, typer.Option(help="Its value that means default, if the guess is wrong.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The project's name, snake_case.")] = None,
    template: Annotated[
        str | None, typer.Option(help="A project known beforehand: home-credit.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the template's tables; 'data' in the project if not said."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite an existing scorewright.toml.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a commented scorewright.toml and a contract for a given table.

    Target, key, dates, types and separators are guessed; nothing is asked. Read the two files,
    correct what was guessed wrong, then run 'scorewright data check' and 'scorewright train'.
    """
    from scorewright import wiring

    if (template is None) == (file is None):
        raise UsageError(
            "Name a table or a template, one of the two.",
            remedy="scorewright init FILE, or scorewright init --template home-credit --data DIR",
            code="init-source",
        )
    if file is None:
        _from_template(template or "", directory, data, force=force, as_json=as_json)
        return
    wish = wiring.NewProject(file, directory, target, bad_value, name, force=force)
    made = wiring.init_project(wish)
    if as_json:
        print_json(made.to_dict())
        return
    print_pairs(
        "A new project",
        [
            ("settings", str(made.settings_file)),
            ("contract", str(made.contract_file)),
            ("rows", f"{made.rows:,}"),
            ("target", f"{made.target} (bad: {made.bad_value}, {100 * made.bad_rate:.1f} %)"),
            ("key", made.key or "none found"),
            ("decision date", made.decision_date or "none found"),
            ("kept from the model", _kept(made) or "nothing"),
        ],
    )
    for warning in made.warnings:
        stdout().print(f"[yellow]warning[/] {escape(warning)}")
    stdout().print("Next: [bold]scorewright data check[/], then [bold]scorewright train[/]")


def _from_template(
    template: str, directory: Path, data: Path | None, *, force: bool, as_json: bool
) -> None:
    from scorewright import wiring

    wish = wiring.NewTemplateProject(template, directory, data, force=force)
    made = wiring.init_template(wish)
    if as_json:
        print_json(made.to_dict())
        return
    pairs = [("settings", str(made.files[0]))]
    pairs += [(f"table {name}", files) for name, files in made.draft.tables.items()]
    pairs.append(("decision date", made.draft.decision_date or "none in the data"))
    print_pairs(f"A new project from the template {template}", pairs)
    stdout().print("Next: [bold]scorewright data check[/], then [bold]scorewright train[/]")


def _kept(made: Initialised) -> str:
    """Name the columns with the reason: ``sex (personal), uuid (identifier)``."""
    reasons = made.withheld_because
    return ", ".join(f"{name} ({reasons[name]})" for name in made.withheld)

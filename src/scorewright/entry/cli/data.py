"""``scorewright data``: check, accept, generate and download."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli import download, generate
from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    session,
    stdout,
)

__all__ = ["app"]

app = typer.Typer(help="Check tables, generate a portfolio, fetch one.", no_args_is_help=True)
app.command("generate", epilog="Example: scorewright data generate -n 20000 -o portfolio")(
    generate.command
)
app.command("download", epilog="Example: scorewright data download home-credit --out data")(
    download.command
)

FINDINGS = 1


@app.command("check", epilog="Example: scorewright data check --json")
def check(context: typer.Context, as_json: JsonOption = False) -> None:
    """Enforce every table's contract, row by row, and look for leaks.

    A table without a contract gets one inferred and written to contracts/. Exits with 1 when
    anything breaks a contract.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = wiring.project(session(context).config).check_data(notify)
    if as_json:
        print_json(result.to_dict())
    else:
        for path in result.written:
            stdout().print(f"contract inferred and written: [bold]{path}[/]", soft_wrap=True)
        rows = result.rows()
        if rows:
            columns = ("table", "column", "severity", "problem", "rows", "first row", "expected")
            print_table("What breaks a contract", columns, rows)
        leaks = result.leakage_rows()
        if leaks:
            print_table("Leakage", ("code", "severity", "column", "message", "what to do"), leaks)
        if not rows and not leaks:
            stdout().print("Every row keeps its contract, no leak found.")
    if not result.is_clean:
        raise typer.Exit(FINDINGS)


@app.command(
    "accept",
    epilog='Example: scorewright data accept LEAK-002 income --reason "known at application"',
)
def accept(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The finding, such as LEAK-002.")],
    column: Annotated[str, typer.Argument(help="The column it is about.")],
    reason: Annotated[str, typer.Option(help="Why it is safe, in at least ten characters.")],
    as_json: JsonOption = False,
) -> None:
    """Accept a leakage finding, with a reason that is kept in scorewright.toml."""
    from scorewright import wiring

    file = wiring.accept_finding(session(context).config, code, column, reason)
    if as_json:
        accepted = {"code": code, "column": column, "reason": reason}
        print_json({"schema_version": 1, "file": str(file), "accepted": accepted})
    else:
        stdout().print(f"{code} on {column} accepted in {file}")

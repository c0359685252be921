"""``scorewright bundle``: inspect and verify."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, print_pairs, print_table, session

__all__ = ["app"]

app = typer.Typer(help="Look at and prove deployable bundles.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Argument(help="'current', a digest or its beginning, or a folder.")
]


@app.command("inspect", epilog="Example: scorewright bundle inspect current")
def inspect(
    context: typer.Context, reference: Reference = "current", as_json: JsonOption = False
) -> None:
    """Show what a bundle is: model, data, contract, calibration, figures, files."""
    from scorewright import wiring

    report = wiring.project(session(context).config).inspect_bundle(reference)
    if as_json:
        print_json(report.to_dict())
        return
    print_pairs(f"Bundle {report.digest[:12]}", report.pairs())
    print_table("Files", ("path", "bytes", "sha256"), report.file_rows())


@app.command("verify", epilog="Example: scorewright bundle verify current --json")
def verify(
    context: typer.Context, reference: Reference = "current", as_json: JsonOption = False
) -> None:
    """Prove a bundle: signature, files, digests, and its answers in a disposable process."""
    from scorewright import wiring

    report = wiring.project(session(context).config).verify_bundle(reference)
    if as_json:
        print_json(report.to_dict())
        return
    print_pairs(f"Bundle {report.digest[:12]} is sound", report.proof_pairs())

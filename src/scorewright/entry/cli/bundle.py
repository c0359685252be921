"""``scorewright bundle``: list, inspect, verify, roll back."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    print_json,
    print_pairs,
    print_table,
    session,
    stdout,
)

__all__ = ["app"]

app = typer.Typer(help="List, look at, prove and roll back bundles.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Argument(help="'current', a digest or its beginning, or a folder.")
]


@app.command("list", epilog="Example: scorewright bundle list --json")
def listed(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the bundles, newest first: model, policies, what is deployed and what was before.

    Signatures and digests are checked; no model is parsed.
    """
    from scorewright import wiring
    from scorewright.flows.list_bundles import BUNDLE_COLUMNS

    rows = wiring.project(session(context).config).list_bundles()
    if as_json:
        print_json({"schema_version": 1, "bundles": [row.to_dict() for row in rows]})
    else:
        print_table("Bundles", BUNDLE_COLUMNS, [row.cells() for row in rows])


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


@app.command("rollback", epilog="Example: scorewright bundle rollback --yes")
def rollback(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Deploy again what was deployed before, after proving it. Running services take it over.

    Done twice, it goes forward again.
    """
    from scorewright import wiring
    from scorewright.flows.list_bundles import bundle_name
    from scorewright.flows.serve import rollback_target

    project = wiring.project(session(context).config)
    bundles = project.bundles()
    before = bundles.current()
    to = project.serving.roll_back() if yes else rollback_target(bundles)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "changed": yes,
                "from": {"bundle": before.bundle, "policy_file": before.policy_file},
                "to": {"bundle": to.bundle, "policy_file": to.policy_file},
            }
        )
    elif yes:
        stdout().print(f"Deployed: [bold]{bundle_name(to)}[/]; before: {bundle_name(before)}.")
        stdout().print("Services that run take it over by themselves.")
    else:
        stdout().print(f"Deployed is {bundle_name(before)}.")
        stdout().print(f"It would go back to [bold]{bundle_name(to)}[/].")
        stdout().print(
            "Nothing has been changed. To do it: [bold]scorewright bundle rollback --yes[/]"
        )

"""``scorewright doctor``."""

from __future__ import annotations

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, print_table, session

__all__ = ["command"]

FINDINGS = 1


def command(context: typer.Context, as_json: JsonOption = False) -> None:
    """Check versions, tracking store, disk and port; each problem comes with a remedy."""
    from dataclasses import asdict

    from scorewright import wiring

    checks = wiring.doctor(session(context).config)
    if as_json:
        print_json({"schema_version": 1, "checks": [asdict(c) for c in checks]})
    else:
        rows = [(c.name, c.status, c.detail, c.remedy) for c in checks]
        print_table("Doctor", ("what", "state", "detail", "what to do"), rows)
    if any(c.status == "error" for c in checks):
        raise typer.Exit(FINDINGS)

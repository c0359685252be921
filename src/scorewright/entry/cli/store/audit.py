"""``scorewright store audit``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    stdout,
)
from scorewright.entry.cli.store.options import (
    HashOption,
    Location,
    RootOption,
    room,
    root_rules,
    safe,
)

if TYPE_CHECKING:
    from scorewright.core.audit import AuditReport
    from scorewright.core.findings import Severity

__all__ = ["command"]

FINDINGS = 1
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


class _FailOn(StrEnum):
    error = "error"
    warning = "warning"
    never = "never"


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    location: Location = None,
    fail_on: Annotated[
        _FailOn, typer.Option("--fail-on", help="Exit with 1 on such a finding or a worse one.")
    ] = _FailOn.never,
    hashed: HashOption = False,
    metric_check: Annotated[
        bool,
        typer.Option(
            "--metric-check/--no-metric-check",
            help="Recompute logged figures from stored predictions.",
        ),
    ] = True,
    probe_models: Annotated[
        bool,
        typer.Option("--probe-models", help="Load every model but pickles, in a child process."),
    ] = False,
    load_pickles: Annotated[
        bool,
        typer.Option(
            "--load-pickles",
            help="Load pickles too: whatever code they hold runs in that child, with your rights.",
        ),
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the report: .html or .json.")
    ] = None,
    root: RootOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a store by seven criteria, and say for each finding what mends it."""
    from scorewright import wiring

    _refuse_other(output)
    wish = wiring.AuditWish(
        is_hashed=hashed,
        reads_predictions=metric_check,
        roots=root_rules(root),
        loads_models=probe_models or load_pickles,
        loads_pickles=load_pickles,
    )
    with listening(context, as_json=as_json) as notify:
        stores = room(context)
        report = stores.audit(location, wish, notify)
        if output is not None:
            stores.write_audit(report, output, notify)
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report)
        if output is not None:
            stdout().print(f"report: [bold]{escape(str(output))}[/]")
    limits: dict[_FailOn, Severity] = {_FailOn.error: "error", _FailOn.warning: "warning"}
    if fail_on in limits and report.reaches(limits[fail_on]):
        raise typer.Exit(FINDINGS)


def _refuse_other(output: Path | None) -> None:
    if output is not None and output.suffix.lower() not in {".html", ".htm", ".json"}:
        raise UsageError(
            f"An audit cannot be written as '{output.suffix}' ({output}).",
            remedy="End the name in .html or .json.",
            code="output-format",
            details={"file": str(output)},
        )


def _print(report: AuditReport) -> None:
    from scorewright.core.store_views import CRITERION_COLUMNS, criterion_rows, finding_subjects

    print_table(f"Audit of {escape(report.location)}", CRITERION_COLUMNS, criterion_rows(report))
    console = stdout()
    for criterion in report.criteria:
        mine = [finding for finding in report.findings if finding.criterion == criterion.name]
        if mine:
            console.print(f"\n[bold]{criterion.name}[/]")
        for finding in mine:
            style = _STYLES[finding.severity]
            told = f"{finding.code} [{style}]{finding.severity}[/] {escape(finding.title)}"
            console.print(f"  {told}: {escape(safe(finding.counted))}", soft_wrap=True)
            console.print(
                f"    {escape(safe(finding_subjects(finding)))}", style="dim", soft_wrap=True
            )
            for hit in finding.hits[:1]:
                if hit.text:
                    console.print(f"    {escape(safe(hit.text))}", style="dim", soft_wrap=True)
            console.print(f"    what to do: {escape(safe(finding.remedy))}", soft_wrap=True)
    console.print(f"\n[bold]{report.score}[/]")

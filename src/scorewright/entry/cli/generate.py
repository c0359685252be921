"""``scorewright data generate``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import JsonOption, listening, print_json, print_pairs

__all__ = ["command"]


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the tables.")],
    applications: Annotated[
        int, typer.Option("--applications", "-n", help="Applications, up to 10 million.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal portfolios.")] = 42,
    start: Annotated[
        str, typer.Option(help="First decision date; the dates span three years.")
    ] = "2022-01-01",
    observed_on: Annotated[
        str, typer.Option(help="Labels that mature after this date are missing.")
    ] = "",
    processes: Annotated[
        int, typer.Option(help="Processes to use; 0 takes one per processor.")
    ] = 0,
    macro_drift: Annotated[
        bool, typer.Option("--macro-drift", help="The economy worsens: PDs rise over time.")
    ] = False,
    population_shift: Annotated[
        bool, typer.Option("--population-shift", help="From half-way, other people apply.")
    ] = False,
    bureau_outage: Annotated[
        bool, typer.Option("--bureau-outage", help="For 60 days nothing comes from the bureau.")
    ] = False,
    policy_change: Annotated[
        bool, typer.Option("--policy-change", help="In the last year the riskiest are declined.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Generate a synthetic portfolio: seven linked tables by their Home Credit names.

    No row describes a person. The same options give the same bytes; a run that was interrupted
    is completed by running it again.
    """
    from scorewright import wiring
    from scorewright.core.portfolio import (
        BureauOutage,
        MacroDrift,
        PolicyChange,
        PopulationShift,
        PortfolioSpec,
        Switches,
    )

    spec = PortfolioSpec(
        applications=applications,
        seed=seed,
        start=_day("--start", start),
        observed_on=_day("--observed-on", observed_on) if observed_on else None,
        switches=Switches(
            macro_drift=MacroDrift() if macro_drift else None,
            population_shift=PopulationShift() if population_shift else None,
            bureau_outage=BureauOutage() if bureau_outage else None,
            policy_change=PolicyChange() if policy_change else None,
        ),
    )
    with listening(context, as_json=as_json) as notify:
        result = wiring.generate_portfolio(spec, out, processes, notify)
    if as_json:
        print_json(result.to_dict())
    else:
        title = f"Synthetic portfolio in {result.seconds:.0f} s"
        print_pairs(title if result.parts_made else "It was there already", result.summary())


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} is '{text}', which is no date.",
            remedy=f"Give {option} a date such as 2022-01-31.",
            code="portfolio-spec",
            details={"name": option, "value": text},
        ) from None

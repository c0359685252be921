"""A portfolio that cannot be made is refused by name, with its limits."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from scorewright.core.errors import UsageError
from scorewright.core.portfolio import (
    BureauOutage,
    MacroDrift,
    PolicyChange,
    PopulationShift,
    PortfolioSpec,
    Switches,
)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"applications": 0}, "applications"),
        ({"applications": -5}, "applications"),
        ({"applications": 10_000_001}, "applications"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"years": 0}, "years"),
        ({"maturity_days": -1}, "maturity_days"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"chunk_size": 60_000}, "chunk_size"),
        ({"start": date(1900, 1, 1)}, "start"),
        ({"observed_on": date(2021, 12, 31)}, "observed_on"),
        ({"switches": Switches(macro_drift=MacroDrift(strength=9.0))}, "macro_drift.strength"),
        (
            {"switches": Switches(macro_drift=MacroDrift(strength=float("nan")))},
            "macro_drift.strength",
        ),
        (
            {"switches": Switches(population_shift=PopulationShift(strength=-4.0))},
            "population_shift.strength",
        ),
        ({"switches": Switches(bureau_outage=BureauOutage(days=0))}, "bureau_outage.days"),
        (
            {"switches": Switches(policy_change=PolicyChange(strength=1.0))},
            "policy_change.strength",
        ),
        (
            {"switches": Switches(policy_change=PolicyChange(start=date(2030, 1, 1)))},
            "policy_change.start",
        ),
    ],
)
def test_a_value_outside_its_limits_is_refused(values: dict[str, Any], name: str) -> None:
    with pytest.raises(UsageError) as refused:
        PortfolioSpec(**{"applications": 100, **values})
    assert refused.value.code == "portfolio-spec"
    assert refused.value.details["name"] == name
    assert "between" in refused.value.message


def test_the_document_of_a_spec_is_plain_json() -> None:
    switches = Switches(bureau_outage=BureauOutage(start=date(2023, 1, 1)))
    spec = PortfolioSpec(100, observed_on=date(2024, 1, 1), switches=switches)
    document = json.loads(json.dumps(spec.to_dict()))
    assert document["start"] == "2022-01-01"
    assert document["observed_on"] == "2024-01-01"
    assert document["switches"]["bureau_outage"] == {"days": 60, "start": "2023-01-01"}
    assert document["switches"]["macro_drift"] is None


def test_parts_cover_the_applications() -> None:
    spec = PortfolioSpec(25_000)
    assert [spec.size_of(index) for index in range(spec.chunks)] == [10_000, 10_000, 5_000]
    assert spec.end == date(2024, 12, 31)

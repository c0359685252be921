"""What lies outside the rows a model was made on is said."""

from __future__ import annotations

from dataclasses import replace

from scorewright.flows.serve import Variant
from scorewright.flows.verify_bundle import Deployment


def _ranged(deployment: Deployment, limits: list[float] | None) -> Variant:
    bundle = deployment.loaded.bundle
    described = {} if limits is None else {"range": limits}
    reference = {"features": {"income": described, "purpose": {"kind": "category"}}}
    loaded = replace(deployment.loaded, bundle=replace(bundle, reference=reference))
    return Variant.of(replace(deployment, loaded=loaded))


def test_values_outside_are_named_and_missing_ones_are_not(deployment: Deployment) -> None:
    variant = _ranged(deployment, [10.0, 20.0])
    assert variant.out_of_range({"income": 9.9, "purpose": "car"}) == ["income"]
    assert variant.out_of_range({"income": 20.1}) == ["income"]
    for inside in (10, 20, 15.5, None):
        assert variant.out_of_range({"income": inside}) == []
    assert variant.out_of_range({}) == []


def test_a_bundle_that_tells_no_range_flags_nothing(deployment: Deployment) -> None:
    assert _ranged(deployment, None).out_of_range({"income": 1e9}) == []
    assert Variant.of(deployment).ranges == ()

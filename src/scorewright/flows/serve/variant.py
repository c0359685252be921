"""A deployment under a name, with what every answer of it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import ColumnType
from scorewright.core.decision_log import Role
from scorewright.flows.verify_bundle import Deployment

__all__ = ["Variant"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Variant:
    """A deployment under a name, with what every answer of it says: made once, used for all.

    Attributes:
        name: ``champion``, or a challenger's name in the settings.
        role: How it comes to score.
        deployment: Its model and policy.
        policy: What answers say of the policy.
        model: What answers say of the model.
        ranges: Column, lowest and highest value of the rows the model was made on; empty for
            bundles that do not tell.
    """

    name: str
    role: Role
    deployment: Deployment
    policy: Mapping[str, Any]
    model: Mapping[str, str]
    ranges: tuple[tuple[str, float, float], ...] = ()

    def out_of_range(self, values: Mapping[str, Any]) -> list[str]:
        """Return the columns whose value lies outside what the model was made on."""
        get = values.get
        return [
            name
            for name, lowest, highest in self.ranges
            if (value := get(name)) is not None and not lowest <= value <= highest
        ]

    @classmethod
    def of(cls, deployment: Deployment, name: str = "champion", role: Role = "champion") -> Variant:
        """Prepare a deployment for answering."""
        policy, manifest = deployment.policy, deployment.loaded.manifest
        return cls(
            name,
            role,
            deployment,
            {"id": policy.id, "version": policy.version, "digest": policy.digest},
            {
                "name": manifest.name,
                "run_id": manifest.run_id,
                "bundle": manifest.digest,
                "model_digest": manifest.model_digest,
            },
            _ranges(deployment.loaded.bundle),
        )


def _ranges(bundle: Bundle) -> tuple[tuple[str, float, float], ...]:
    """Return the ranges of columns that callers send as numbers."""
    described: Mapping[str, Any] = bundle.reference.get("features", {})
    found = []
    for column in bundle.contract.features:
        limits = described.get(column.name, {}).get("range")
        if column.type in _NUMBERS and limits is not None:
            found.append((column.name, float(limits[0]), float(limits[1])))
    return tuple(found)

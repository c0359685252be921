"""What ``init`` made, for people and machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scorewright.core.contracts import Use
from scorewright.flows.init_project import ProjectDraft

__all__ = ["Initialised"]


@dataclass(frozen=True, slots=True)
class Initialised:
    """A new project.

    Attributes:
        settings_file, contract_file: What was written.
        rows: Rows of the table.
        target, bad_value, key, decision_date: What was guessed or given.
        bad_rate: Share of bads, from 0 to 1.
        withheld: Columns the contract keeps from the model.
        withheld_because: Why, by column: ``personal``, ``identifier``, ``date``, ``empty`` or
            ``free text``.
        warnings: What a person should look at, a sentence each.
    """

    settings_file: Path
    contract_file: Path
    rows: int
    target: str
    bad_value: str
    bad_rate: float
    key: str | None
    decision_date: str | None
    withheld: tuple[str, ...]
    withheld_because: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, draft: ProjectDraft, directory: Path) -> Initialised:
        """Describe a draft that was written to ``directory``."""
        contract, roles = draft.contract, draft.roles
        named = {contract.key, contract.target, contract.as_of}
        return cls(
            settings_file=directory / "scorewright.toml",
            contract_file=directory / draft.contract_file,
            rows=draft.rows,
            target=str(roles.target),
            bad_value=str(roles.bad_value),
            bad_rate=draft.bad_rate,
            key=roles.key,
            decision_date=roles.as_of,
            withheld=tuple(
                c.name for c in contract.columns if c.use is not Use.MODEL and c.name not in named
            ),
            withheld_because=dict(draft.withheld_because),
            warnings=draft.warnings,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright init --json``."""
        return {
            "schema_version": 1,
            **asdict(self),
            "settings_file": str(self.settings_file),
            "contract_file": str(self.contract_file),
            "withheld": list(self.withheld),
            "warnings": list(self.warnings),
        }

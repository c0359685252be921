"""What a project declares: its tables joined with its feature files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.features import FeatureLibrary, FeaturePlan, compile_plan
from scorewright.core.project import Settings
from scorewright.flows.ports import ContractFiles, TableSource

__all__ = ["Declared", "declared", "load_contracts"]


@dataclass(frozen=True, slots=True)
class Declared:
    """The features of a project.

    Attributes:
        library: Everything the feature files declare.
        plan: The set the settings name, checked against the tables' contracts.
        sources: The tables it reads, the applications among them.
    """

    library: FeatureLibrary
    plan: FeaturePlan
    sources: Mapping[str, TableSource]


def declared(
    settings: Settings,
    library: FeatureLibrary,
    sources: Mapping[str, TableSource],
    contracts: Mapping[str, Contract],
    name: str | None = None,
) -> Declared:
    """Compile a set of features.

    Args:
        settings: Say which set, unless ``name`` does.
        library: From the project's feature files.
        sources: All tables of the project by name.
        contracts: Their contracts.
        name: Another set.

    Raises:
        UsageError: Everything `compile_plan` and `FeatureLibrary` raise.
    """
    entity = contracts[settings.data.table]
    relations = library.relations(entity, contracts, tuple(settings.tables))
    plan = compile_plan(relations, library.resolve(name or settings.features.set))
    needed = {settings.data.table, *plan.tables}
    return Declared(library, plan, {n: s for n, s in sources.items() if n in needed})


def load_contracts(sources: Mapping[str, TableSource], files: ContractFiles) -> dict[str, Contract]:
    """Load the contract of every table.

    Raises:
        UsageError: ``contract-missing``, ``contract-invalid``.
    """
    found: dict[str, Contract] = {}
    for name, source in sources.items():
        contract = files.load(source.contract_path)
        if contract is None:
            raise UsageError(
                f"The table '{name}' has no contract yet: {source.contract_path} is missing.",
                remedy="Run 'scorewright data check': it infers one for every table.",
                code="contract-missing",
            )
        found[name] = contract
    return found

"""Check tables against their contracts; a table that has none gets a first one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.core.project import DataSettings, Settings
from scorewright.core.tables import TableReport, check_frame, infer_contract
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.ports import ContractFiles, TableFile, TableReader, TableSource

__all__ = ["DataCheck", "check_data"]

STAGE = "data"
_LARGE = "'scorewright features check' looks at it in batches"


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What checking the tables found.

    Attributes:
        reports: One per table, in the order of the sources.
        written: Files of the contracts that were inferred.
        findings: What the reports hold, as findings.
        contracts: Table name -> the contract enforced.
    """

    reports: tuple[TableReport, ...]
    written: tuple[Path, ...]
    findings: tuple[Finding, ...]
    contracts: Mapping[str, Contract]

    @property
    def is_clean(self) -> bool:
        """Whether no table has an error."""
        return all(report.is_clean for report in self.reports)


def check_data(
    settings: Settings,
    tables: Sequence[TableSource],
    reader: TableReader,
    contracts: ContractFiles,
    notify: Notify,
    *,
    is_too_large: Callable[[TableFile], bool] = lambda _: False,
) -> DataCheck:
    """Read each table, infer its contract where there is none, and enforce it.

    Args:
        settings: The project; ``[data]`` gives the roles in the application table.
        tables: The tables, each with the path of its contract.
        reader: Reads tables.
        contracts: Reads and writes contracts.
        notify: Hears the progress.
        is_too_large: Tells which tables do not fit in memory. Of histories with a contract only
            dates, keys and types are then checked, when features are built of them.

    Returns:
        Reports, and the contracts that were written. Bad rows raise nothing.

    Raises:
        UsageError: Files that cannot be read (see `TableReader`), ``contract-invalid``,
            ``column-unknown`` (a role names no column) or ``contract-roles`` (settings and
            contract name different columns).
    """
    notify(StageStarted(STAGE, steps=len(tables)))
    reports: list[TableReport] = []
    written: list[Path] = []
    enforced: dict[str, Contract] = {}
    for done, source in enumerate(tables, start=1):
        contract = contracts.load(source.contract_path)
        is_history = source.file.name != settings.data.table and contract is not None
        if is_history and is_too_large(source.file):
            notify(Note(f"table '{source.file.name}' is too large for memory: {_LARGE}"))
            continue
        try:
            frame = reader.read(source.file)
        except UsageError as error:
            if not is_history or error.code != "data-file-empty":
                raise
            notify(Note(f"table '{source.file.name}' holds no rows"))
            continue
        if contract is None:
            contract = _inferred(frame, source.file.name, settings.data)
            contracts.save(contract, source.contract_path)
            written.append(source.contract_path)
            notify(Note(f"contract of '{contract.table}' inferred: {source.contract_path}"))
        _refuse_other_roles(contract, source, settings.data)
        enforced[source.file.name] = contract
        reports.append(check_frame(frame, contract))
        notify(StepDone(STAGE, done, source.file.name))
    findings = tuple(finding for report in reports for finding in _findings(report))
    notify(StageDone(STAGE, _summary(reports)))
    return DataCheck(tuple(reports), tuple(written), findings, enforced)


def _inferred(frame: pl.DataFrame, table: str, data: DataSettings) -> Contract:
    if table != data.table:
        # Other tables hang on the application table by its key, which repeats there.
        return infer_contract(frame, table=table)
    return infer_contract(
        frame,
        table=table,
        key=data.key,
        target=data.target,
        bad_value=str(data.bad_value),
        as_of=data.decision_date,
    )


def _refuse_other_roles(contract: Contract, source: TableSource, data: DataSettings) -> None:
    """Refuse a contract that has its roles elsewhere than the settings: one of them is stale."""
    if source.file.name != data.table:
        return
    pairs = (
        ("target", "target", contract.target, data.target),
        ("bad_value", "bad_value", contract.bad_value, str(data.bad_value)),
        ("key", "key", contract.key, data.key),
        ("decision_date", "as_of", contract.as_of, data.decision_date),
    )
    for setting, entry, ours, theirs in pairs:
        if ours != theirs:
            raise UsageError(
                f"scorewright.toml says data.{setting} = {_quoted(theirs)}, the contract "
                f"{source.contract_path} says {entry} = {_quoted(ours)}.",
                remedy=f"Make the two agree, or delete {source.contract_path} and run "
                "'scorewright data check' to infer a new contract.",
                code="contract-roles",
                details={"setting": setting, "contract": str(source.contract_path)},
            )


def _quoted(value: str | None) -> str:
    return "nothing" if value is None else f"'{value}'"


def _findings(report: TableReport) -> list[Finding]:
    return [
        Finding(
            code=problem.code,
            severity=problem.severity,
            subject=f"{report.table}.{problem.column}",
            message=f"Expected {problem.expected}"
            + (f"; {problem.count:,} of {report.rows:,} rows." if problem.count else "."),
            remedy="Mend the data, or change the column's entry in the contract.",
            evidence={
                "rows": problem.count,
                "first_rows": list(problem.first_rows),
                "examples": list(problem.examples),
            },
        )
        for problem in report.errors
    ]


def _summary(reports: Sequence[TableReport]) -> str:
    rows = sum(report.rows for report in reports)
    errors = sum(problem.severity == "error" for report in reports for problem in report.errors)
    tables = "1 table" if len(reports) == 1 else f"{len(reports)} tables"
    return f"{tables}, {rows:,} rows, {errors} errors"

"""Contracts as TOML files people read, edit and compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scorewright.adapters.project_files.aside import write_texts
from scorewright.adapters.project_files.contract_text import contract_text
from scorewright.adapters.project_files.problems import Codes, Problems
from scorewright.adapters.project_files.source import decode, parse, read_bytes
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use

__all__ = ["TomlContractFiles"]

_CODE = "contract-invalid"
_CODES = Codes(
    unknown=_CODE,
    invalid=_CODE,
    noun="an entry of a contract",
    remedy="Correct the lines named above; the comment at the top of the file explains the "
    "entries. Or delete the file and run 'scorewright data check' to infer a new one.",
)
_NUMERIC = ("integer", "number")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _ColumnEntry(_Entry):
    type: Literal["integer", "number", "boolean", "category", "text", "date", "datetime"]
    nullable: bool = True
    use: Literal["model", "monitoring", "prohibited"] = "model"
    minimum: float | None = None
    maximum: float | None = None
    categories: list[str | int] = []
    unknown: Literal["other", "reject"] = "other"
    unit: str = ""
    description: str = ""


class _ContractEntry(_Entry):
    schema_version: Literal[1] = 1
    table: str
    version: int = Field(default=1, ge=1)
    key: str | None = None
    target: str | None = None
    bad_value: str | int | None = None
    as_of: str | None = None
    columns: dict[str, _ColumnEntry]


class TomlContractFiles:
    """Keeps the port ``ContractFiles`` with one TOML file per table."""

    def load(self, path: Path) -> Contract | None:
        """Return the contract, or None where there is no file.

        Raises:
            UsageError: ``contract-invalid``, pointing at file, line and column; several
                problems are told together.
        """
        if not path.exists():
            return None
        source = parse(path, decode(path, read_bytes(path, _CODE), _CODE), _CODE)
        problems = Problems(source, _CODES)
        try:
            entry = _ContractEntry.model_validate(source.data)
        except ValidationError as error:
            problems.add_all(error, _ContractEntry, source.data)
            problems.raise_if_any()
            raise
        _cross_check(entry, source.data, problems)
        problems.raise_if_any()
        return _contract(entry)

    def save(self, contract: Contract, path: Path) -> None:
        """Write the contract aside and rename it.

        Raises:
            ScorewrightError: ``write-failed``; nothing is left behind.
        """
        write_texts({path: contract_text(contract)})


def _cross_check(entry: _ContractEntry, data: Mapping[str, Any], problems: Problems) -> None:
    for role in ("key", "target", "as_of"):
        name = getattr(entry, role)
        if name is not None and name not in entry.columns:
            problems.add((role,), f"{role} names '{name}', but there is no such column")
    for name, column in entry.columns.items():
        _check_column(name, column, problems, given=data["columns"][name])


def _check_column(
    name: str, column: _ColumnEntry, problems: Problems, given: Mapping[str, Any]
) -> None:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None and not low <= high:
        problems.add(("columns", name, "minimum"), f"the minimum {low:g} is above {high:g}")
    for bound in ("minimum", "maximum"):
        if bound in given and column.type not in _NUMERIC:
            problems.add(
                ("columns", name, bound),
                f"a column of type {column.type} has no {bound}; numbers have",
            )
    if column.categories and column.type != "category":
        problems.add(
            ("columns", name, "categories"), f"a column of type {column.type} has no categories"
        )
    seen: set[str] = set()
    for number, category in enumerate(str(value) for value in column.categories):
        if category in seen:
            problems.add(
                ("columns", name, "categories", number),
                f"the category '{category}' is listed twice",
            )
        seen.add(category)


def _contract(entry: _ContractEntry) -> Contract:
    return Contract(
        table=entry.table,
        columns=tuple(
            Column(
                name=name,
                type=ColumnType(column.type),
                nullable=column.nullable,
                use=Use(column.use),
                minimum=column.minimum,
                maximum=column.maximum,
                categories=tuple(str(value) for value in column.categories),
                unknown=UnknownPolicy(column.unknown),
                unit=column.unit,
                description=column.description,
            )
            for name, column in entry.columns.items()
        ),
        key=entry.key,
        target=entry.target,
        bad_value=None if entry.bad_value is None else str(entry.bad_value),
        as_of=entry.as_of,
        version=entry.version,
    )

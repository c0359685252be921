"""The contract of a table: what each column is, and what it may be used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.errors import UsageError

__all__ = ["Column", "ColumnType", "Contract", "UnknownPolicy", "Use"]


class ColumnType(StrEnum):
    """The types a column can have, wherever its data came from."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"


class Use(StrEnum):
    """What a column may be used for.

    ``monitoring`` columns (sex, age, marital status by default) are kept for fairness and
    drift reports and never reach a model. ``prohibited`` columns reach neither.
    """

    MODEL = "model"
    MONITORING = "monitoring"
    PROHIBITED = "prohibited"


class UnknownPolicy(StrEnum):
    """What happens to a category the contract does not list."""

    OTHER = "other"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: As in the file.
        type: See `ColumnType`.
        nullable: Whether a missing value is allowed.
        use: See `Use`.
        minimum: Smallest allowed value (numbers only), inclusive.
        maximum: Largest allowed value (numbers only), inclusive.
        categories: Allowed values of a category, in the order the model encodes them.
        unknown: What to do with a category not listed: count it and treat it as
            ``__other__`` (missing, for the model), or reject the row.
        unit: For people and reports: ``USD``, ``months``, ``percent``.
        description: For people and reports.
    """

    name: str
    type: ColumnType
    nullable: bool = True
    use: Use = Use.MODEL
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    unknown: UnknownPolicy = UnknownPolicy.OTHER
    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table must look like, at training and at serving alike.

    Attributes:
        table: Name of the table.
        columns: In the order of the file.
        key: Column that identifies the applicant, if there is one.
        target: Column that holds the outcome, if this table has it.
        bad_value: The value of the target that means default, as text.
        as_of: Column with the date of the decision, if there is one.
        version: Raised by hand when the meaning of a column changes.
    """

    table: str
    columns: tuple[Column, ...]
    key: str | None = None
    target: str | None = None
    bad_value: str | None = None
    as_of: str | None = None
    version: int = 1
    _index: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index the columns by name.

        Raises:
            UsageError: Two columns share a name, or a role names a column that is not there.
        """
        for column in self.columns:
            if column.name in self._index:
                raise UsageError(
                    f"The contract of table '{self.table}' lists column '{column.name}' twice.",
                    remedy="Keep one of the two entries.",
                    code="contract-invalid",
                )
            self._index[column.name] = column
        for role, name in (("key", self.key), ("target", self.target), ("as_of", self.as_of)):
            if name is not None and name not in self._index:
                raise UsageError(
                    f"The contract of table '{self.table}' names '{name}' as its {role}, "
                    "but lists no such column.",
                    remedy=f"Name one of: {', '.join(self._index)}.",
                    code="contract-invalid",
                )

    def column(self, name: str) -> Column | None:
        """Return the column of that name, or None."""
        return self._index.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a model may see: ``use = model`` and no other role."""
        roles = {self.key, self.target, self.as_of}
        return tuple(c for c in self.columns if c.use is Use.MODEL and c.name not in roles)

    def for_scoring(self, *, with_key: bool) -> Contract:
        """Return the contract of applications without an outcome: features, and perhaps the key.

        Args:
            with_key: Whether the rows carry the key column.
        """
        names = {c.name for c in self.features} | ({self.key} if with_key and self.key else set())
        return Contract(
            table=self.table,
            columns=tuple(c for c in self.columns if c.name in names),
            key=self.key if with_key else None,
            version=self.version,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        return {
            "schema_version": 1,
            "table": self.table,
            "version": self.version,
            "key": self.key,
            "target": self.target,
            "bad_value": self.bad_value,
            "as_of": self.as_of,
            "columns": [
                {
                    "name": c.name,
                    "type": str(c.type),
                    "nullable": c.nullable,
                    "use": str(c.use),
                    "minimum": c.minimum,
                    "maximum": c.maximum,
                    "categories": list(c.categories),
                    "unknown": str(c.unknown),
                    "unit": c.unit,
                    "description": c.description,
                }
                for c in self.columns
            ],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Contract:
        """Read the form written by `to_dict` (missing optional entries take their default).

        Raises:
            UsageError: An unknown entry, type, use or policy, or a missing name.
        """
        try:
            columns = tuple(
                Column(
                    **{
                        **entry,
                        "type": ColumnType(entry["type"]),
                        "use": Use(entry.get("use", "model")),
                        "unknown": UnknownPolicy(entry.get("unknown", "other")),
                        "categories": tuple(str(v) for v in entry.get("categories", ())),
                    }
                )
                for entry in document["columns"]
            )
            return cls(
                table=document["table"],
                columns=columns,
                key=document.get("key"),
                target=document.get("target"),
                bad_value=document.get("bad_value"),
                as_of=document.get("as_of"),
                version=document.get("version", 1),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"The contract of table '{document.get('table', '?')}' cannot be read: {error}.",
                remedy="Compare it with docs/reference/contract.md, or delete the file and run "
                "'scorewright data check' to infer a new one.",
                code="contract-invalid",
            ) from error

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256_hex(canonical_json(self.to_dict()))

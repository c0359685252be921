"""The text of a contract file: one keyed table per column, so that a diff names the column."""

from __future__ import annotations

import tomlkit

from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy

__all__ = ["contract_text"]

_ON_ONE_LINE = 90
_EXACT = 2**53

_EXPLANATION = """\
# The contract of one table: what its columns are and what they may be used for.
# It is enforced when data is checked, when a model is trained and on every request served.
#
# Each column is a table [columns.NAME]; names with dots, spaces or other characters are quoted.
#   type         integer, number, boolean, category, text, date or datetime
#   nullable     whether a value may be missing
#   use          model       a model may use it
#                monitoring  kept for fairness and drift reports, never shown to a model
#                prohibited  neither
#   minimum      smallest allowed number, inclusive
#   maximum      largest allowed number, inclusive
#   categories   allowed values of a category, in the order the model encodes them
#   unknown      a category not listed: "other" counts it and treats it as missing,
#                "reject" refuses the row
#   unit         for people and reports: "USD", "months", "percent"
#   description  for people and reports
# Raise the version by hand when the meaning of a column changes.
"""


def contract_text(contract: Contract) -> str:
    """Return the contract as commented TOML; the same contract gives the same text."""
    lines = [_EXPLANATION, "schema_version = 1", f"table = {_text(contract.table)}"]
    lines.append(f"version = {contract.version}")
    for name in ("key", "target", "bad_value", "as_of"):
        value = getattr(contract, name)
        if value is not None:
            lines.append(f"{name} = {_text(value)}")
    if not contract.columns:
        lines += ["", "[columns]"]
    for column in contract.columns:
        lines += ["", *_column_lines(column)]
    return "\n".join(lines) + "\n"


def _column_lines(column: Column) -> list[str]:
    lines = [
        f"[columns.{tomlkit.key(column.name).as_string()}]",
        f"type = {_text(column.type)}",
        f"nullable = {str(column.nullable).lower()}",
        f"use = {_text(column.use)}",
    ]
    for name in ("minimum", "maximum"):
        value = getattr(column, name)
        if value is not None:
            lines.append(f"{name} = {_number(value)}")
    if column.categories:
        lines.append(f"categories = {_list(column.categories)}")
    if column.type is ColumnType.CATEGORY or column.unknown is not UnknownPolicy.OTHER:
        lines.append(f"unknown = {_text(column.unknown)}")
    notes = {"unit": column.unit, "description": column.description}
    lines += [f"{name} = {_text(note)}" for name, note in notes.items() if note]
    return lines


def _text(value: str) -> str:
    return tomlkit.item(str(value)).as_string()


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)


def _list(values: tuple[str, ...]) -> str:
    texts = [_text(value) for value in values]
    short = f"[{', '.join(texts)}]"
    if len(short) <= _ON_ONE_LINE:
        return short
    return "[\n" + "".join(f"    {text},\n" for text in texts) + "]"

"""Start a project: a commented settings file and a first contract for a given table."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.project import AcceptedFinding
from scorewright.core.tables import (
    Roles,
    clean_text,
    guess_roles,
    infer_contract,
    labels,
    withheld_because,
)
from scorewright.flows.init_warnings import init_warnings
from scorewright.flows.settings_text import SettingText, settings_text

__all__ = ["InitRequest", "ProjectDraft", "init_project", "snake_case"]

_LONGEST_NAME = 60
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WHOLE_NUMBER = re.compile(r"^(?:0|-?[1-9][0-9]{0,17})$")


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What is known of the new project before its table is looked at.

    Attributes:
        files: The table's file as it shall stand in the settings, relative to the project.
        name: Name of project and table; made from ``files`` when None.
        separator: Separator of a CSV file.
        encoding: Encoding of a CSV file.
        target: Column with the outcome; guessed when None.
        bad_value: Its value that means default, as text; guessed when None.
        accept: Leakage findings accepted from the start.
    """

    files: str
    name: str | None = None
    separator: str = ","
    encoding: str = "utf-8"
    target: str | None = None
    bad_value: str | None = None
    accept: Sequence[AcceptedFinding] = ()


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """A project that has not been written yet.

    Attributes:
        name: Its name.
        table: Name of its table.
        contract_file: Path of the contract, relative to the project.
        settings_text: Text of ``scorewright.toml``.
        contract: The inferred contract.
        roles: Target, bad value, key and decision date, given or guessed.
        bad_rate: Share of bads among the rows with an outcome, from 0 to 1.
        rows: Number of rows.
        withheld_because: Column kept from the model -> why, in a word or two.
        warnings: What a person should look at, a sentence each.
    """

    name: str
    table: str
    contract_file: str
    settings_text: str
    contract: Contract
    roles: Roles
    bad_rate: float
    rows: int
    withheld_because: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def init_project(
    frame: pl.DataFrame, request: InitRequest, guide: Mapping[str, SettingText]
) -> ProjectDraft:
    """Draft a project for a table; nothing is asked and nothing is written.

    Args:
        frame: The table; CSV columns as text.
        request: What the user said.
        guide: One line on every setting, by dotted key.

    Returns:
        Settings that load as they are, with every other setting commented out and explained.

    Raises:
        UsageError: ``data-file-empty`` (no rows), ``init-name`` (no name can be made of the
            file's), ``target-unknown`` (no such column, or none that looks like an outcome),
            ``bad-value-unknown`` (it cannot be guessed), ``target-values`` (the target never
            has that value), ``one-class``.
    """
    if frame.height == 0:
        raise UsageError(
            f"The table {request.files} has no rows.",
            remedy="Name a table with past applications and their outcomes.",
            code="data-file-empty",
        )
    name = _project_name(request)
    roles = _roles(frame, request)
    contract = infer_contract(
        frame,
        table=name,
        key=roles.key,
        target=roles.target,
        bad_value=roles.bad_value,
        as_of=roles.as_of,
    )
    with_outcome = frame.filter(clean_text(frame.get_column(contract.target or "")).is_not_null())
    bad_rate = float(labels(with_outcome, contract).mean())
    contract_file = f"contracts/{name}.toml"
    return ProjectDraft(
        name=name,
        table=name,
        contract_file=contract_file,
        settings_text=settings_text(guide, _values(name, contract_file, request, roles)),
        contract=contract,
        roles=roles,
        bad_rate=bad_rate,
        rows=frame.height,
        withheld_because=withheld_because(frame, contract),
        warnings=init_warnings(frame, contract, roles, bad_rate),
    )


def snake_case(text: str) -> str:
    """Return a name of lower-case letters, digits and underscores that starts with a letter.

    ``SouthGermanCredit`` gives ``south_german_credit``, ``1year`` gives ``table_1year``; what
    has no Latin letter or digit at all gives an empty text.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain).lower()
    name = re.sub(r"[^a-z0-9]+", "_", parted).strip("_")
    if name and not name[0].isalpha():
        name = f"table_{name}"
    return name[:_LONGEST_NAME].rstrip("_")


def _project_name(request: InitRequest) -> str:
    file_name = request.files.replace("\\", "/").rsplit("/", 1)[-1]
    stem = file_name.split(".", 1)[0] or file_name
    name = snake_case(stem) if request.name is None else request.name
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise UsageError(
            f"'{request.name or stem}' cannot be the name of a project.",
            remedy="Give one with --name: lower-case letters, digits and _, a letter first.",
            code="init-name",
        )
    return name


def _roles(frame: pl.DataFrame, request: InitRequest) -> Roles:
    """Guess the roles; what the user said wins, and a role is never given twice."""
    guessed = guess_roles(frame)
    target = request.target or guessed.target
    if target is None or target not in frame.columns:
        raise _unknown_target(frame, target)
    alone = guess_roles(frame.select(target))
    bad_value = request.bad_value or alone.bad_value
    if bad_value is None:
        raise UsageError(
            f"Which value of '{target}' means default cannot be guessed.",
            remedy=f"Say it: scorewright init {request.files} --target '{target}' --bad-value V",
            code="bad-value-unknown",
        )
    return replace(
        guessed,
        target=target,
        bad_value=bad_value,
        key=None if guessed.key == target else guessed.key,
        as_of=None if guessed.as_of == target else guessed.as_of,
        is_known_target=request.target is not None or guessed.is_known_target,
        is_known_bad_value=request.bad_value is not None or alone.is_known_bad_value,
    )


def _unknown_target(frame: pl.DataFrame, target: str | None) -> UsageError:
    if target is None:
        return UsageError(
            "No column of the table looks like the outcome of a loan.",
            remedy="Name it: --target COLUMN --bad-value VALUE. "
            f"The columns are: {', '.join(frame.columns[:40])}.",
            code="target-unknown",
        )
    near = difflib.get_close_matches(target, frame.columns, n=3) or frame.columns[:40]
    return UsageError(
        f"The table has no column '{target}'.",
        remedy=f"Name one of: {', '.join(near)}.",
        code="target-unknown",
    )


def _values(
    name: str, contract_file: str, request: InitRequest, roles: Roles
) -> dict[str, dict[str, object]]:
    """Collect the settings that are not defaults."""
    table: dict[str, object] = {"files": request.files, "contract": contract_file}
    if request.separator != ",":
        table["separator"] = request.separator
    if request.encoding != "utf-8":
        table["encoding"] = request.encoding
    bad_value = roles.bad_value or ""
    data: dict[str, object] = {
        "table": name,
        "target": roles.target,
        "bad_value": int(bad_value) if _WHOLE_NUMBER.fullmatch(bad_value) else bad_value,
    }
    if roles.key is not None:
        data["key"] = roles.key
    if roles.as_of is not None:
        data["decision_date"] = roles.as_of
    return {
        "project": {"name": name},
        f"tables.{name}": table,
        "data": data,
        "leakage": {"accept": [entry.model_dump() for entry in request.accept]},
    }

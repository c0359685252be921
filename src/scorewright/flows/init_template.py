"""Start a project from a template: tables that are known, found in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import tomlkit

from scorewright.core.contracts import Column, Contract
from scorewright.core.errors import UsageError

__all__ = [
    "ColumnNames",
    "FoundTable",
    "Template",
    "TemplateDraft",
    "TemplateFiles",
    "TemplateProject",
    "init_template",
]

ColumnNames = Sequence[str]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Where a table of the template lies.

    Attributes:
        files: As it shall stand in the settings: relative to the project, or absolute.
        path: The file, or the first of several.
    """

    files: str
    path: Path


@dataclass(frozen=True, slots=True)
class Template:
    """A project known beforehand.

    Attributes:
        name: ``home-credit``.
        settings_text: Text of ``scorewright.toml``, in which each table of name NAME has the line
            ``files = "data/NAME/*.parquet"``.
        application: Name of the table of applications.
        contracts: Table -> its contract; the tables in the order of the settings.
        texts: Other files, relative to the project -> their text.
        dates: Columns the table of applications may have beside those of its contract: the
            decision date first, then others that no model may see.
    """

    name: str
    settings_text: str
    application: str
    contracts: Mapping[str, Contract]
    texts: Mapping[str, str]
    dates: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A project that has not been written yet.

    Attributes:
        template: Name of the template.
        settings_text: Text of ``scorewright.toml``.
        contracts: File relative to the project -> contract.
        texts: Other files, relative to the project -> text.
        tables: Table -> its files, as in the settings.
        decision_date: Column with the date of the decision, if the data has it.
    """

    template: str
    settings_text: str
    contracts: Mapping[str, Contract]
    texts: Mapping[str, str]
    tables: Mapping[str, str]
    decision_date: str | None


@dataclass(frozen=True, slots=True)
class TemplateProject:
    """A project that was made from a template.

    Attributes:
        draft: What was written.
        files: The files that were written, settings first.
    """

    draft: TemplateDraft
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright init --template NAME --json``."""
        return {
            "schema_version": 1,
            "template": self.draft.template,
            "files": [str(file) for file in self.files],
            "tables": dict(self.draft.tables),
            "decision_date": self.draft.decision_date,
        }


class TemplateFiles(Protocol):
    """The templates of the package, the tables in a folder, and the project to be written."""

    def load(self, name: str) -> Template:
        """Return a template.

        Raises:
            UsageError: ``template-unknown``, with near misses.
        """
        ...

    def find(self, template: Template, data: Path, root: Path) -> Mapping[str, FoundTable]:
        """Look for the template's tables in a folder.

        Args:
            template: The template.
            data: The folder.
            root: Folder of the project, to which the files are named relatively.

        Returns:
            Table -> where it lies; tables that are not there are left out.
        """
        ...

    def expected(self, template: Template, table: str) -> str:
        """Say under which names a table is looked for."""
        ...

    def column_names(self, found: FoundTable) -> ColumnNames:
        """Return the names of a table's columns without reading its rows.

        Raises:
            UsageError: The file cannot be read, see `scorewright.flows.ports.TableReader`.
        """
        ...

    def write(self, draft: TemplateDraft, root: Path, *, force: bool) -> tuple[Path, ...]:
        """Write the project: aside first, then renamed, the settings last.

        Raises:
            UsageError: ``project-exists`` where settings are there already, or a file that says
                anything else, and not ``force``.
            ScorewrightError: ``write-failed``; nothing is left half-written.
        """
        ...


def init_template(
    name: str, data: Path, root: Path, files: TemplateFiles, *, force: bool = False
) -> TemplateProject:
    """Make a project from a template and the tables in a folder.

    Args:
        name: Name of the template, such as ``home-credit``.
        data: Folder of the tables.
        root: Folder of the new project.
        files: The templates, the folder and the project.
        force: Whether files of an earlier project may be overwritten.

    Raises:
        UsageError: ``template-unknown``, ``template-tables`` (lists what is not in the folder),
            ``project-exists``, or what is wrong with the table of applications.
        ScorewrightError: ``write-failed``; nothing is left half-written.
    """
    template = files.load(name)
    found = files.find(template, data, root)
    missing = [table for table in template.contracts if table not in found]
    if missing:
        raise _missing_tables(template, data, missing, files)
    columns = set(files.column_names(found[template.application]))
    dates = tuple(column for column in template.dates if column.name in columns)
    draft = _drafted(template, found, dates)
    return TemplateProject(draft, files.write(draft, root, force=force))


def _drafted(
    template: Template, found: Mapping[str, FoundTable], dates: tuple[Column, ...]
) -> TemplateDraft:
    decided = template.dates[0].name if template.dates and template.dates[0] in dates else None
    text = template.settings_text
    for table in template.contracts:
        files = tomlkit.item(found[table].files).as_string()
        text = text.replace(f'files = "data/{table}/*.parquet"', f"files = {files}")
    if decided is not None:
        text = text.replace("#decision_date = ", "decision_date = ")
    contracts = dict(template.contracts)
    contract = contracts[template.application]
    columns = (*contract.columns, *dates)
    contracts[template.application] = replace(contract, columns=columns, as_of=decided)
    return TemplateDraft(
        template=template.name,
        settings_text=text,
        contracts={f"contracts/{table}.toml": kept for table, kept in contracts.items()},
        texts=template.texts,
        tables={table: found[table].files for table in template.contracts},
        decision_date=decided,
    )


def _missing_tables(
    template: Template, data: Path, missing: Sequence[str], files: TemplateFiles
) -> UsageError:
    what = "; ".join(f"{table} ({files.expected(template, table)})" for table in missing)
    return UsageError(
        f"The folder {data} lacks {len(missing)} of the {len(template.contracts)} tables: {what}.",
        remedy=f"Name the folder of the tables with --data, fetch them with 'scorewright data "
        f"download {template.name} --out {data}', or make some with 'scorewright data generate'.",
        code="template-tables",
        details={"folder": str(data), "missing": list(missing)},
    )

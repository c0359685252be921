"""Templates of whole projects: their files in the package, and their tables in a folder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from scorewright.adapters.project_files.aside import write_texts
from scorewright.adapters.project_files.contract_text import contract_text
from scorewright.adapters.project_files.contracts import TomlContractFiles
from scorewright.adapters.project_files.load import FILE_NAME
from scorewright.adapters.project_files.project import (
    ignore_text,
    refuse_existing,
    table_path_text,
)
from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.errors import UsageError
from scorewright.flows.init_template import ColumnNames, FoundTable, Template, TemplateDraft

__all__ = ["TEMPLATES", "ShippedTemplates"]

TEMPLATES: Final = ("home-credit",)
"""Names of the templates."""

_PACKAGE: Final = "scorewright.resources"
_TABLES: Final = {
    "application": ("application_train", "application"),
    "bureau": ("bureau",),
    "bureau_balance": ("bureau_balance",),
    "previous_application": ("previous_application",),
    "pos_cash_balance": ("POS_CASH_balance",),
    "installments_payments": ("installments_payments",),
    "credit_card_balance": ("credit_card_balance",),
}
_SUFFIXES: Final = (".parquet", ".csv")
_DATES: Final = (
    Column(
        "DECISION_DATE",
        ColumnType.DATE,
        nullable=False,
        use=Use.MONITORING,
        description="Day of the decision.",
    ),
    Column(
        "MATURES_ON",
        ColumnType.DATE,
        use=Use.PROHIBITED,
        description="Day from which the outcome is known.",
    ),
)


class ShippedTemplates:
    """`TemplateFiles` over the package's resources and the disk.

    Args:
        column_names: Reads the names of the columns of one file.
        resources: Folder of the templates; the package's own when None.
    """

    def __init__(
        self, column_names: Callable[[Path], ColumnNames], resources: Traversable | None = None
    ) -> None:
        self._column_names = column_names
        self._resources = resources or files(_PACKAGE)

    def load(self, name: str) -> Template:
        """Return a template; see `scorewright.flows.init_template.TemplateFiles.load`."""
        if name not in TEMPLATES:
            near = difflib.get_close_matches(name, TEMPLATES, n=3) or list(TEMPLATES)
            raise UsageError(
                f"There is no template called '{name}'.",
                remedy=f"Name one of: {', '.join(near)}.",
                code="template-unknown",
            )
        folder = name.replace("-", "_")
        settings = self._resources / "templates" / f"{folder}.toml"
        features = self._resources / folder / "features.toml"
        return Template(
            name=name,
            settings_text=settings.read_text(encoding="utf-8"),
            application="application",
            contracts={table: self._contract(folder, table) for table in _TABLES},
            texts={"features.toml": features.read_text(encoding="utf-8")},
            dates=_DATES,
        )

    def find(self, template: Template, data: Path, root: Path) -> Mapping[str, FoundTable]:
        """Look for tables: folders of Parquet files, or single files under the known names.

        Upper and lower case do not matter; a folder wins over a file, Parquet over CSV.
        """
        here = {path.name.lower(): path for path in _entries(data)}
        found: dict[str, FoundTable] = {}
        for table in template.contracts:
            parts = _parquet_files(here.get(table))
            if parts:
                pattern = parts[0].parent / f"*{parts[0].suffix}"
                found[table] = FoundTable(table_path_text(pattern, root), parts[0])
                continue
            names = [f"{stem.lower()}{suffix}" for stem in _TABLES[table] for suffix in _SUFFIXES]
            path = next((here[name] for name in names if name in here), None)
            if path is not None and path.is_file():
                found[table] = FoundTable(table_path_text(path, root), path)
        return found

    def expected(self, template: Template, table: str) -> str:
        """Say under which names a table is looked for."""
        stem = _TABLES[table][0] if table in template.contracts else table
        return f"{table}/*.parquet, {stem}.parquet or {stem}.csv"

    def column_names(self, found: FoundTable) -> ColumnNames:
        """Return the names of a table's columns."""
        return self._column_names(found.path)

    def write(self, draft: TemplateDraft, root: Path, *, force: bool) -> tuple[Path, ...]:
        """Write the project; see `scorewright.flows.init_template.TemplateFiles.write`."""
        texts = {root / name: contract_text(contract) for name, contract in draft.contracts.items()}
        texts |= {root / name: text for name, text in draft.texts.items()}
        if not force:
            refuse_existing(root / FILE_NAME, texts)
        texts[root / FILE_NAME] = draft.settings_text  # last: it makes the folder a project
        is_inside = any(text.startswith("data/") for text in draft.tables.values())
        ignored = ignore_text(root / ".gitignore", *(["data/"] if is_inside else []))
        if ignored is not None:
            texts = {root / ".gitignore": ignored, **texts}
        write_texts(texts)
        return tuple(reversed(texts))

    def _contract(self, folder: str, table: str) -> Contract:
        with as_file(self._resources / folder / "contracts" / f"{table}.toml") as path:
            contract = TomlContractFiles().load(path)
        if contract is None:
            raise FileNotFoundError(path)  # a damaged installation
        return contract


def _entries(data: Path) -> Iterator[Path]:
    """Yield what lies in a folder; names that differ in case only in the order of their bytes."""
    if data.is_dir():
        yield from sorted(data.iterdir(), reverse=True)


def _parquet_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == ".parquet")

"""One project: its folder, its settings, and where its things lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scorewright.wiring.tables import table_file

if TYPE_CHECKING:
    from scorewright.core.conventions import Conventions
    from scorewright.core.project import Settings
    from scorewright.flows.ports import BundleStore, TableSource

__all__ = ["Project"]


@dataclass(frozen=True, slots=True)
class Project:
    """One project.

    Attributes:
        root: Its folder.
        file: Its settings file.
        settings: What stands there.
    """

    root: Path
    file: Path
    settings: Settings

    @classmethod
    def read(cls, config: Path | None) -> Self:
        """Read the project's settings, from the given file or found upwards from here.

        Raises:
            UsageError: ``config-missing``, ``config-syntax``, ``config-invalid``, each with the
                line.
        """
        from scorewright.adapters.project_files import load_settings

        loaded = load_settings(config, Path.cwd(), os.environ)
        return cls(loaded.root, loaded.file, loaded.settings)

    def with_settings(self, settings: Settings) -> Self:
        """Return the project with other settings."""
        return replace(self, settings=settings)

    @property
    def tracking_uri(self) -> str:
        """The MLflow store; by default SQLite under the project's ``mlruns``."""
        given = self.settings.tracking.uri
        if given is None:
            return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"
        if given.startswith("sqlite:///") and not given.startswith("sqlite:////"):
            return f"sqlite:///{self.root / given.removeprefix('sqlite:///')}"
        return given

    def conventions(self) -> Conventions:
        """The tracking conventions with the project's own lines."""
        from scorewright.adapters.mlflow_store import load_conventions

        return load_conventions(self.settings.conventions)

    def bundles(self) -> BundleStore:
        """Return the store of the project's bundles."""
        from scorewright.adapters.bundles import DiskBundles, KeyRing

        keys = KeyRing(self.root / self.settings.bundles.keys)
        return DiskBundles(self.root / self.settings.bundles.directory, keys)

    def table_files(self) -> Iterator[Path]:
        """Yield the files of all tables that are there now."""
        from scorewright.adapters.tables import matching

        for name, table in self.settings.tables.items():
            yield from matching(table_file(name, table, self.root))

    def source(self, name: str) -> TableSource:
        """Return where a table lies, and its contract."""
        from scorewright.flows.ports import TableSource

        table = self.settings.tables[name]
        contract = self.root / (table.contract or f"contracts/{name}.toml")
        return TableSource(table_file(name, table, self.root), contract)

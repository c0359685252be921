"""The files of a project: settings, contracts, shipped data sets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scorewright.adapters.project_files.aside import refuse_unwritable, write_texts
from scorewright.adapters.project_files.contracts import TomlContractFiles
from scorewright.adapters.project_files.datasets import ShippedDataset, dataset, dataset_names
from scorewright.adapters.project_files.declaration import load_declaration
from scorewright.adapters.project_files.edit import accept_finding
from scorewright.adapters.project_files.guide import settings_guide
from scorewright.adapters.project_files.load import LoadedProject, find_settings, load_settings
from scorewright.adapters.project_files.project import (
    WrittenProject,
    table_path_text,
    write_project,
)
from scorewright.adapters.project_files.sniff import Dialect, sniff
from scorewright.adapters.project_files.templates import TEMPLATES, ShippedTemplates

if TYPE_CHECKING:
    from scorewright.adapters.project_files.features import load_feature_files
    from scorewright.adapters.project_files.reasons import load_reasons

__all__ = [
    "TEMPLATES",
    "Dialect",
    "LoadedProject",
    "ShippedDataset",
    "ShippedTemplates",
    "TomlContractFiles",
    "WrittenProject",
    "accept_finding",
    "dataset",
    "dataset_names",
    "find_settings",
    "load_declaration",
    "load_feature_files",
    "load_reasons",
    "load_settings",
    "refuse_unwritable",
    "settings_guide",
    "sniff",
    "table_path_text",
    "write_project",
    "write_texts",
]

_LATE = {"load_feature_files": "features", "load_reasons": "reasons"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol of module attributes
    """Import the parts that need NumPy only when asked for: most commands read settings alone."""
    if name in _LATE:
        return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

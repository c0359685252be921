"""Changing a store by a plan: rows, files, journal, lock, and the proofs of the result."""

from scorewright.adapters.store_editing.attic import StoreAttic
from scorewright.adapters.store_editing.checks import open_with_mlflow
from scorewright.adapters.store_editing.contents import Sharing
from scorewright.adapters.store_editing.editor import DatabaseEditor
from scorewright.adapters.store_editing.file_editor import LocalFileEditor
from scorewright.adapters.store_editing.journal import JsonlJournal
from scorewright.adapters.store_editing.locking import FileStoreLock
from scorewright.adapters.store_editing.papers import StorePapers
from scorewright.adapters.store_editing.payload import UNIT, payload_digest
from scorewright.adapters.store_editing.payload_files import write_payload
from scorewright.adapters.store_editing.places import ASIDE, folder_digest
from scorewright.adapters.store_editing.raw_rows import DatabaseRows
from scorewright.adapters.store_editing.references import (
    encoding_of,
    reference_of,
    seen_again,
    source_reference_of,
)
from scorewright.adapters.store_editing.restoring import LocalPlace
from scorewright.adapters.store_editing.shelf import FolderShelf
from scorewright.adapters.store_editing.template import Template
from scorewright.adapters.store_editing.trees import TreeKeeper
from scorewright.adapters.store_editing.workshops import Workshops

__all__ = [
    "ASIDE",
    "UNIT",
    "DatabaseEditor",
    "DatabaseRows",
    "FileStoreLock",
    "FolderShelf",
    "JsonlJournal",
    "LocalFileEditor",
    "LocalPlace",
    "Sharing",
    "StoreAttic",
    "StorePapers",
    "Template",
    "TreeKeeper",
    "Workshops",
    "encoding_of",
    "folder_digest",
    "open_with_mlflow",
    "payload_digest",
    "reference_of",
    "seen_again",
    "source_reference_of",
    "write_payload",
]

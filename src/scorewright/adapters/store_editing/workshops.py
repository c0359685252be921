"""Everything one plan is carried out with, put together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scorewright.adapters.store_editing.attic import StoreAttic
from scorewright.adapters.store_editing.checks import Opens, open_with_mlflow
from scorewright.adapters.store_editing.contents import Sharing
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.editor import DatabaseEditor
from scorewright.adapters.store_editing.file_editor import LocalFileEditor
from scorewright.adapters.store_editing.journal import JsonlJournal
from scorewright.adapters.store_editing.locking import FileStoreLock
from scorewright.adapters.store_editing.papers import StorePapers
from scorewright.adapters.store_editing.references import STATE_FOLDER, reference_of
from scorewright.adapters.store_editing.shelf import FolderShelf
from scorewright.adapters.store_editing.template import Template
from scorewright.core.digests import short
from scorewright.core.plans import Plan
from scorewright.flows.store.editing import Workshop

__all__ = ["Workshops"]


class Workshops:
    """Makes the workshop of a plan for one store.

    The state of a store lies in ``.scorewright`` beside it: journals, receipts, backups, bins.

    Args:
        location: Of the store, with its password: a plan has none.
        roots: Its artifact roots on this machine; the folder of a SQLite file belongs to them.
        folder: Where ``.scorewright`` lies; None for the folder of a SQLite file.
        head: Revision of the installed MLflow's schema.
        sharing: How bytes that lie on the same file system are copied.
        opens: Opens a store with MLflow, for the last proof.
        listed: What has to be the same for an undoing; None for all that lies below the roots.
        template: An empty store as MLflow makes it; None to make each anew.
    """

    def __init__(  # noqa: PLR0913 - everything a plan is carried out with
        self,
        location: str,
        roots: Iterable[Path] = (),
        folder: Path | None = None,
        *,
        head: str = "",
        sharing: Sharing = "copy",
        opens: Opens = open_with_mlflow,
        listed: Iterable[Path] | None = None,
        template: Template | None = None,
    ) -> None:
        self._location = location
        self._file = Database(location).file
        beside = self._file.parent if self._file is not None else Path.cwd()
        self._state = (folder or beside) / STATE_FOLDER
        own = () if self._file is None else (beside,)
        self._roots = (*own, *roots)
        self._head = head
        self._sharing = sharing
        self._opens = opens
        self._listed = None if listed is None else tuple(listed)
        self._template = template

    @property
    def folder(self) -> Path:
        """Where the store's state lies."""
        return self._state

    def attic(self) -> StoreAttic:
        """Return what is kept of all plans."""
        return StoreAttic(self._state, self._location)

    def shelf(self) -> FolderShelf:
        """Return the backups in the store's state."""
        return FolderShelf(self._state)

    def open(self, plan: Plan, payload: Path | None = None) -> Workshop:
        """Return the workshop of a plan; nothing is made yet.

        Args:
            plan: To be carried out, or an inverse one.
            payload: Its rows.
        """
        bins = self._state / "bin"
        bin_folder = bins / short(plan.id)
        return Workshop(
            store=DatabaseEditor(
                self._location,
                payload,
                head=self._head,
                opens=self._opens,
                template=self._template,
            ),
            files=LocalFileEditor(
                bin_folder,
                self._roots,
                payload,
                database=self._file,
                sharing=self._sharing,
                listed=self._listed,
                undone=bins / short(plan.inverse_of) if plan.inverse_of else None,
            ),
            journal=JsonlJournal(self._state / f"journal-{short(plan.id)}.jsonl", plan.id),
            lock=FileStoreLock(self._state, self._location, plan.id),
            papers=StorePapers(self._state, plan.id, payload),
            look=reference_of,
            folder=self._state,
            bin=bin_folder,
        )

"""The documents of a plan, kept beside its store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.durable import json_text, load_json
from scorewright.adapters.guarded import sync_directory, sync_file
from scorewright.adapters.store_editing.contents import copy_proved
from scorewright.adapters.store_editing.places import partial_of
from scorewright.adapters.store_editing.purges import is_purged
from scorewright.adapters.store_editing.refusals import writing
from scorewright.core.digests import short

__all__ = ["StorePapers"]


_DONE: Final = "The plan is carried out; what lacks is its receipt."


class StorePapers:
    """Payload and receipt.

    Args:
        folder: Of the store's state.
        plan: Id of the plan.
        payload: Where its rows lie; None without any.
    """

    def __init__(self, folder: Path, plan: str, payload: Path | None) -> None:
        self._folder = folder
        self._plan = plan
        self._receipt = folder / f"receipt-{short(plan)}.json"
        self._kept = folder / f"payload-{short(plan)}.db"
        self._payload = payload

    def payload(self) -> str:
        """Return the SHA-256 of the payload, "" where there is none."""
        if self._payload is None or not self._payload.is_file():
            return ""
        with self._payload.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def keep_payload(self) -> str:
        """Copy the payload to the store's state, once, and return its path."""
        if self._payload is None:
            return ""
        if self._payload.is_relative_to(self._folder):
            return str(self._payload)
        if not self._kept.exists():
            with writing(self._kept):
                self._folder.mkdir(parents=True, exist_ok=True)
                aside = partial_of(self._kept)
                copy_proved(self._payload, aside, self.payload(), "reflink")
                aside.replace(self._kept)
                sync_directory(self._folder)
        return str(self._kept)

    def receipt(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the document of the plan's receipt, None where there is none."""
        return load_json(self._receipt)

    def is_purged(self, began: str) -> bool:
        """Tell whether what was kept for taking the plan back is deleted."""
        return is_purged(self._folder, self._plan, began)

    def save_receipt(self, document: Mapping[str, Any]) -> str:
        """Write the receipt, whole or not at all, and return its path."""
        aside = partial_of(self._receipt)
        with writing(self._receipt, _DONE):
            self._folder.mkdir(parents=True, exist_ok=True)
            aside.write_text(f"{json_text(document)}\n", encoding="utf-8")
            sync_file(aside)
            aside.replace(self._receipt)
            sync_directory(self._folder)
        return str(self._receipt)

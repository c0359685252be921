"""The folder a competition's files are put into."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.project_files import write_texts
from scorewright.flows.download import Written

__all__ = ["ASIDE", "DiskFolder"]

ASIDE: Final = ".download"
"""Where files lie while they come, within the folder they are for."""


class DiskFolder:
    """`DownloadFolder` on a disk."""

    def measure(self, file: Path) -> Written | None:
        """Return size and digest of a file, or None where there is none."""
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return Written(stream.tell(), digest)

    def finish(self, folder: Path, record: str, document: dict[str, Any]) -> None:
        """Write the record aside and rename it; remove what was kept to go on from."""
        write_texts({folder / record: json.dumps(document, indent=2) + "\n"})
        shutil.rmtree(folder / ASIDE, ignore_errors=True)

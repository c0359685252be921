"""Writing a drafted project to its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.adapters.project_files.aside import write_texts
from scorewright.adapters.project_files.contract_text import contract_text
from scorewright.adapters.project_files.load import FILE_NAME
from scorewright.core.errors import UsageError

if TYPE_CHECKING:
    # At run time this would bring in the whole room of tables, which serving does not need.
    from scorewright.flows.init_project import ProjectDraft

__all__ = ["WrittenProject", "ignore_text", "refuse_existing", "table_path_text", "write_project"]

_IGNORED = ("mlruns/", "bundles/", ".scorewright/")


@dataclass(frozen=True, slots=True)
class WrittenProject:
    """The files of a new project."""

    settings_file: Path
    contract_file: Path
    ignore_file: Path


def table_path_text(file: Path, root: Path) -> str:
    """Return how a table's file is named in the settings of the project in ``root``.

    Relative where the file lies in the project or beside it, absolute elsewhere.
    """
    file, root = file.resolve(), root.resolve()
    is_near = file.is_relative_to(root) or file.is_relative_to(root.parent)
    text = os.path.relpath(file, root) if is_near else str(file)
    return text.replace(os.sep, "/")


def write_project(draft: ProjectDraft, root: Path, *, force: bool = False) -> WrittenProject:
    """Write settings, contract and ``.gitignore`` entries: aside first, then renamed.

    Args:
        draft: What `scorewright.flows.init_project.init_project` made.
        root: Folder of the project; made if missing.
        force: Whether existing settings and an existing contract may be overwritten.

    Raises:
        UsageError: ``project-exists``; see `refuse_existing`.
        ScorewrightError: ``write-failed``; nothing is left half-written.
    """
    written = WrittenProject(root / FILE_NAME, root / draft.contract_file, root / ".gitignore")
    texts = {written.contract_file: contract_text(draft.contract)}
    if not force:
        refuse_existing(written.settings_file, texts)
    ignored = ignore_text(written.ignore_file)
    if ignored is not None:
        texts[written.ignore_file] = ignored
    texts[written.settings_file] = draft.settings_text  # last: it makes the folder a project
    write_texts(texts)
    return written


def refuse_existing(settings_file: Path, texts: Mapping[Path, str]) -> None:
    """Refuse to write over a project, or over a file that says anything else.

    Without settings a folder is no project yet: a file that says already what it will say was
    written by an ``init`` that was killed, and running it again finishes.

    Args:
        settings_file: Where the settings will stand.
        texts: Every other file that must not be lost -> what it will say.

    Raises:
        UsageError: ``project-exists``.
    """
    for file in (settings_file, *texts):
        if file.exists() and (file == settings_file or not _says(file, texts[file])):
            raise UsageError(
                f"{file} exists already.",
                remedy="Use --force to overwrite it, or --directory to start elsewhere.",
                code="project-exists",
            )


def _says(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes() == text.encode(errors="surrogateescape")


def ignore_text(file: Path, *more: str) -> str | None:
    """Return the new text of ``.gitignore``, or None where it holds all entries already.

    Args:
        file: The ``.gitignore`` of the project, there or not.
        more: Entries beside those of every project.
    """
    old = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    known = {line.strip().strip("/") for line in old.splitlines()}
    missing = [entry for entry in (*_IGNORED, *more) if entry.strip("/") not in known]
    if not missing:
        return None
    gap = "" if not old or old.endswith("\n") else "\n"
    return f"{old}{gap}" + "".join(f"{entry}\n" for entry in missing)

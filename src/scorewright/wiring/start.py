"""Before there is a project: one from a table or a template, data fetched or generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify

if TYPE_CHECKING:
    from scorewright.core.portfolio import PortfolioSpec
    from scorewright.core.project import AcceptedFinding
    from scorewright.flows.download import Download
    from scorewright.flows.generate import GenerateResult
    from scorewright.flows.init_template import TemplateProject
    from scorewright.flows.initialised import Initialised

__all__ = [
    "NewProject",
    "NewTemplateProject",
    "download",
    "generate_portfolio",
    "init_project",
    "init_template",
]


@dataclass(frozen=True, slots=True)
class NewProject:
    """What the user said of a new project."""

    file: Path
    directory: Path
    target: str | None = None
    bad_value: str | None = None
    name: str | None = None
    accept: Sequence[AcceptedFinding] = ()
    force: bool = False


def init_project(wish: NewProject) -> Initialised:
    """Draft a project for a table and write it.

    Raises:
        UsageError: A table that cannot be read, ``project-exists``, ``init-...``.
    """
    from scorewright.adapters.project_files import (
        settings_guide,
        sniff,
        table_path_text,
        write_project,
    )
    from scorewright.adapters.tables import FileTableReader
    from scorewright.flows.init_project import InitRequest
    from scorewright.flows.init_project import init_project as draft_project
    from scorewright.flows.initialised import Initialised
    from scorewright.flows.ports import TableFile

    dialect = sniff(wish.file)
    table = TableFile(
        name=wish.file.stem,
        patterns=(str(wish.file.absolute()),),
        separator=dialect.separator,
        encoding=dialect.encoding,
    )
    request = InitRequest(
        files=table_path_text(wish.file, wish.directory),
        name=wish.name,
        separator=dialect.separator,
        encoding=dialect.encoding,
        target=wish.target,
        bad_value=wish.bad_value,
        accept=wish.accept,
    )
    draft = draft_project(FileTableReader().read(table), request, settings_guide())
    write_project(draft, wish.directory, force=wish.force)
    return Initialised.of(draft, wish.directory)


@dataclass(frozen=True, slots=True)
class NewTemplateProject:
    """What the user said of a project from a template."""

    template: str
    directory: Path
    data: Path | None = None
    force: bool = False


def init_template(wish: NewTemplateProject) -> TemplateProject:
    """Make a project from a template and the tables in a folder.

    Raises:
        UsageError: ``template-unknown``, ``template-tables``, ``project-exists``.
        ScorewrightError: ``write-failed``.
    """
    from scorewright.adapters.project_files import ShippedTemplates
    from scorewright.adapters.tables import column_names
    from scorewright.flows.init_template import init_template as make
    from scorewright.flows.ports import TableFile

    def names(path: Path) -> tuple[str, ...]:
        return column_names(TableFile(path.name, (str(path.absolute()),)))

    data = wish.data if wish.data is not None else wish.directory / "data"
    return make(wish.template, data, wish.directory, ShippedTemplates(names), force=wish.force)


def download(name: str, out: Path, notify: Notify) -> Download:
    """Fetch a data set that is not ours to ship, with the user's own credentials.

    Raises:
        UsageError: ``dataset-unknown``, ``kaggle-credentials``, ``kaggle-refused``,
            ``missing-extra``.
        ScorewrightError: ``download-failed``, ``write-failed``.
    """
    from scorewright.adapters.kaggle import DiskFolder, KaggleCompetition
    from scorewright.adapters.machine import SystemClock
    from scorewright.flows.download import DownloadTools
    from scorewright.flows.download import download as fetch

    tools = DownloadTools(KaggleCompetition(), DiskFolder(), SystemClock())
    return fetch(name, out, tools, notify)


def generate_portfolio(
    spec: PortfolioSpec, out: Path, processes: int, notify: Notify
) -> GenerateResult:
    """Generate a synthetic portfolio in a folder, or complete one; 0 processes: one a processor.

    Raises:
        UsageError: ``portfolio-spec``, ``portfolio-other``.
        ScorewrightError: ``portfolio-busy``, ``portfolio-worker-died``, ``write-failed``.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.adapters.portfolio import (
        ParquetPortfolioStore,
        ProcessRunner,
        default_processes,
    )
    from scorewright.flows.generate import generate

    runner = ProcessRunner(processes or default_processes())
    return generate(spec, ParquetPortfolioStore(out), runner, SystemClock(), notify)

"""The demos: the whole path in a fresh folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.machine import need
from scorewright.wiring.opened import project
from scorewright.wiring.start import (
    NewProject,
    NewTemplateProject,
    generate_portfolio,
    init_project,
    init_template,
)

if TYPE_CHECKING:
    from scorewright.flows.demo import DemoResult

__all__ = ["demo", "demo_portfolio"]


def demo(data: str, directory: Path | None, notify: Notify) -> DemoResult:
    """Run the demo in a fresh folder on a shipped data set or a file.

    Raises:
        UsageError: ``dataset-unknown``, and whatever is wrong with a file of the user's own.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.flows.demo import run_demo

    clock = SystemClock()
    need("fastapi", "serve")
    notify(StageStarted("project"))
    title, wish = _demo_wish(data, _fresh(directory or Path("scorewright-demo")))
    made = init_project(wish)
    notify(StageDone("project", str(wish.directory)))
    return run_demo(title, project(made.settings_file), clock, notify)


def demo_portfolio(applications: int, directory: Path | None, notify: Notify) -> DemoResult:
    """Run the demo on a generated portfolio of seven linked tables.

    Args:
        applications: How many to generate.
        directory: Fresh folder of the project; numbered where one is there.
        notify: Hears the progress.

    Raises:
        UsageError: ``portfolio-spec`` for a size out of range.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.core.portfolio import PortfolioSpec
    from scorewright.flows.demo import run_demo

    clock = SystemClock()
    need("fastapi", "serve")
    began = clock.elapsed()
    folder = _fresh(directory or Path("scorewright-portfolio"))
    generate_portfolio(PortfolioSpec(applications), folder / "data", 0, notify)
    notify(StageStarted("project"))
    made = init_template(NewTemplateProject("home-credit", folder))
    notify(StageDone("project", str(folder)))
    title = f"A synthetic portfolio of {applications:,} applications"
    result = run_demo(title, project(made.files[0]), clock, notify)
    return replace(result, seconds=clock.elapsed() - began)


def _demo_wish(data: str, folder: Path) -> tuple[str, NewProject]:
    """Return the title and the wish for a shipped data set or a file."""
    import shutil

    from scorewright.adapters.project_files import dataset, dataset_names

    file = Path(data)
    if data not in dataset_names() and (file.suffix or file.exists()):
        return file.name, NewProject(file, folder)
    shipped = dataset(data)
    copy = folder / "data" / shipped.path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped.path, copy)
    wish = NewProject(copy, folder, shipped.target, shipped.bad_value, shipped.name, shipped.accept)
    return f"{shipped.title} ({shipped.licence})", wish


def _fresh(folder: Path) -> Path:
    """Return the folder, numbered where a project already lies there."""
    number, candidate = 1, folder
    while (candidate / "scorewright.toml").exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate

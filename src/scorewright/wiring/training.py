"""What a training needs, whichever command trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify
from scorewright.wiring.features import FeatureRoom
from scorewright.wiring.machine import learners, prover, samplers
from scorewright.wiring.tables import reader

if TYPE_CHECKING:
    from scorewright.flows.ports import BundleStore
    from scorewright.flows.train import TrainTools
    from scorewright.wiring.project import Project

__all__ = ["scratch_bundles", "train_tools"]


def train_tools(here: Project, notify: Notify) -> TrainTools:
    """Return the ports of a training."""
    from scorewright.adapters.charts import VegaRenderer
    from scorewright.adapters.machine import GitVersion, SystemClock, library_versions
    from scorewright.adapters.mlflow_store import MlflowRunLog
    from scorewright.adapters.project_files import TomlContractFiles
    from scorewright.flows.train import TrainTools

    return TrainTools(
        reader=reader(),
        contracts=TomlContractFiles(),
        learners=learners(),
        samplers=samplers(),
        run_log=MlflowRunLog(here.tracking_uri, here.root / "mlruns"),
        bundles=here.bundles(),
        prover=prover(here.root),
        charts=VegaRenderer(),
        code=GitVersion(here.root),
        clock=SystemClock(),
        conventions=here.conventions(),
        library_versions=library_versions(),
        notify=notify,
        features=FeatureRoom(here).for_training(notify),
    )


def scratch_bundles(keys: Path) -> Callable[[], AbstractContextManager[BundleStore]]:
    """Return a maker of stores whose bundles are signed as the project's and gone afterwards.

    Args:
        keys: Folder of the project's keys.
    """

    @contextmanager
    def scratch() -> Iterator[BundleStore]:
        from scorewright.adapters.bundles import DiskBundles, KeyRing
        from scorewright.adapters.guarded import private_folder

        with private_folder("bundles") as folder:
            yield DiskBundles(folder, KeyRing(keys))

    return scratch

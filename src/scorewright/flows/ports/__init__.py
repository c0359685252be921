"""The ports: what the flows need from the world, and nothing more.

Each is a Protocol owned by the flows and implemented by an adapter. ``wiring`` is the only
file that knows which adapter stands behind which port.
"""

from scorewright.flows.ports.bundles import BundleStore, Current, LoadedBundle, Proof, Prover
from scorewright.flows.ports.folds import Bench, FoldFit, FoldTask, SharingLearner
from scorewright.flows.ports.learning import (
    ChoosesFeatures,
    ComposedLearner,
    Explains,
    FitTask,
    FittedModel,
    HasPointsTable,
    Learner,
    LearnerCatalogue,
    Params,
)
from scorewright.flows.ports.provenance import Clock, CodeVersion
from scorewright.flows.ports.reports import ChartRenderer, ReportRenderer
from scorewright.flows.ports.runs import (
    DatasetInput,
    RunContext,
    RunHandle,
    RunIndex,
    RunLog,
    RunStart,
    RunView,
)
from scorewright.flows.ports.sampling import Sampler, SamplerCatalogue
from scorewright.flows.ports.tables import (
    ContractFiles,
    PartReader,
    TableFile,
    TableReader,
    TableSource,
    TableWriter,
)

__all__ = [
    "Bench",
    "BundleStore",
    "ChartRenderer",
    "ChoosesFeatures",
    "Clock",
    "CodeVersion",
    "ComposedLearner",
    "ContractFiles",
    "Current",
    "DatasetInput",
    "Explains",
    "FitTask",
    "FittedModel",
    "FoldFit",
    "FoldTask",
    "HasPointsTable",
    "Learner",
    "LearnerCatalogue",
    "LoadedBundle",
    "Params",
    "PartReader",
    "Proof",
    "Prover",
    "ReportRenderer",
    "RunContext",
    "RunHandle",
    "RunIndex",
    "RunLog",
    "RunStart",
    "RunView",
    "Sampler",
    "SamplerCatalogue",
    "SharingLearner",
    "TableFile",
    "TableReader",
    "TableSource",
    "TableWriter",
]

"""Train: from a checked table to a logged run, a signed bundle and a policy."""

from scorewright.flows.train.flow import TrainResult, TrainTools, train
from scorewright.flows.train.prepare import BASELINE, fit_task, prepare
from scorewright.flows.train.record import dataset_input, run_start
from scorewright.flows.train.run import CompleteRun, complete_run, validate
from scorewright.flows.train.tools import Prepared, Validated
from scorewright.flows.train.validate import Watch, cost_matrix

__all__ = [
    "BASELINE",
    "CompleteRun",
    "Prepared",
    "TrainResult",
    "TrainTools",
    "Validated",
    "Watch",
    "complete_run",
    "cost_matrix",
    "dataset_input",
    "fit_task",
    "prepare",
    "run_start",
    "train",
    "validate",
]

"""Train: from a checked table to a logged run, a signed bundle and a policy."""

from scorewright.flows.train.flow import TrainResult, TrainTools, train
from scorewright.flows.train.prepare import prepare

__all__ = ["TrainResult", "TrainTools", "prepare", "train"]

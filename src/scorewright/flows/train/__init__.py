"""Train: from a checked table to a logged run, a signed bundle and a policy."""

from scorewright.flows.train.flow import TrainResult, TrainTools, train

__all__ = ["TrainResult", "TrainTools", "train"]

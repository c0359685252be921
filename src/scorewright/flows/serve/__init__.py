"""Serve decisions: from a checked application to an answer that is in the log."""

from scorewright.flows.serve.application import Application, Asked
from scorewright.flows.serve.batch import (
    Batch,
    BatchDesk,
    BatchFile,
    BatchOrder,
    BatchProblem,
    BatchState,
    Upload,
    problem_in,
)
from scorewright.flows.serve.challenge import Panel, Shadows, refuse_other_contract
from scorewright.flows.serve.decide import Chosen, Decided, Decider, repeat
from scorewright.flows.serve.explain import (
    Words,
    explain_score,
    explanation_document,
    reasons_document,
)
from scorewright.flows.serve.ports import (
    DecisionLog,
    Erasure,
    Gatekeeper,
    Ids,
    LogState,
    OutcomeReceipt,
    Resources,
    Surroundings,
    SyncState,
)
from scorewright.flows.serve.reload import Watcher, roll_back, rollback_target
from scorewright.flows.serve.replay import Remembered, Replay, replay
from scorewright.flows.serve.service import Service
from scorewright.flows.serve.slot import Attempt, Slot
from scorewright.flows.serve.variant import Variant

__all__ = [
    "Application",
    "Asked",
    "Attempt",
    "Batch",
    "BatchDesk",
    "BatchFile",
    "BatchOrder",
    "BatchProblem",
    "BatchState",
    "Chosen",
    "Decided",
    "Decider",
    "DecisionLog",
    "Erasure",
    "Gatekeeper",
    "Ids",
    "LogState",
    "OutcomeReceipt",
    "Panel",
    "Remembered",
    "Replay",
    "Resources",
    "Service",
    "Shadows",
    "Slot",
    "Surroundings",
    "SyncState",
    "Upload",
    "Variant",
    "Watcher",
    "Words",
    "explain_score",
    "explanation_document",
    "problem_in",
    "reasons_document",
    "refuse_other_contract",
    "repeat",
    "replay",
    "roll_back",
    "rollback_target",
]

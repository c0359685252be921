"""Plans: what would be done to a store, as a document; and how it is taken back."""

from scorewright.core.plans.balance import Balance, unbalanced
from scorewright.core.plans.changes import (
    Change,
    FileChange,
    LinkChange,
    MoveChange,
    Row,
    RowChange,
    RowsChange,
    Scalar,
    StoreChange,
    inverse,
)
from scorewright.core.plans.plan import Plan, Receipt, Step, StoreRef, inverse_plan, read_plan
from scorewright.core.plans.receipts import read_receipt
from scorewright.core.plans.text import PlanText, plan_text

__all__ = [
    "Balance",
    "Change",
    "FileChange",
    "LinkChange",
    "MoveChange",
    "Plan",
    "PlanText",
    "Receipt",
    "Row",
    "RowChange",
    "RowsChange",
    "Scalar",
    "Step",
    "StoreChange",
    "StoreRef",
    "inverse",
    "inverse_plan",
    "plan_text",
    "read_plan",
    "read_receipt",
    "unbalanced",
]

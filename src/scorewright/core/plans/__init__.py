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
from scorewright.core.plans.digests import RowsDigest
from scorewright.core.plans.net import differences, net_changes, unexplained
from scorewright.core.plans.plan import (
    Plan,
    Receipt,
    Step,
    StoreRef,
    TableRef,
    inverse_plan,
    read_plan,
)
from scorewright.core.plans.receipts import read_receipt
from scorewright.core.plans.text import PlanText, balance_table, plan_text

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
    "RowsDigest",
    "Scalar",
    "Step",
    "StoreChange",
    "StoreRef",
    "TableRef",
    "balance_table",
    "differences",
    "inverse",
    "inverse_plan",
    "net_changes",
    "plan_text",
    "read_plan",
    "read_receipt",
    "unbalanced",
    "unexplained",
]

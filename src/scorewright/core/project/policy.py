"""The section that describes the decision rule."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scorewright.core.project.section import Section

__all__ = ["LoanSettings", "PolicySettings", "ProtectedSettings"]


class LoanSettings(Section):
    """``[policy.loans]``: columns that give every loan its own costs (Bahnsen 2014)."""

    exposure: str
    loss_given_default: str | float = 0.75
    margin: str


class ProtectedSettings(Section):
    """A column and the value whose approval rate is compared with everybody else's."""

    column: str
    value: str | int | bool


class PolicySettings(Section):
    """``[policy]``: the decision rule's name, owner and method."""

    id: str | None = None
    owner: str | None = None
    method: Literal[
        "exact_minimum_cost", "bayes", "reject_rate", "approval_rate", "max_bad_rate"
    ] = "exact_minimum_cost"
    target: float | None = Field(default=None, gt=0.0, lt=1.0)
    approval_corridor: list[float] | None = Field(default=None, min_length=2, max_length=2)
    max_bad_rate: float | None = Field(default=None, gt=0.0, lt=1.0)
    max_step: float | None = Field(default=None, gt=0.0, lt=1.0)
    refer: list[float] | None = Field(default=None, min_length=2, max_length=2)
    segment: str | None = None
    loans: LoanSettings | None = None
    protected: ProtectedSettings | None = None
    profit_good: float | None = Field(default=None, ge=0.0)

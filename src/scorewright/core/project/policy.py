"""The section that describes the decision rule."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse a target that is missing and pairs that cannot be meant."""
        if self.target is None and self.method in {"reject_rate", "approval_rate", "max_bad_rate"}:
            raise ValueError(f"method = {self.method!r} needs a target, such as target = 0.15")
        corridor = self.approval_corridor
        if corridor is not None and not 0.0 <= corridor[0] < corridor[1] <= 1.0:
            raise ValueError("approval_corridor needs a lower and a higher share from 0 to 1")
        if self.refer is not None and not all(0.0 <= end <= 1.0 for end in self.refer):
            raise ValueError("refer needs two distances from 0 to 1")
        return self

"""Decisions on the rows of a file as rows of the decision log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import polars.selectors as cs

from scorewright.core.bundles import Bundle
from scorewright.core.decision_log import DecisionBlock, Keeping, LoggedDecision
from scorewright.flows.batch_lines import OURS, OUTSIDE, UNKNOWN
from scorewright.flows.serve import BatchOrder, Variant

__all__ = ["Recorder", "inputs_of"]

SUBJECT = f"{OURS}subject"
_MICROSECONDS = 1_000_000


def inputs_of(
    frame: pl.DataFrame, flags: pl.DataFrame, scored: pl.DataFrame, bundle: Bundle
) -> pl.DataFrame:
    """Return what the log needs of rows that were scored.

    The key of the applications is the applicant's id: only its pseudonym goes to the log.

    Args:
        frame: Typed rows that keep the contract.
        flags: By `flagged`, of the same rows.
        scored: Their ids, PDs and decisions.
        bundle: Whose contract names the inputs.
    """
    names, key = [column.name for column in bundle.contract.features], bundle.contract.key
    if bundle.features is not None:
        key = bundle.features.relations.key
        names = [name for name in frame.columns if name != key]
    inputs = frame.select(names).with_columns(cs.temporal().dt.to_string("iso"))
    subject = pl.Series(SUBJECT, [None], dtype=pl.String).new_from_index(0, frame.height)
    if key is not None and key in frame.columns:
        subject = frame[key].cast(pl.String).alias(SUBJECT)
    ours = scored.select(pl.all().name.prefix(OURS))
    return pl.concat([inputs, flags, subject.to_frame(), ours], how="horizontal")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes rows of the decision log.

    Attributes:
        order: What was asked; its id is the request id of all its decisions.
        variant: Model and policy.
        keeping: What the log keeps of an application.
        assumed: The date that was taken for the decisions because the file has none.
    """

    order: BatchOrder
    variant: Variant
    keeping: Keeping
    assumed: date | None

    def records(self, rows: pl.DataFrame, now: datetime) -> DecisionBlock:
        """Return the rows of the log.

        Args:
            rows: By `inputs_of`.
            now: When they were decided.
        """
        subjects = rows[SUBJECT].to_list()
        pseudonym = self.keeping.key.pseudonym
        return DecisionBlock(
            common=self._common(int(now.timestamp() * _MICROSECONDS)),
            decision_ids=rows[f"{OURS}decision_id"].to_list(),
            subjects=[None if subject is None else pseudonym(subject) for subject in subjects],
            pds=rows[f"{OURS}pd"].to_list(),
            decisions=rows[f"{OURS}decision"].to_list(),
            thresholds=rows[f"{OURS}threshold"].to_list(),
            inputs=self._inputs(rows),
            flags=self._all_flags(rows),
        )

    def _common(self, at: int) -> LoggedDecision:
        model, policy = self.variant.model, self.variant.policy
        return LoggedDecision(
            decision_id="",
            at=at,
            request_id=self.order.id,
            role=self.variant.role,
            variant=self.variant.name,
            propensity=1.0,
            answers=None,
            caller=self.order.caller,
            tenant=self.order.tenant,
            idempotency=None,
            subject=None,
            bundle=model["bundle"],
            model_digest=model["model_digest"],
            policy=f"{policy['id']}@{policy['version']}",
            policy_digest=policy["digest"],
            pd=0.0,
            decision="",
            threshold=0.0,
            tables=self._tables(),
        )

    def _inputs(self, rows: pl.DataFrame) -> list[bytes]:
        """Return what is kept of each row, as JSON."""
        keep = self.keeping.keep_of
        own = [s for s in rows if not s.name.startswith(OURS) and keep(s.name) != "none"]
        if not own:
            return [b"{}"] * rows.height
        kept = pl.DataFrame([self._hashed(s) if keep(s.name) == "hashed" else s for s in own])
        texts = kept.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        return texts.cast(pl.Binary).to_list()

    def _hashed(self, series: pl.Series) -> pl.Series:
        digests = [self.keeping.key.digest(series.name, value) for value in series.to_list()]
        return pl.DataFrame({"hashed": digests}).to_struct(series.name)

    def _all_flags(self, rows: pl.DataFrame) -> list[Mapping[str, Any]]:
        """Return the flags of each row; equal ones are one object."""
        pairs = rows.select(UNKNOWN, OUTSIDE).rows()
        each = {pair: self._flags(*pair) for pair in set(pairs)}
        return [each[pair] for pair in pairs]

    def _flags(self, unknown: str | None, outside: str | None) -> dict[str, Any]:
        flags: dict[str, Any] = {
            "unknown_category": unknown.split("\0") if unknown else [],
            "out_of_range": outside.split("\0") if outside else [],
            "stale_bundle": None,
        }
        if self.variant.deployment.loaded.bundle.features is not None:
            flags["assumed_decision_date"] = self.assumed and str(self.assumed)
        return flags

    def _tables(self) -> Mapping[str, Any]:
        """Say of the histories that they were read and are not kept: files are too large."""
        plan = self.variant.deployment.loaded.bundle.features
        if plan is None:
            return {}
        return {
            name: {
                "height": 0,
                "columns": {},
                "left_out": sorted(plan.relations.history(name).contract.names),
            }
            for name in plan.tables
        }

"""Score and decide one application; the answer and the row of the log are made together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scorewright.core.decision import Rule, segment_text
from scorewright.core.decision_log import Keeping, LoggedDecision
from scorewright.core.reasons import ReasonDictionary
from scorewright.flows.ports import Clock
from scorewright.flows.serve.application import Application, Asked
from scorewright.flows.serve.explain import explain_score, reasons_document
from scorewright.flows.serve.kept import kept_answer, kept_of, whole_answer
from scorewright.flows.serve.ports import Ids
from scorewright.flows.serve.variant import Variant

__all__ = ["Chosen", "Decided", "Decider", "repeat"]

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which variant answers an application, and how it came to.

    Attributes:
        variant: Model and policy, taken once per request.
        propensity: Probability with which it was chosen.
        answers: For a shadow, the decision it stands beside.
        stale: Why the bundle may be older than it should be; empty where it is not.
    """

    variant: Variant
    propensity: float = 1.0
    answers: str | None = None
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer, and what the log keeps of it."""

    answer: dict[str, Any]
    record: LoggedDecision


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides applications.

    Attributes:
        clock: When it was decided.
        ids: Ids of decisions.
        keeping: What the log keeps of an application.
        words: Words for the features of a variant.
    """

    clock: Clock
    ids: Ids
    keeping: Keeping
    words: Callable[[Variant], ReasonDictionary]

    def decide(self, chosen: Chosen, application: Application, asked: Asked) -> Decided:
        """Score and decide one application.

        Args:
            chosen: Model and policy.
            application: Keeps that model's contract.
            asked: Who asked, and how.

        Raises:
            ScorewrightError: ``score-not-finite``.
            UsageError: ``not-explainable``, where reasons were asked for.
        """
        variant, deployment = chosen.variant, chosen.variant.deployment
        x = deployment.scorer.encoded(application.values, application.tables)
        pd = deployment.scorer.score_one(x)
        policy = deployment.policy
        column = policy.segment_column if policy.segments else None
        segment = None if column is None else application.values.get(column)
        rule = policy.rule_of(segment)
        answer = {
            "decision_id": self.ids.next(),
            "request_id": asked.request_id,
            "pd": pd,
            "decision": rule.decide(pd),
            "threshold": rule.threshold,
            "confidence": _confidence(rule, pd),
            **_more(rule, column, segment),
            "policy": variant.policy,
            "model": variant.model,
            "variant": variant.name,
            "flags": self._flags(chosen, application),
        }
        if asked.reasons:
            explanation = explain_score(variant, x, self.words(variant))
            answer["reasons"] = reasons_document(explanation)
        record = self._record(chosen, application, asked, answer)
        return Decided(_addressed(answer, application), record)

    def _flags(self, chosen: Chosen, application: Application) -> dict[str, Any]:
        """Say what was taken otherwise than it was sent, and whether the bundle may be old."""
        flags: dict[str, Any] = {
            "unknown_category": self._named(chosen.variant, application.unknown),
            "out_of_range": self._named(
                chosen.variant, chosen.variant.out_of_range(application.values)
            ),
            "stale_bundle": chosen.stale or None,
        }
        if chosen.variant.deployment.loaded.bundle.features is not None:
            flags["orphan_rows"] = dict(application.orphans)
            flags["assumed_decision_date"] = application.assumed_decision
        return flags

    def _named(self, variant: Variant, columns: Sequence[str]) -> list[str]:
        """Leave out what is never named to anybody."""
        if not columns:
            return []
        words = self.words(variant)
        return [name for name in columns if not words.is_prohibited(name)]

    def _record(
        self, chosen: Chosen, application: Application, asked: Asked, answer: Mapping[str, Any]
    ) -> LoggedDecision:
        key, variant = self.keeping.key, chosen.variant
        policy, model = variant.policy, variant.model
        kept = kept_of(self.keeping, application, variant.deployment.loaded.bundle.features)
        return LoggedDecision(
            decision_id=answer["decision_id"],
            at=int(self.clock.now().timestamp() * _MICROSECONDS),
            request_id=asked.request_id,
            role=variant.role,
            variant=variant.name,
            propensity=chosen.propensity,
            answers=chosen.answers,
            caller=asked.caller,
            tenant=asked.tenant,
            # One caller may act for several tenants.
            idempotency=asked.idempotency
            and key.digest("idempotency", [asked.tenant, asked.idempotency]),
            subject=kept.subject,
            bundle=model["bundle"],
            model_digest=model["model_digest"],
            policy=f"{policy['id']}@{policy['version']}",
            policy_digest=policy["digest"],
            pd=answer["pd"],
            decision=answer["decision"],
            threshold=answer["threshold"],
            inputs=kept.inputs,
            tables=kept.tables,
            flags=answer["flags"],
            reasons=tuple(answer.get("reasons", ())),
            answer=kept_answer(self.keeping, answer, asked.sent) if asked.idempotency else {},
        )


def repeat(
    record: LoggedDecision, again: LoggedDecision, application: Application
) -> dict[str, Any]:
    """Return the answer to a request that is repeated: what was answered the first time.

    Args:
        record: What the log holds under the request's idempotency key.
        again: What was decided now.
        application: As it was sent now.

    Raises:
        UsageError: ``idempotency-key-reused``: something else was sent with that key, so the
            answer would be about somebody else.
    """
    answer = whole_answer(record.answer, again.answer, application)
    return _addressed(answer, application)


def _addressed(answer: Mapping[str, Any], application: Application) -> dict[str, Any]:
    """Put the caller's own id beside the other ids."""
    first = {name: answer[name] for name in ("decision_id", "request_id") if name in answer}
    return {**first, "application_id": application.id, **answer}


def _confidence(rule: Rule, pd: float) -> float:
    """Return the distance in PD to the nearest point where the decision would change."""
    edges = (rule.threshold,) if rule.refer_from is None else (rule.refer_from, rule.refer_to)
    return min(abs(pd - edge) for edge in edges if edge is not None)


def _more(rule: Rule, column: str | None, segment: object) -> dict[str, Any]:
    """Return what only some policies have: a band of referrals, rules of segments."""
    more: dict[str, Any] = {}
    if rule.refer_from is not None and rule.refer_to is not None:
        more["refer"] = {"from": rule.refer_from, "to": rule.refer_to}
    if column is not None:
        more["segment"] = {"column": column, "value": segment_text(segment)}
    return more

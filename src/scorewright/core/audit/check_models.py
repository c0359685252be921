"""Models that do not load, and models that nobody has tried."""

from __future__ import annotations

from collections.abc import Iterator

from scorewright.core.audit.models import ModelState, TriedModel
from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.subjects import Subject
from scorewright.core.audit.view import StoreView

__all__ = ["MODEL_CHECKS"]


def _broken(view: StoreView) -> Iterator[Hit]:
    """Tell of models that are known not to load; a library that is not here is no damage."""
    models = set(view.given.snapshot.logged_models["model_id"])
    for key, reason in view.given.broken_models.items():
        if key in view.names:
            subject = view.subject(key)
        else:
            subject = Subject("logged_model" if key in models else "version", key)
        yield Hit((subject,), reason.rstrip("."), {"reason": reason})
    for tried in view.given.tried_models:
        if tried.state is ModelState.BROKEN:
            yield _hit(view, tried)
        elif tried.state is ModelState.LIBRARY:
            yield Hit(*_told(view, tried), severity="warning")


def _not_tried(view: StoreView) -> Iterator[Hit]:
    for tried in view.given.tried_models:
        if tried.state is ModelState.NOT_TRIED:
            yield _hit(view, tried)


def _hit(view: StoreView, tried: TriedModel) -> Hit:
    return Hit(*_told(view, tried))


def _told(view: StoreView, tried: TriedModel) -> tuple[tuple[Subject], str, dict[str, str]]:
    if tried.owner == "run":
        subject = view.subject(tried.owner_id)
    else:
        subject = Subject("logged_model" if tried.owner == "model" else "version", tried.owner_id)
    where = f"{tried.path}: " if tried.path else ""
    detail = {"path": tried.path, "format": tried.format, "reason": tried.reason}
    return (subject,), f"{where}{tried.reason}", detail


MODEL_CHECKS: dict[str, Check] = {"MODEL-004": _broken, "MODEL-008": _not_tried}

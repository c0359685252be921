"""The one answer to a model file that cannot be read."""

from __future__ import annotations

from scorewright.core.errors import IntegrityError

__all__ = ["damaged"]


def damaged(model: str, what: str) -> IntegrityError:
    """Return the error for a model file that cannot be read.

    Args:
        model: What kind of model it should be, such as ``XGBoost``.
        what: What is wrong with it.

    Returns:
        ``bundle-model``.
    """
    return IntegrityError(
        f"The {model} model cannot be read: {what}.",
        remedy="Get the bundle again from where it was made, or train again.",
        code="bundle-model",
    )

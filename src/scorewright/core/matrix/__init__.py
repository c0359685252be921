"""From typed values to the numbers a learner sees, the same at training and serving."""

from typing import TYPE_CHECKING, Any

from scorewright.core.matrix.space import Feature, FeatureSpace

if TYPE_CHECKING:
    from scorewright.core.matrix.frames import feature_space, to_matrix

__all__ = ["Feature", "FeatureSpace", "feature_space", "to_matrix"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol of module attributes
    """Import the parts that need polars only when asked for: serving does without it."""
    if name in {"feature_space", "to_matrix"}:
        from scorewright.core.matrix import frames  # noqa: PLC0415 - the point of this function

        return getattr(frames, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

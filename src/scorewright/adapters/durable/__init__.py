"""Files that are there whole or not at all: written aside, brought to disk, renamed."""

from typing import TYPE_CHECKING, Any

from scorewright.adapters.durable.files import json_text, load_json, save, save_json

if TYPE_CHECKING:
    from scorewright.adapters.durable.frames import save_frame

__all__ = ["json_text", "load_json", "save", "save_frame", "save_json"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol of module attributes
    """Import the part that needs Polars only when asked for: workers settle its threads first."""
    if name == "save_frame":
        from scorewright.adapters.durable import frames  # noqa: PLC0415 - the point of this

        return frames.save_frame
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

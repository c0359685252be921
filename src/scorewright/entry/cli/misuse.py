"""What is wrong with a command line, told as every other error is."""

from __future__ import annotations

import typer

from scorewright.core.errors import UsageError

__all__ = ["misuse"]


def misuse(error: typer.TyperException) -> UsageError | None:
    """Return the error for a command line that cannot be understood.

    Args:
        error: What Typer says of it.

    Returns:
        None where help was printed instead: a group was named without a command.
    """
    said = str(getattr(error, "format_message", error.__str__)()).strip()
    if not said:
        return None
    context: typer.Context | None = getattr(error, "ctx", None)
    root = None if context is None else context.find_root()
    if context is None or root is None or context is root:
        return _wrong(said, "'scorewright --help' shows the commands.")
    option: str | None = getattr(error, "option_name", None)
    if option and any(option in known.opts for known in root.command.params):
        return _wrong(
            f"'{option}' is an option of scorewright itself, not of '{context.command_path}'.",
            f"Give it before the command: {root.command_path} {option} ... "
            f"{context.command_path.removeprefix(root.command_path).strip()} ...",
        )
    usage = context.get_usage().removeprefix("Usage: ").strip()
    return _wrong(said, f"{usage}; '{context.command_path} --help' says more.")


def _wrong(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="command-line")

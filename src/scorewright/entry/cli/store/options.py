"""What the commands of stores have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import session

if TYPE_CHECKING:
    from scorewright.core.snapshot import RootRule
    from scorewright.wiring import StoreRoom

__all__ = ["HashOption", "Location", "RootOption", "room", "root_rules", "safe", "safe_rows"]

Location = Annotated[
    str | None,
    typer.Argument(
        help="Database file, folder, or address: mlflow.db, mlruns, sqlite:///, postgresql://, "
        "http://.",
        show_default="the project's store",
    ),
]
RootOption = Annotated[
    list[str] | None,
    typer.Option(
        "--root", help="OLD=NEW: where a moved artifact root lies now; others are guessed."
    ),
]
HashOption = Annotated[
    bool, typer.Option("--hash", help="Read every artifact file for its SHA-256.")
]


#: What a terminal would obey instead of showing it; line ends and tabs are let through.
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")


def safe(text: str) -> str:
    """Return a text of a stranger's store that a terminal may show."""
    return text.translate(_CONTROLS)


def safe_rows(rows: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return cells that a terminal may show."""
    return [tuple(safe(cell) for cell in row) for row in rows]


def room(context: typer.Context) -> StoreRoom:
    """Return what can be learned of stores."""
    from scorewright import wiring

    return wiring.StoreRoom(session(context).config)


def root_rules(texts: list[str] | None) -> tuple[RootRule, ...]:
    """Understand ``OLD=NEW``.

    Raises:
        UsageError: ``store-root``.
    """
    from pathlib import Path

    from scorewright.core.snapshot import RootRule, parse_address

    rules = []
    for text in texts or ():
        old, separator, new = text.rpartition("=")
        if not separator or not new:
            raise UsageError(
                f"'{text}' does not say where a root lies now.",
                remedy="Write --root OLD=NEW, such as --root file:///C:/Users/ana/mlruns=mlruns.",
                code="store-root",
            )
        kept = old if old in {"", "mlflow-artifacts:"} else parse_address(old).path
        rules.append(RootRule(kept, Path(new).absolute().as_posix()))
    return tuple(rules)

"""Tables that fit a terminal: what says nothing goes, then what matters least."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.markup import escape
from rich.table import Table

from scorewright.entry.cli.screen import stdout

__all__ = ["print_fitting", "print_lists"]

#: Cells that say nothing where the whole column is so.
_NOTHING = frozenset({"", "0", "0 B", "active", "FINISHED"})
_BORDER = 3
#: A long column may be folded down to this.
_NARROW = 24
#: And beside a column that is never folded, to this.
_FOLDED = 8


def print_fitting(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], order: Sequence[str]
) -> tuple[str, ...]:
    """Print a table without what no cell of says anything, and without what does not fit.

    Args:
        title: Above it.
        columns: Headings.
        rows: Cells.
        order: Headings by their weight, the most important first; others come last.

    Returns:
        Headings that would say something and did not fit.
    """
    told = [i for i in range(len(columns)) if any(row[i] not in _NOTHING for row in rows)]
    told = told or list(range(len(columns)))
    weight = {name: place for place, name in enumerate(order)}
    shown = sorted(told, key=lambda i: (weight.get(columns[i], len(order)), i))
    widths = {i: _width(columns[i], [row[i] for row in rows]) for i in told}
    console = stdout()
    while len(shown) > 2 and _needed(shown, widths) > console.width:  # noqa: PLR2004 - id, name
        shown.pop()
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for i in sorted(shown):
        is_number = all(_is_number(row[i]) for row in rows)
        table.add_column(
            columns[i],
            justify="right" if is_number else "left",
            overflow="fold",
            min_width=min(widths[i], _NARROW),
        )
    for row in rows:
        table.add_row(*(escape(row[i]) for i in sorted(shown)))
    console.print(table)
    return tuple(columns[i] for i in told if i not in shown)


def print_lists(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    whole: Collection[str],
) -> None:
    """Print a table in which some columns are never folded, however narrow the terminal is.

    Args:
        title: Above it.
        columns: Headings.
        rows: Cells.
        whole: Headings of what is copied into a command, such as ids.
    """
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    needed = 1
    for place, column in enumerate(columns):
        full = _width(column, [row[place] for row in rows])
        width = full if column in whole else min(full, _FOLDED)
        table.add_column(column, overflow="fold", no_wrap=column in whole, min_width=width)
        needed += width + _BORDER
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console = stdout()
    if needed > console.width:
        table.width = needed
    console.print(table, crop=False)


def _width(heading: str, cells: Sequence[str]) -> int:
    return max(len(heading), *map(len, cells), 1)


def _needed(shown: Sequence[int], widths: dict[int, int]) -> int:
    return sum(min(widths[i], _NARROW) + _BORDER for i in shown) + 1


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").lstrip("-").isdecimal() or not cell

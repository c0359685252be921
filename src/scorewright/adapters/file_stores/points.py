"""The lines of a metric's file: ``timestamp value step``.

MLflow before 1.0 wrote no step; MLflow 3 adds the name and digest of a data set where one was
named, and the run in the metrics of a logged model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = ["Line", "Points", "read_points"]

_WIDEST = 1 << 63
_TWO, _THREE = 2, 3


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a metric: time in milliseconds, value, step; a data set's name and digest."""

    timestamp: int
    value: float
    step: int
    run_id: str = ""
    data: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Points:
    """The values of a metric.

    Attributes:
        timestamps: Milliseconds, shape (n,).
        values: Shape (n,).
        steps: Shape (n,).
        run_ids: For the metrics of a logged model, shape (n,); else empty.
        data: Name and digest of a data set, empty where there is none, likewise.
        rejected: Lines that were not understood.
        doubtful: A last line without an end that was understood all the same.
        repeated: Lines that say what an earlier one said.
    """

    timestamps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    run_ids: list[str] = field(default_factory=list)
    data: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    repeated: int = 0

    def last(self) -> int:
        """Return the index of what MLflow shows: largest step, then time, then value."""
        known = (0.0 if math.isnan(value) else value for value in self.values)
        keys = zip(self.steps, self.timestamps, known, range(len(self.steps)), strict=True)
        return max(keys)[3]


def read_points(data: bytes, *, of_model: bool = False) -> Points:
    """Read the lines of a metric's file, each once.

    Args:
        data: The file.
        of_model: Lines name the run after the step, as for logged models.
    """
    lines = data.split(b"\n")
    is_ended = not lines[-1]
    if is_ended:
        lines.pop()
    points = None if of_model or not is_ended else _plain(lines)
    if points is None:
        points = _careful(lines, is_ended=is_ended, of_model=of_model)
    return _once(points)


def _plain(lines: list[bytes]) -> Points | None:
    """Read lines of three fields; None where one is anything else."""
    rows = [line.split(b" ") for line in lines]
    if not rows or any(len(row) != _THREE for row in rows):
        return None
    try:
        timestamps = [int(row[0]) for row in rows]
        values = [float(row[1]) for row in rows]
        steps = [int(row[2]) for row in rows]
    except ValueError:
        return None
    if _fits(timestamps) and _fits(steps):
        return Points(timestamps, values, steps)
    return None


def _careful(lines: list[bytes], *, is_ended: bool, of_model: bool) -> Points:
    points = Points()
    width = 0
    for index, line in enumerate(lines):
        fields = line.split()
        found = _model_line(fields) if of_model else _run_line(fields)
        is_cut = not is_ended and index == len(lines) - 1
        # A last line without an end is believed if it is as wide as the others.
        if found is None or (is_cut and len(fields) != (width or max(_THREE, len(fields)))):
            points.rejected.append(_quoted(line))
            continue
        if is_cut:
            points.doubtful.append(_quoted(line))
        width = len(fields)
        points.timestamps.append(found.timestamp)
        points.values.append(found.value)
        points.steps.append(found.step)
        points.run_ids.append(found.run_id)
        points.data.append(found.data)
    return points


def _run_line(fields: list[bytes]) -> Line | None:
    # Two fields: before MLflow 1.0. Five and more: a data set, whose name may have spaces.
    if len(fields) < _TWO or len(fields) == 4:  # noqa: PLR2004 - half a data set
        return None
    return _line(fields)


def _model_line(fields: list[bytes]) -> Line | None:
    if len(fields) < 4 or len(fields) == 5:  # noqa: PLR2004 - time, value, step, run; data set
        return None
    name, digest = b" ".join(fields[4:-1]), b"".join(fields[-1:] if len(fields) > 4 else [])  # noqa: PLR2004 - as above
    return _line(
        fields, fields[3].decode("latin-1"), (name.decode("latin-1"), digest.decode("latin-1"))
    )


def _line(fields: list[bytes], run_id: str = "", data: tuple[str, str] = ("", "")) -> Line | None:
    try:
        step = int(fields[2]) if len(fields) > _TWO else 0
        line = Line(int(fields[0]), float(fields[1]), step, run_id, data)
    except ValueError:
        return None
    return line if _fits([line.timestamp, line.step]) else None


def _fits(numbers: list[int]) -> bool:
    return min(numbers) >= -_WIDEST and max(numbers) < _WIDEST


def _quoted(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def _once(points: Points) -> Points:
    """Leave out what was said before; NaN is the same as NaN here."""
    known = [None if math.isnan(value) else value for value in points.values]
    runs = points.run_ids or [""] * len(known)
    data = points.data or [("", "")] * len(known)
    rows = list(zip(points.timestamps, known, points.steps, runs, data, strict=True))
    # A dict keeps the place of what came first.
    first = dict.fromkeys(rows)
    points.repeated = len(rows) - len(first)
    if points.repeated:
        points.timestamps = [row[0] for row in first]
        points.values = [math.nan if row[1] is None else row[1] for row in first]
        points.steps = [row[2] for row in first]
        points.run_ids = [row[3] for row in first]
        points.data = [row[4] for row in first]
    return points

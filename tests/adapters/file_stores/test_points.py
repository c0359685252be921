"""Lines of metrics."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.file_stores.points import read_points

_WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(_WHOLE, st.floats(allow_nan=False), _WHOLE), unique=True))
def test_what_mlflow_writes_is_read(rows: list[tuple[int, float, int]]) -> None:
    data = "".join(f"{time} {value} {step}\n" for time, value, step in rows).encode()
    points = read_points(data)
    # 0.0 and -0.0 are one value, as for a database.
    expected = list(dict.fromkeys(rows))
    assert list(zip(points.timestamps, points.values, points.steps, strict=True)) == expected
    assert (points.rejected, points.doubtful) == ([], [])
    assert points.repeated == len(rows) - len(expected)


@given(st.binary(max_size=200))
def test_no_line_is_lost(data: bytes) -> None:
    lines = data.split(b"\n")
    count = len(lines) - (not lines[-1])
    points = read_points(data)
    assert len(points.steps) + len(points.rejected) + points.repeated == count


def test_old_and_new_lines_are_understood() -> None:
    points = read_points(
        b"1 0.5\n2 0.25 3\n3 0.5 4 home credit 3f2a\r\n4 1 nonsense\n\n5 0.5 1 x\n"
    )
    assert points.steps == [0, 3, 4]
    assert points.timestamps == [1, 2, 3]
    assert points.rejected == ["4 1 nonsense", "", "5 0.5 1 x"]


def test_a_line_that_was_cut_is_not_believed() -> None:
    assert read_points(b"1 0.5 0\n2 0.25 1\n17 0.").rejected == ["17 0."]
    assert read_points(b"17 0.5").rejected == ["17 0.5"]
    whole = read_points(b"1 0.5 0\n2 0.25 1")
    assert (whole.steps, whole.doubtful) == ([0, 1], ["2 0.25 1"])


def test_numbers_beyond_64_bits_are_rejected() -> None:
    assert len(read_points(f"{2**63} 1 0\n1 1 {2**70}\n".encode()).rejected) == 2


def test_repeated_lines_are_counted_nan_too() -> None:
    points = read_points(b"1 nan 0\n1 nan 0\n1 0.5 1\n1 0.50 1\n")
    assert (points.repeated, len(points.steps)) == (2, 2)
    assert math.isnan(points.values[0])


def test_the_last_value_is_that_of_the_largest_step() -> None:
    points = read_points(b"9 5.0 1\n1 1.0 2\n3 2.0 2\n3 nan 2\n")
    assert points.values[points.last()] == 2.0


def test_metrics_of_a_logged_model_name_their_run() -> None:
    points = read_points(b"1 0.5 3 run\n2 0.6 4 run home 3f\n3 0.7 5\n", of_model=True)
    assert (points.run_ids, points.steps) == (["run", "run"], [3, 4])
    assert points.rejected == ["3 0.7 5"]

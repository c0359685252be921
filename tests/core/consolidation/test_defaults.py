"""What the experiment "Default" of a new store takes over."""

from __future__ import annotations

import pytest

from scorewright.core.consolidation import (
    DefaultFound,
    default_columns,
    default_created,
    default_notes,
)

_GONE = DefaultFound("a", is_deleted=True, is_used=True, created=5, updated=7)
_USED = DefaultFound("b", is_used=True, created=6, updated=9)
_FRESH = DefaultFound("c")


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        ((), None),
        ((_GONE,), {"last_update_time": 7, "lifecycle_stage": "deleted"}),
        ((_GONE, _USED), {"last_update_time": 9}),
        ((_GONE, _FRESH), {"last_update_time": 7, "lifecycle_stage": "deleted"}),
        ((_FRESH,), {"last_update_time": None, "creation_time": None}),
        ((_FRESH, DefaultFound("d", is_deleted=True)), {"last_update_time": None,
                                                        "creation_time": None}),
    ],
)  # fmt: skip
def test_it_is_deleted_where_all_that_hold_anything_are(
    found: tuple[DefaultFound, ...], columns: dict[str, object] | None
) -> None:
    assert default_columns(found) == columns


def test_it_is_as_old_as_the_oldest() -> None:
    assert default_created((_FRESH, _USED, _GONE)) == 5
    assert default_created((_FRESH,)) is None


def test_what_comes_back_or_vanishes_is_said() -> None:
    assert default_notes((_GONE, _FRESH)) == ()
    assert default_notes(()) == ()
    (note,) = default_notes((_GONE, _USED))
    assert note == (
        "a: the experiment 'Default' is deleted in the source and active in the target: what it "
        "holds joins that one."
    )
    (note,) = default_notes((_GONE, _USED, _FRESH), is_deleted=True)
    assert note.startswith("b: the experiment 'Default' is active in the source and deleted")
    (note,) = default_notes((DefaultFound("d", is_deleted=True),), is_deleted=False)
    assert note.endswith("it holds nothing.")

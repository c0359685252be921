"""The interrupt behind an error."""

from __future__ import annotations

import pytest

from scorewright.adapters.interrupts import interrupt_behind


def _raised(first: BaseException, *, named: bool) -> BaseException:
    """Return an error two steps behind which another one lies, as context or as cause."""

    def begin() -> None:
        raise first

    def close() -> None:
        try:
            begin()
        except BaseException as error:
            if named:
                raise OSError("closed") from error
            raise OSError("closed") from None

    def translate() -> None:
        try:
            close()
        except OSError as closed:
            raise ValueError("translated") from closed

    with pytest.raises(ValueError, match="translated") as found:
        translate()
    return found.value


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("first", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupt_is_found_behind_errors(first: BaseException, named: bool) -> None:
    assert interrupt_behind(_raised(first, named=named)) is first
    assert interrupt_behind(first) is first


def test_an_error_alone_is_no_interrupt() -> None:
    assert interrupt_behind(_raised(ValueError("wrong"), named=True)) is None


def test_an_interrupt_that_is_known_already_is_not_found_again() -> None:
    first = KeyboardInterrupt()
    assert interrupt_behind(_raised(first, named=False), first) is None


def test_a_circle_of_errors_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert interrupt_behind(one) is None

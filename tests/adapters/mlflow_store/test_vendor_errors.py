"""What MLflow and its database raise, in our words; an interrupt stays an interrupt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import InvalidRequestError, ResourceClosedError

from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.mlflow_store.vendor_errors import translated
from scorewright.adapters.tuning.places import Place
from scorewright.adapters.tuning.places import translated as study_translated
from scorewright.core.errors import ScorewrightError

Translated = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["runs", "study"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Translated:
    """The translation of the run store, and that of a study's storage."""
    if request.param == "runs":
        location = StoreLocation.parse(f"sqlite:///{tmp_path}/mlflow.db")
        return lambda: translated(location)
    place = Place.parse(None, tmp_path, "tuning")
    return lambda: study_translated(place)


def _closed_by(interrupt: BaseException, connection: Connection) -> None:
    """Leave a real transaction by an interrupt; ending it twice is SQLAlchemy's own error."""
    transaction = connection.begin()
    try:
        raise interrupt
    finally:
        transaction.close()
        transaction.commit()


def _wrapped(interrupt: BaseException) -> None:
    """Raise an error that names an error that names the interrupt."""
    closed = ResourceClosedError("This transaction is closed")
    closed.__cause__ = interrupt
    raise OSError("the store") from closed


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupt_inside_a_transaction_goes_on(
    store: Translated, interrupt: BaseException
) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        # What the library makes of it is no interrupt
        with pytest.raises(InvalidRequestError):
            _closed_by(interrupt, connection)
        with pytest.raises(type(interrupt)) as caught, store():
            _closed_by(interrupt, connection)
        assert caught.value is interrupt
    engine.dispose()


def test_an_interrupt_that_the_vendor_wrapped_goes_on(store: Translated) -> None:
    with pytest.raises(KeyboardInterrupt), store():
        _wrapped(KeyboardInterrupt())


def test_an_error_while_an_interrupted_run_is_ended_is_an_error(store: Translated) -> None:
    def ended() -> None:
        with store():
            _full()

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            ended()

    with pytest.raises(ScorewrightError):
        interrupted()


def _full() -> None:
    raise OSError("no space")


def test_an_error_of_its_own_is_translated(tmp_path: Path) -> None:
    location = StoreLocation.parse(f"sqlite:///{tmp_path}/mlflow.db")
    for error, code in (
        (ResourceClosedError("This transaction is closed"), "store-refused"),
        (MlflowException("database is locked"), "store-locked"),
        (OSError("no space"), "store-write-failed"),
    ):
        with pytest.raises(ScorewrightError) as caught, translated(location):
            raise error
        assert caught.value.code == code

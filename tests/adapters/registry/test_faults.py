"""A registry in the distance, broken in every way: said within seconds, and in plain words."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator

import pytest
from tests.fakes.faulty_server import FAULTS, Fault, FaultyServer, faulty

from scorewright.adapters.registry import MlflowRegistry
from scorewright.adapters.registry.limits import deadline
from scorewright.core.errors import ScorewrightError
from scorewright.flows.sync import ModelAddress

CODES = {
    "closed": "store-unreachable",
    "black-hole": "store-unreachable",
    "500": "store-unreachable",
    "garbage": "store-unreachable",
    "html": "registry-answer",
    "half-open": "store-unreachable",
    "drip": "registry-timeout",
    "redirect": "store-refused",
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    with faulty(9) as server, faulty(9) as elsewhere:
        elsewhere.fail("500")
        server.elsewhere = elsewhere.port
        yield server
        assert elsewhere.asked == 0  # whoever is told to ask somebody else does not


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_within_seconds(server: FaultyServer, fault: Fault) -> None:
    import mlflow  # noqa: F401 - takes seconds that are not the registry's

    server.fail(fault)
    began = time.monotonic()
    with pytest.raises(ScorewrightError) as caught:
        MlflowRegistry(server.url).resolve(ModelAddress("demo", "champion"))
    assert caught.value.code == CODES[fault]
    assert len(caught.value.message) < 300
    # 4.8 s by design; the rest is for a busy machine
    assert time.monotonic() - began < 15


def _stubborn() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(5)


def test_a_deadline_is_no_ordinary_exception() -> None:
    # Given a library that swallows everything it can, and would go on for ever
    with pytest.raises(ScorewrightError) as caught, deadline(0.2, "this"):
        _stubborn()
    assert caught.value.code == "registry-timeout"
    # And nothing rings afterwards
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with deadline(5, "this"):
        pass

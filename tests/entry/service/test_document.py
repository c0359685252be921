"""What the OpenAPI document says is what the service does: cases made from the document."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from tests.entry.service.test_scopes import Gate
from tests.fakes.batches import HereRunner, desk_on
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.core.access import SCOPES
from scorewright.entry.service import create_app
from scorewright.entry.service.front import Front
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

#: Cases for each operation; ``make fuzz`` asks for more.
CASES = int(os.environ.get("SCOREWRIGHT_CASES", "15"))
KEY = {"X-API-Key": " ".join(SCOPES)}


@pytest.fixture
def app(deployment: Deployment, clock: Clock) -> Front:
    return create_app(service_on(deployment, clock, gatekeeper=Gate()))


def _document(app: Front, *also: str) -> Any:
    # What is well-formed may still be refused: an id nobody has, nothing to go back to.
    accepted = PositiveDataAcceptanceConfig(
        expected_statuses=["2xx", "401", "403", "404", "409", "422", "5xx", *also]
    )
    checks = ChecksConfig(positive_data_acceptance=accepted)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(checks=checks)))
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


@pytest.fixture
def document(app: Front) -> Any:
    return _document(app).exclude(path_regex="^/batch")  # this service takes no files


@pytest.fixture
def of_files(deployment: Deployment, clock: Clock, tmp_path: Path) -> Iterator[Any]:
    """The pages of files, of a service that takes them."""
    log = MemoryLog()
    desk = desk_on(tmp_path, HereRunner(deployment, clock, log))
    service = service_on(deployment, clock, log=log, gatekeeper=Gate())
    app = create_app(replace(service, batches=desk))
    # A document cannot say that a file holds rows, or that a part of a form is named.
    yield _document(app, "400").include(path_regex="^/batch")
    desk.close(5.0)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_service_keeps_its_document(
    document: Any, mode: GenerationMode, record_property: Callable[[str, object], None]
) -> None:
    # Given cases for each operation, such as the document asks for and such as it forbids
    tried = sum(_try(result.ok(), mode) for result in document.get_all_operations())
    print(f"{tried} cases, {mode.value}")  # noqa: T201 - a figure of the guarantees
    assert tried > 3 * CASES
    record_property(
        "guarantee", f"document: {tried} {mode.value} cases, each answered as described"
    )


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_pages_of_files_keep_it_too(of_files: Any, mode: GenerationMode) -> None:
    operations = list(of_files.get_all_operations())
    assert {"/batch/predict", "/batch", "/batch/{batch_id}"} < {o.ok().path for o in operations}
    tried = [_try(result.ok(), mode) for result in operations]
    assert sum(tried) > 3 * CASES


def _try(operation: Any, mode: GenerationMode) -> int:
    tried = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        # When each is sent, then the answer is one the document promises
        nonlocal tried
        tried += 1
        case.call_and_validate(headers=KEY)

    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong with a bare GET
        ask()
    return tried

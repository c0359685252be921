"""Decision logs in SQLite and in a PostgreSQL that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.decision_log.servers import Server, postgres_binaries, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if not postgres_binaries():
        pytest.skip("needs PostgreSQL's server programs")
    with running_server() as server:
        yield server


@pytest.fixture
def fresh_url(server: Server) -> str:
    """The URL of an empty database of the server."""
    return server.fresh()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test stops and starts."""
    if not postgres_binaries():
        pytest.skip("needs PostgreSQL's server programs")
    with running_server() as server:
        yield server

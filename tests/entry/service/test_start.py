"""What the service says when it starts: by which rules it will decide."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.fakes.served_project import ServedProject
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy, Rule
from scorewright.core.project import AccessSettings, ChallengerSettings, ServeSettings
from scorewright.entry.service.__main__ import decides, knows_nobody, ready, run, say, url_of
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment


@pytest.fixture
def plain(bundle: Bundle, policy_for: Callable[..., Policy]) -> Policy:
    return policy_for(bundle)


def test_a_plain_policy_declines_from_its_threshold(plain: Policy) -> None:
    assert decides(plain) == "by PD, decline from 0.3000"


def test_a_band_is_said(plain: Policy) -> None:
    said = decides(replace(plain, refer_from=0.2, refer_to=0.4))
    assert said == "by PD, refer from 0.2000, decline from 0.4000 (threshold 0.3000)"


def test_segments_are_said(plain: Policy) -> None:
    one = replace(plain, segment_column="channel", segments={"web": Rule(0.1)})
    assert decides(one).endswith("; 1 value has a rule of its own by 'channel'")
    two = replace(one, segments={"web": Rule(0.1), "shop": Rule(0.2)})
    assert decides(two).endswith("; 2 values have rules of their own by 'channel'")


def test_the_line_for_programs_names_band_and_segments(plain: Policy) -> None:
    changed = replace(
        plain, refer_from=0.2, refer_to=0.4, segment_column="channel", segments={"web": Rule(0.1)}
    )
    line = json.loads(json.dumps(ready("http://127.0.0.1:1", "d" * 64, changed)))
    assert (line["threshold"], line["refer_from"], line["refer_to"]) == (0.3, 0.2, 0.4)
    assert (line["segment_column"], line["segment_rules"]) == ("channel", 1)
    assert ready("u", "d", plain)["refer_from"] is None


@pytest.mark.parametrize(
    ("settings", "is_said"),
    [
        (ServeSettings(), True),
        (ServeSettings(access=AccessSettings(required=True)), False),
        (ServeSettings(mode="production"), False),
    ],
)
def test_a_service_that_answers_everybody_says_so_loudly(
    deployment: Deployment,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    settings: ServeSettings,
    is_said: bool,
) -> None:
    service = service_on(deployment, clock, settings=settings)
    for as_json in (False, True):
        say(service, "http://127.0.0.1:1", as_json=as_json)
        assert ("DEVELOPMENT MODE" in capsys.readouterr().err) is is_said


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::]:8000"),
    ],
)
def test_the_address_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 8000) == url
    assert urlsplit(url).port == 8000


def test_documentation_is_named_where_there_is_any(
    deployment: Deployment, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    for docs in (True, False):
        service = service_on(deployment, clock, settings=ServeSettings(docs=docs))
        say(service, "http://127.0.0.1:1", as_json=False)
        assert ("/docs" in capsys.readouterr().err) is docs


def test_an_address_beyond_this_machine_needs_keys_wherever_it_was_said(
    tmp_path: Path,
    policy_for: Callable[..., Policy],
    dummy_bundle: Bundle,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Given a project that is to be served on this machine, without keys
    project = ServedProject(tmp_path / "project", policy_for)
    project.deploy(project.publish(dummy_bundle))
    # When another address is given at the start, then it is refused as in the settings
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    everywhere = "0.0.0.0"  # noqa: S104 - what is refused
    assert run(["--config", str(project.file), "--host", everywhere, "--port", port]) == 2
    assert "serve-without-keys" in capsys.readouterr().err


def test_challengers_are_said(
    deployment: Deployment, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = {
        "newer": ChallengerSettings(bundle="a", share=0.1),
        "older": ChallengerSettings(bundle="b"),
    }
    service = service_on(deployment, clock, settings=ServeSettings(challengers=beside))
    say(service, "http://127.0.0.1:1", as_json=False)
    assert "newer answers 10 %, older in the shadow" in capsys.readouterr().err
    say(service, "http://127.0.0.1:1", as_json=True)
    assert json.loads(capsys.readouterr().out)["challengers"] == {"newer": 0.1, "older": 0.0}


@pytest.mark.parametrize(
    ("settings", "states", "is_nobody"),
    [
        (ServeSettings(mode="production"), [], True),
        (ServeSettings(mode="production"), ["expired", "revoked"], True),
        (ServeSettings(mode="production"), ["expired", "holds"], False),
        (ServeSettings(mode="production", access=AccessSettings(issuer="https://i")), [], False),
        (ServeSettings(access=AccessSettings(required=True)), [], True),
        (ServeSettings(), [], False),
    ],
)
def test_a_service_that_refuses_everybody_knows_it(
    deployment: Deployment,
    clock: Clock,
    settings: ServeSettings,
    states: list[str],
    is_nobody: bool,
) -> None:
    assert knows_nobody(service_on(deployment, clock, settings=settings), states) is is_nobody

"""Every command line of the deployment files and pages is one the program takes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.linters import DEPLOY, ROOT
from typer.main import get_command

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.scoring import Scorer
from scorewright.entry.cli import app
from scorewright.entry.service.app import PARTS
from scorewright.flows.ports import FittedModel, LoadedBundle
from scorewright.flows.serve import Variant
from scorewright.flows.verify_bundle import Deployment

PORT = "8800"
DOCKERFILE = (DEPLOY / "container/Dockerfile").read_text(encoding="utf-8")
PROGRAM = "/opt/scorewright/bin/scorewright"
COMPOSE = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8"))["services"]
PAGES = [ROOT / "docs/how-to/deploy.md", ROOT / "docs/how-to/runbook.md"]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every container of the manifests under its name."""
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for thing in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if thing["kind"] == "Deployment":
                spec = thing["spec"]["template"]["spec"]
                for container in [*spec["initContainers"], *spec["containers"]]:
                    yield f"{file.name} {container['name']}", container


def exec_form(keyword: str) -> list[str]:
    """Return the words of an instruction of the Dockerfile."""
    (words,) = re.findall(rf"^{keyword} (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    return [str(word) for word in json.loads(words)]


def in_files() -> Iterator[tuple[str, list[str]]]:
    """Yield what follows the program, by where it stands."""
    assert exec_form("ENTRYPOINT") == [PROGRAM]
    yield "Dockerfile", exec_form("CMD")
    for name, service in COMPOSE.items():
        if "entrypoint" not in service and "localhost/scorewright" in service["image"]:
            yield f"compose {name}", service["command"]
    for name, container in pods():
        if "command" not in container:
            yield name, container["args"]
    for unit in sorted((DEPLOY / "systemd").glob("*.service")):
        (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), flags=re.MULTILINE)
        program, *words = shlex.split(line)
        assert program == PROGRAM
        yield unit.name, words


def in_pages() -> Iterator[tuple[str, list[str]]]:
    """Yield the commands that stand in code, with an example for every ``NAME`` in capitals."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        code = [line for block in blocks for line in block.splitlines()]
        for line in [*code, *re.findall(r"`([^`\n]+)`", prose)]:
            found = re.search(r"(?:^|bin/|-- )scorewright (.+)|run --rm admin (.+)", line)
            said = (found[1] or found[2]) if found else "..."
            if not said.startswith("..."):
                words = shlex.split(said, comments=True)
                yield f"{page.name}: {said}", [re.sub(r"^[A-Z-]{2,}$", "1", w) for w in words]


def parse(words: list[str]) -> None:
    """Let the program parse a command line; nothing is run.

    Raises:
        Exception: It does not take it.
    """
    command: Any = get_command(app)
    context = None
    while command is not None:
        context = command.make_context(command.name, list(words), parent=context)
        rest = [*context._protected_args, *context.args]
        inner = hasattr(command, "commands")
        _, command, words = command.resolve_command(context, rest) if inner else (None, None, [])


COMMANDS = dict([*in_files(), *in_pages()])


def test_commands_are_found_where_they_stand() -> None:
    places = {name.split(":")[0] for name in COMMANDS}
    assert places == {
        "Dockerfile",
        "compose api",
        "compose sync",
        "compose admin",
        "api.yaml api",
        "sync.yaml sync",
        "scorewright-api.service",
        "scorewright-sync.service",
        "scorewright-verify.service",
        "deploy.md",
        "runbook.md",
    }
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("place", COMMANDS)
def test_the_program_takes_every_command(place: str) -> None:
    parse(COMMANDS[place])


@pytest.mark.parametrize(
    "words",
    [["serve", "--wrokers", "2"], ["serve", "--port", "http"], ["serv"], ["keys", "revoke"], []],
)
def test_what_the_program_does_not_take_would_be_told(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"^No such|^Input should be|^Missing|^$"):
        parse(words)


@pytest.mark.parametrize("place", [name for name in COMMANDS if "serve" in COMMANDS[name][:1]])
def test_the_service_listens_where_it_is_asked(place: str) -> None:
    words = COMMANDS[place]
    assert words[words.index("--port") + 1] == PORT
    # A pod or container is asked from outside, a machine through its proxy.
    host = words[words.index("--host") + 1]
    assert host == ("127.0.0.1" if place.endswith(".service") else "0.0.0.0")  # noqa: S104


def programs() -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of the image's small programs."""
    for name, service in COMPOSE.items():
        test = service["healthcheck"].get("test", [])
        if any("probe.py" in str(word) for word in test):
            yield f"compose {name}", test[1:]
    for name, container in pods():
        if "command" in container:
            yield name, [*container["command"], *container["args"]]


@pytest.mark.parametrize(("place", "words"), list(programs()))
def test_every_small_program_is_in_the_image(place: str, words: list[str]) -> None:
    python, program, *_ = words
    assert python == "/opt/scorewright/bin/python", place
    assert f"deploy/container/{Path(program).name} " in DOCKERFILE
    assert program.startswith("/opt/scorewright/")
    assert (DEPLOY / "container" / Path(program).name).is_file()


@pytest.fixture
def pages(bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy]) -> set[str]:
    """The addresses the service answers."""
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    loaded = LoadedBundle(bundle.manifest(), bundle, model)
    since = datetime(2026, 11, 21, tzinfo=UTC)
    variant = Variant.of(Deployment(loaded, policy_for(bundle), scorer, since))
    return {path for part in PARTS for path in part.describe(variant).paths}


def test_what_is_asked_for_health_is_a_page_on_the_right_port(pages: set[str]) -> None:
    asked = [words for place, words in programs() if place == "compose api"]
    assert [words[2:] for words in asked] == [["health", PORT]]
    (api,) = [container for name, container in pods() if name == "api.yaml api"]
    assert api["ports"] == [{"name": "http", "containerPort": int(PORT)}]
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = api[kind]["httpGet"]
        assert probe["port"] == "http"
        assert probe["path"] in pages
    text = (DEPLOY / "kubernetes/api.yaml").read_text(encoding="utf-8")
    assert re.findall(r'prometheus.io/port: "(\d+)"', text) == [PORT]
    (figures,) = re.findall(r"prometheus.io/path: (\S+)", text)
    assert figures in pages
    assert f"EXPOSE {PORT}\n" in DOCKERFILE
    assert COMPOSE["api"]["ports"] == [f"127.0.0.1:${{SCOREWRIGHT_PORT:-{PORT}}}:{PORT}"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_that_is_asked_by_hand_is_there(page: Path, pages: set[str]) -> None:
    text = page.read_text(encoding="utf-8")
    address = r"(?:`|\.\.\.|GET |POST )(/(?:health|ready|version|metrics|admin|decisions)[\w/{}]*)"
    asked = [re.sub(r"\{\w+\}", "{}", path) for path in re.findall(address, text)]
    known = {re.sub(r"\{\w+\}", "{}", path) for path in pages}
    assert len(asked) > 1
    assert sorted(set(asked) - known) == []

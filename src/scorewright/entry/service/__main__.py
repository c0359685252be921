"""The scoring service as a program: ``scorewright serve`` becomes this."""

from __future__ import annotations

import argparse
import errno
import json
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.entry.service.workers import run_workers

if TYPE_CHECKING:
    from scorewright.core.decision import Policy
    from scorewright.flows.serve import Service

INTERRUPTED = 130
BACKLOG = 2048
DEVELOPMENT = """\
============================== DEVELOPMENT MODE ==============================
Everybody on this machine is answered, without a key, and may do everything.
Set serve.mode = "production" and make keys with 'scorewright keys create'.
==============================================================================
"""
NO_KEYS = """\
================================ NO KEY HOLDS ================================
Every caller is refused: there is no key that holds, and no issuer of tokens.
Make one with 'scorewright keys create'; it is taken over without a restart.
==============================================================================
"""


def run(arguments: Sequence[str]) -> int:
    """Prove the bundle, then serve until stopped.

    Args:
        arguments: Those that ``wiring`` made for ``scorewright serve``.

    Returns:
        The exit code.
    """
    options = _options(arguments)
    try:
        return _serve(options)
    except ScorewrightError as error:
        if options.json:
            sys.stdout.write(json.dumps(error.to_dict(), default=str) + "\n")
        sys.stderr.write(f"error ({error.code}) {error.message}\nwhat to do: {error.remedy}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scorewright.entry.service")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bundle", default="current")
    parser.add_argument("--json", action="store_true")
    # Given by the process that starts several workers.
    parser.add_argument("--listener", type=int)
    parser.add_argument("--leash", type=int)
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args(arguments)
    options.given = list(arguments)
    return options


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is promised on it.

    Raises:
        UsageError: ``port-in-use``, ``host-invalid``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} on {host} is in use.",
                remedy=f"scorewright serve --port {port + 1}, or stop what listens there.",
                code="port-in-use",
            ) from error
        raise UsageError(
            f"The service cannot listen on {host}:{port}: {error.strerror}.",
            remedy="Use an address of this machine, such as --host 127.0.0.1, and a port you may.",
            code="host-invalid",
        ) from error


def url_of(host: str, port: int) -> str:
    """Return the address of the service; one of IPv6 stands in brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def ready(url: str, bundle: str, policy: Policy) -> dict[str, Any]:
    """Return the line that tells a program what is served, and by which rules."""
    return {
        "schema_version": 1,
        "url": url,
        "bundle": bundle,
        "policy": f"{policy.id}@{policy.version}",
        "threshold": policy.threshold,
        "refer_from": policy.refer_from,
        "refer_to": policy.refer_to,
        "segment_column": policy.segment_column,
        "segment_rules": len(policy.segments),
    }


def decides(policy: Policy) -> str:
    """Say how applications are decided, in one line."""
    said = f"by PD, {policy.rule.sentence('.4f')}"
    if not policy.segments:
        return said
    count = len(policy.segments)
    rules = (
        "1 value has a rule of its own" if count == 1 else f"{count} values have rules of their own"
    )
    return f"{said}; {rules} by '{policy.segment_column}'"


def _serve(options: argparse.Namespace) -> int:
    from scorewright import wiring  # noqa: PLC0415 - argument errors need none of it

    project = wiring.project(options.config)
    with _listener(options) as listener:
        settings = project.settings.serve
        if settings.workers > 1 and options.leash is None:
            command = [sys.executable, "-m", "scorewright.entry.service", *options.given]
            drain = settings.limits.drain_seconds
            return run_workers(command, settings.workers, listener, drain)
        # One that only holds others needs none of this.
        from scorewright.entry.service.worker import serve  # noqa: PLC0415

        service = project.serving.service(options.bundle, host=options.host)
        if not options.silent:
            if knows_nobody(service, [state for _, state in project.serving.keys.listed()]):
                sys.stderr.write(NO_KEYS)
            say(service, url_of(options.host, options.port), as_json=options.json)
        leash = None if options.leash is None else socket.socket(fileno=options.leash)
        serve(service, listener, leash)
    return 0


def _listener(options: argparse.Namespace) -> socket.socket:
    if options.listener is not None:
        return socket.socket(fileno=options.listener)
    return _listen(options.host, options.port)


def knows_nobody(service: Service, states: Sequence[str]) -> bool:
    """Return whether every caller is refused.

    Args:
        service: What answers.
        states: Of the keys there are: ``holds``, ``expired`` or ``revoked``.
    """
    return not (service.is_open or service.settings.access.issuer or "holds" in states)


def beside(shares: Mapping[str, float]) -> str:
    """Say which challengers there are, and what each answers, in one line."""
    told = (f"{n} answers {100 * s:g} %" if s else f"{n} in the shadow" for n, s in shares.items())
    return f"Beside it: {', '.join(told)}.\n" if shares else ""


def say(service: Service, url: str, *, as_json: bool) -> None:
    """Say what is served, and loudly where everybody on this machine is answered."""
    deployment, settings = service.slot.variant.deployment, service.settings
    line = ready(url, deployment.loaded.manifest.digest, deployment.policy)
    line["challengers"] = {n: c.share for n, c in sorted(settings.challengers.items())}
    if service.is_open:
        sys.stderr.write(DEVELOPMENT)
    if as_json:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return
    more = f" Documentation: {url}/docs" if settings.docs else ""
    sys.stderr.write(
        f"Serving {line['policy']} on bundle {str(line['bundle'])[:12]}: "
        f"{decides(deployment.policy)}.{more}\n{beside(line['challengers'])}"
    )


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

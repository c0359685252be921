"""The scoring service as a program: ``scorewright serve`` becomes this."""

from __future__ import annotations

import argparse
import errno
import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.errors import ScorewrightError, UsageError

if TYPE_CHECKING:
    from scorewright.core.decision import Policy

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Prove the bundle, then serve until stopped.

    Args:
        arguments: Those that ``wiring`` made for ``scorewright serve``.

    Returns:
        The exit code.
    """
    options = _options(arguments)
    try:
        _serve(options)
    except ScorewrightError as error:
        if options.json:
            sys.stdout.write(json.dumps(error.to_dict(), default=str) + "\n")
        sys.stderr.write(f"error ({error.code}) {error.message}\nwhat to do: {error.remedy}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scorewright.entry.service")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bundle", default="current")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is promised on it.

    Raises:
        UsageError: ``port-in-use``, ``host-invalid``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
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


def _serve(options: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 - an extra; its absence is reported by 'scorewright serve'

    from scorewright import wiring  # noqa: PLC0415 - argument errors need none of it
    from scorewright.entry.service import create_app  # noqa: PLC0415 - the same

    listener = _listen(options.host, options.port)
    deployment = wiring.project(options.config).deployment(options.bundle)
    url = f"http://{options.host}:{options.port}"
    line = ready(url, deployment.loaded.manifest.digest, deployment.policy)
    if options.json:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(
            f"Serving {line['policy']} on bundle {str(line['bundle'])[:12]}: "
            f"{decides(deployment.policy)}. Documentation: {url}/docs\n"
        )
    app = create_app(deployment, clock=wiring.clock(), versions=wiring.library_versions())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

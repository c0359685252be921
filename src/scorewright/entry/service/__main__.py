"""The scoring service as a program: ``scorewright serve`` becomes this."""

from __future__ import annotations

import argparse
import errno
import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from scorewright.core.errors import ScorewrightError, UsageError

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


def _serve(options: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 - an extra; its absence is reported by 'scorewright serve'

    from scorewright import wiring  # noqa: PLC0415 - argument errors need none of it
    from scorewright.entry.service import create_app  # noqa: PLC0415 - the same

    listener = _listen(options.host, options.port)
    deployment = wiring.project(options.config).deployment(options.bundle)
    ready = {
        "schema_version": 1,
        "url": f"http://{options.host}:{options.port}",
        "bundle": deployment.loaded.manifest.digest,
        "policy": f"{deployment.policy.id}@{deployment.policy.version}",
        "threshold": deployment.policy.threshold,
    }
    if options.json:
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(
            f"Serving {ready['policy']} on bundle {str(ready['bundle'])[:12]}: decline at PD >= "
            f"{ready['threshold']:.4f}. Documentation: {ready['url']}/docs\n"
        )
    app = create_app(deployment, clock=wiring.clock(), versions=wiring.library_versions())
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

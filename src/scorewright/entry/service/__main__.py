"""The scoring service as a program: ``scorewright serve`` becomes this."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scorewright.core.errors import ScorewrightError

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


def _serve(options: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 - an extra; its absence is reported by 'scorewright serve'

    from scorewright import wiring  # noqa: PLC0415 - argument errors need none of it
    from scorewright.entry.service import create_app  # noqa: PLC0415 - the same

    deployment = wiring.project(options.config).deployment(options.bundle)
    ready = {
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
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

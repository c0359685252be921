"""The command line's front: the commands, and the edge where errors become two lines."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from scorewright import __version__
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.entry.cli import (
    bundle,
    data,
    demo,
    doctor,
    erase,
    experiment,
    features,
    initialise,
    keys,
    policy,
    register,
    score,
    serve,
    store,
    sync,
    train,
    tune,
    ui,
)
from scorewright.entry.cli.misuse import misuse
from scorewright.entry.cli.screen import Session, show_error

__all__ = ["app", "main"]

INTERRUPTED = 130
TERMINATED = 143

app = typer.Typer(
    name="scorewright",
    help=(
        "Build, govern and run credit-scoring models on MLflow.\n\n"
        "Start with 'scorewright demo', or 'scorewright init FILE' with your own table."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scorewright {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The project's scorewright.toml; found upwards."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    context.obj = Session(config=config, quiet=quiet)


app.command("init", epilog="Example: scorewright init loans.csv")(initialise.command)
app.add_typer(data.app, name="data")
app.add_typer(features.app, name="features")
app.command("train", epilog="Example: scorewright train --json > run.json")(train.command)
app.add_typer(experiment.app, name="experiment")
app.command("tune", epilog="Example: scorewright tune --trials 100 --write")(tune.command)
app.command("score", epilog="Example: scorewright score new.csv -o scored.csv")(score.command)
app.add_typer(keys.app, name="keys")
app.command("serve", epilog="Example: scorewright serve --port 8800")(serve.command)
app.command("register", epilog="Example: scorewright register --alias champion")(register.command)
app.command("sync", epilog="Example: scorewright sync --model-uri models:/loans_lgbm@champion")(
    sync.command
)
app.command("erase", epilog="Example: scorewright erase A-1001 --json")(erase.command)
app.add_typer(bundle.app, name="bundle")
app.add_typer(policy.app, name="policy")
app.add_typer(store.app, name="store")
app.command("doctor", epilog="Example: scorewright doctor --json")(doctor.command)
app.command("ui", epilog="Example: scorewright ui --port 5000")(ui.command)
app.command("demo", epilog="Example: scorewright demo --data credit_data")(demo.command)


#: What a disk says that is full, over its quota, or failing.
_FULL_OR_FAILING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


def main() -> None:
    """Run the command line. Every way out has an exit code, none shows a traceback.

    0 fine, 1 findings, 2 usage, 3 failure, 130 interrupted, 143 asked to end.
    """
    as_json = "--json" in sys.argv
    # Before anything imports MLflow: no telemetry, no advertisements on stderr.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_DISABLE_AGENT_HINT", "1")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Threads that wait for each other sleep; on a busy machine spinning costs them the processor.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Whoever asks us to end (systemd, Kubernetes, CI) gets the same clean end as Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        sys.exit(app(prog_name="scorewright", standalone_mode=False))
    except SystemExit as ending:
        if ending.code in (INTERRUPTED, TERMINATED):
            message = "Interrupted. No file is half-written; run the command again."
            typer.echo(message, err=True)
        raise
    except ScorewrightError as error:
        show_error(error, as_json=as_json)
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        wrong = misuse(error)
        if wrong is not None:
            show_error(wrong, as_json=as_json)
        sys.exit(UsageError.exit_code)
    except Exception as error:  # noqa: BLE001 - the last edge: two lines, never a traceback
        if isinstance(error, OSError) and error.errno in _FULL_OR_FAILING:
            show_error(_unwritten(error), as_json=as_json)
        else:
            _show_unexpected(error, as_json=as_json)
        sys.exit(ScorewrightError.exit_code)


def _unwritten(error: OSError) -> ScorewrightError:
    """Return the error for a disk that does not take more, seen where nothing else looked."""
    return ScorewrightError(
        f"Not all could be written: {error.filename or 'the output'}: {error.strerror}.",
        remedy="Make room, or look at the disk; then run the same command again.",
        code="write-failed",
    )


def _show_unexpected(error: Exception, *, as_json: bool) -> None:
    """Say that this is our fault, and where the details are."""
    if os.environ.get("SCOREWRIGHT_DEBUG"):
        traceback.print_exception(error)
    show_error(
        ScorewrightError(
            f"An error nobody foresaw: {type(error).__name__}: {error}",
            remedy="Run again with SCOREWRIGHT_DEBUG=1 and report what it prints.",
            code="unexpected",
        ),
        as_json=as_json,
    )

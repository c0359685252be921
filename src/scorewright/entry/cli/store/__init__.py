"""``scorewright store``: see what any MLflow store holds, what is wrong with it, and mend it."""

from __future__ import annotations

import typer

from scorewright.entry.cli.store import (
    apply,
    archive,
    audit,
    backup,
    compare,
    consolidate,
    inventory,
    plan,
    purge,
    restore,
    show,
    tree,
    undo,
    verify,
)

__all__ = ["app"]

app = typer.Typer(
    help="See what any MLflow store holds and what is wrong with it; mend it by plans that can "
    "be taken back.",
    no_args_is_help=True,
)

_LOOK, _CHANGE, _KEEP = "Look; nothing is changed", "Plan, apply, undo", "Keep and clear"
_RECEIPT = ".scorewright/receipt-3f2a9c01b7de.json"
_BACKUP = ".scorewright/backup-20261121T173240Z-659d7faeff35.db"

#: In the order of the help: name, panel, what is carried out, and the arguments of its example.
_COMMANDS = (
    ("inventory", _LOOK, inventory.command, "mlruns --metric roc_auc"),
    ("tree", _LOOK, tree.command, "notebooks/mlruns"),
    ("show", _LOOK, show.command, "3f2a9c --store mlruns"),
    ("audit", _LOOK, audit.command, "--output audit.html"),
    ("compare", _LOOK, compare.command, "mlruns new/mlflow.db"),
    ("plan", _CHANGE, plan.command, "mlflow.db --fix RUN-001 --fix FILE-002"),
    ("consolidate", _CHANGE, consolidate.command, "mlruns notebooks/mlruns --into mlflow.db"),
    ("apply", _CHANGE, apply.command, ".scorewright/plan-3f2a9c01b7de.json"),
    ("undo", _CHANGE, undo.command, _RECEIPT),
    ("verify", _KEEP, verify.command, "mlflow.db --read-data"),
    ("backup", _KEEP, backup.command, "mlflow.db"),
    ("restore", _KEEP, restore.command, _BACKUP),
    ("archive", _KEEP, archive.command, f"notebooks/mlruns --receipt {_RECEIPT}"),
    ("purge", _KEEP, purge.command, "mlflow.db --consent 3f2a9c01b7de"),
)

for _name, _panel, _command, _example in _COMMANDS:
    app.command(
        _name, rich_help_panel=_panel, epilog=f"Example: scorewright store {_name} {_example}"
    )(_command)

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

app.command(
    "inventory",
    rich_help_panel=_LOOK,
    epilog="Example: scorewright store inventory mlruns --metric roc_auc",
)(inventory.command)
app.command(
    "tree", rich_help_panel=_LOOK, epilog="Example: scorewright store tree notebooks/mlruns"
)(tree.command)
app.command(
    "show", rich_help_panel=_LOOK, epilog="Example: scorewright store show 3f2a9c --store mlruns"
)(show.command)
app.command(
    "audit", rich_help_panel=_LOOK, epilog="Example: scorewright store audit --output audit.html"
)(audit.command)
app.command(
    "compare",
    rich_help_panel=_LOOK,
    epilog="Example: scorewright store compare mlruns new/mlflow.db",
)(compare.command)
app.command(
    "plan",
    rich_help_panel=_CHANGE,
    epilog="Example: scorewright store plan mlflow.db --fix RUN-001 --fix FILE-002",
)(plan.command)
app.command(
    "consolidate",
    rich_help_panel=_CHANGE,
    epilog="Example: scorewright store consolidate mlruns notebooks/mlruns --into mlflow.db",
)(consolidate.command)
app.command(
    "apply",
    rich_help_panel=_CHANGE,
    epilog="Example: scorewright store apply .scorewright/plan-3f2a9c01b7de.json",
)(apply.command)
app.command(
    "undo",
    rich_help_panel=_CHANGE,
    epilog="Example: scorewright store undo .scorewright/receipt-3f2a9c01b7de.json",
)(undo.command)
app.command(
    "verify",
    rich_help_panel=_KEEP,
    epilog="Example: scorewright store verify mlflow.db --read-data",
)(verify.command)
app.command("backup", rich_help_panel=_KEEP, epilog="Example: scorewright store backup mlflow.db")(
    backup.command
)
app.command(
    "archive",
    rich_help_panel=_KEEP,
    epilog="Example: scorewright store archive notebooks/mlruns --receipt "
    ".scorewright/receipt-3f2a9c01b7de.json",
)(archive.command)
app.command(
    "purge",
    rich_help_panel=_KEEP,
    epilog="Example: scorewright store purge mlflow.db --consent 3f2a9c01b7de",
)(purge.command)

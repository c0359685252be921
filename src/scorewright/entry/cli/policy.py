"""``scorewright policy``: fit, show, diff, history, activate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.core.errors import UsageError
from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_pairs,
    print_table,
    session,
    stdout,
)

if TYPE_CHECKING:
    from scorewright.flows.policy import PolicyFit

__all__ = ["app"]

app = typer.Typer(help="Fit, compare and put in force the rule that decides.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Argument(help="'current', a version, a file of the store, or a path.")
]


@app.command("fit", epilog="Example: scorewright policy fit --report policy.html")
def fit(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    run: Annotated[
        str | None, typer.Option(help="Take the out-of-fold predictions of this run.")
    ] = None,
    bundle: Annotated[
        str, typer.Option(help="'current', a digest or its beginning, or a folder.")
    ] = "current",
    sample: Annotated[
        Path | None, typer.Option(help="Labelled rows the model never saw, CSV or Parquet.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Sign the policy and write it beside its bundle.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why this version exists.")] = None,
    approver: Annotated[str | None, typer.Option(help="Who approved it.")] = None,
    effective_from: Annotated[
        str | None, typer.Option(help="A day (UTC), or ISO 8601 with a zone.", show_default="now")
    ] = None,
    effective_to: Annotated[
        str | None, typer.Option(help="A day (UTC), or ISO 8601 with a zone.", show_default="open")
    ] = None,
    refer_interval: Annotated[
        bool, typer.Option("--refer-interval", help="Refer what lies in the optimum's interval.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the policy's JSON here.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the HTML report here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a threshold on rows no model was fitted on, and say how sure it is.

    Without --publish nothing is written but what --output and --report name. A published policy
    is not in force before 'scorewright policy activate'.
    """
    from scorewright import wiring

    _refuse_silent(publish=publish, reason=reason)
    wish = wiring.PolicyWish(
        bundle=bundle,
        run=run,
        sample=sample,
        reason=reason if publish else None,
        approver=approver,
        effective=(effective_from, effective_to),
        refer_interval=refer_interval,
        output=output,
        report=report,
    )
    with listening(context, as_json=as_json) as notify:
        result = wiring.project(session(context).config).policies.fit(wish, notify)
    if as_json:
        from scorewright.flows.policy import fit_document

        print_json(fit_document(result))
    else:
        _show(result)


def _refuse_silent(*, publish: bool, reason: str | None) -> None:
    """A version without a reason is a version nobody can defend."""
    if publish == bool(reason and reason.strip()):
        return
    raise UsageError(
        "--publish and --reason belong together.",
        remedy="Publish with --publish --reason TEXT, or leave both away for a draft.",
        code="policy-reason",
    )


def _show(result: PolicyFit) -> None:
    from scorewright.flows.policy import (
        NAMED_COLUMNS,
        SEGMENT_COLUMNS,
        fit_pairs,
        named_rows,
        segment_rows,
    )

    a = result.analysis
    print_pairs("Policy", fit_pairs(result))
    print_table("Thresholds somebody might choose", NAMED_COLUMNS, named_rows(a))
    if a.segments is not None and a.segments.rows:
        title = f"Segments by {a.segments.column}"
        print_table(title, SEGMENT_COLUMNS, segment_rows(a.segments.rows))
    if result.published is not None:
        version = result.published.version
        stdout().print(f"published: [bold]{result.file}[/]")
        stdout().print(f"Next: [bold]scorewright policy activate {version}[/]")
    else:
        stdout().print("A draft: nothing was published. [bold]--publish --reason TEXT[/] does.")


@app.command("show", epilog="Example: scorewright policy show current")
def show(
    context: typer.Context, reference: Reference = "current", as_json: JsonOption = False
) -> None:
    """Show a policy: what it decides, for which model, by whom, since when, on which figures."""
    from scorewright import wiring

    found = wiring.project(session(context).config).policies.show(reference)
    if as_json:
        print_json(found.to_dict())
    else:
        print_pairs(f"Policy {found.policy.id}", found.pairs())


@app.command("diff", epilog="Example: scorewright policy diff 1 2")
def diff(
    context: typer.Context,
    first: Reference,
    second: Reference,
    as_json: JsonOption = False,
) -> None:
    """Compare two policies field by field, the figures they rest on included."""
    from scorewright import wiring

    found = wiring.project(session(context).config).policies.diff(first, second)
    if as_json:
        print_json(found.to_dict())
    elif not found.changes:
        stdout().print("The two policies are the same.")
    else:
        columns = ("field", found.first.name, found.second.name, "change")
        print_table("What changed", columns, found.cells())


@app.command("history", epilog="Example: scorewright policy history --json")
def history(context: typer.Context, as_json: JsonOption = False) -> None:
    """List every policy of every bundle in the store, the newest first, with who, when and why."""
    from scorewright import wiring

    rows = wiring.project(session(context).config).policies.history()
    if as_json:
        print_json({"schema_version": 1, "policies": [row.to_dict() for row in rows]})
        return
    from scorewright.flows.policy import HISTORY_COLUMNS

    print_table("Policies", HISTORY_COLUMNS, [row.cells() for row in rows])


@app.command("activate", epilog="Example: scorewright policy activate 2")
def activate(
    context: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="A version, or a file of the store.", metavar="VERSION|FILE")
    ],
    as_json: JsonOption = False,
) -> None:
    """Put a published policy of the deployed bundle in force.

    Its signature, its digests and its dates are checked first. Services that run take it over by
    themselves.
    """
    from scorewright import wiring

    done = wiring.project(session(context).config).policies.activate(reference)
    if as_json:
        print_json(done.to_dict())
        return
    before = "none" if done.previous is None else f"version {done.previous.version}"
    policy = done.policy
    stdout().print(
        f"In force: {policy.id} version [bold]{policy.version}[/]; before: {before}. "
        "Services that run take it over."
    )

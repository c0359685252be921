"""``scorewright features``: list, describe, graph, check and build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_lift,
    print_pairs,
    print_table,
    session,
    stdout,
)

__all__ = ["app"]

app = typer.Typer(
    help="Declare features once: look at them, prove their dates, build them.",
    no_args_is_help=True,
)

FINDINGS = 1
SetOption = Annotated[
    str | None, typer.Option("--set", help="A set of the feature files, instead of features.set.")
]


@app.command("list", epilog="Example: scorewright features list --set domain")
def list_sets(
    context: typer.Context, set_name: SetOption = None, as_json: JsonOption = False
) -> None:
    """List the feature sets; with --set the features of one, with type, unit, use and tables."""
    from scorewright import wiring

    listing = wiring.project(session(context).config).features.list(set_name)
    if as_json:
        print_json(listing.to_dict())
        return
    if listing.asked is None:
        columns = ("set", "features", "its own", "extends", "about")
        print_table("Feature sets", columns, listing.set_rows())
        return
    title = f"{len(listing.features)} features of the set {listing.asked}"
    print_table(title, ("feature", "type", "unit", "use", "tables"), listing.feature_rows())


@app.command("describe", epilog="Example: scorewright features describe annuity_to_income")
def describe(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The feature.")],
    set_name: SetOption = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show it as a query, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a feature whole: definition, sources, unit, who uses it, and what a build said of it."""
    from scorewright import wiring

    project = wiring.project(session(context).config)
    found = project.features.describe(name, set_name, with_sql=sql)
    if as_json:
        print_json(found.to_dict())
        return
    print_pairs(found.name, found.pairs())
    reads = [(table, ", ".join(columns)) for table, columns in found.reads.items() if columns]
    print_table("Columns it reads, keys and dates among them", ("table", "columns"), reads)
    if found.sql is not None:
        # Plain: a query is copied, so no line of it may be broken or coloured.
        typer.echo(found.sql)


@app.command("graph", epilog="Example: scorewright features graph annuity_to_income -o one.svg")
def graph(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .svg, .png, .html or .mmd.")
    ],
    name: Annotated[
        str | None, typer.Argument(help="A feature; without one the whole set is drawn.")
    ] = None,
    set_name: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw where features come from: tables, columns, features, and what is made of them."""
    from scorewright import wiring

    project = wiring.project(session(context).config)
    drawing = project.features.draw(name, set_name, output)
    if as_json:
        print_json(drawing.to_dict(output))
        return
    graphed = drawing.lineage
    counts = f"{len(graphed.nodes)} nodes, {len(graphed.edges)} edges"
    stdout().print(f"{graphed.title}: {counts}, written to {output}", markup=False)


@app.command("check", epilog="Example: scorewright features check --json")
def check(context: typer.Context, set_name: SetOption = None, as_json: JsonOption = False) -> None:
    """Prove that every row of every history was known before its decision.

    Reads keys and dates alone, table by table. Exits with 1 when a row lies in the future of its
    decision, a date is missing, or a key is repeated.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = wiring.project(session(context).config).features.check(set_name, notify)
    if as_json:
        print_json(result.to_dict())
    else:
        columns = ("table", "dates", "rows", "future", "undated", "orphans", "key")
        print_table("As-of proof: rows that belong to an application", columns, result.table_rows())
        rows = result.finding_rows()
        if rows:
            titles = ("code", "severity", "about", "message", "what to do")
            print_table("Findings", titles, rows)
        else:
            stdout().print("Every row was known before its decision, every key tells rows apart.")
    if not result.is_clean:
        raise typer.Exit(FINDINGS)


@app.command("lift", epilog="Example: scorewright features lift --json")
def lift(context: typer.Context, as_json: JsonOption = False) -> None:
    """Compare the learner with the application alone, with each table, and with all.

    On the same folds, with intervals and paired tests; nothing is logged or deployed.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        found = wiring.project(session(context).config).lift(notify)
    if as_json:
        print_json(found.to_dict())
        return
    print_lift(found)


@app.command("build", epilog="Example: scorewright features build --output features.parquet")
def build(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    set_name: SetOption = None,
    engine: Annotated[
        str | None, typer.Option(help="local, ray, spark or a plug-in; else features.engine.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes of the local engine.")
    ] = None,
    memory_mb: Annotated[
        int | None, typer.Option(min=100, max=1_000_000, help="Memory for all rows in work.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write key and features to one CSV or Parquet file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the features of all applications, or find them built.

    The same definition and the same rows are never computed twice; an interrupted build goes on
    where it stopped. A row that was not known at its decision stops it with exit code 1.
    """
    from scorewright import wiring

    wish = wiring.FeatureWish(set_name, engine, processes, memory_mb)
    with listening(context, as_json=as_json) as notify:
        project = wiring.project(session(context).config)
        summary = project.features.summarise(wish, output, notify)
    if as_json:
        print_json(summary.to_dict())
        return
    print_pairs("Features", summary.pairs())
    print_table("Rows of an application", ("table", "rows", "orphans"), summary.table_rows())
    missing = summary.missing_rows()
    if missing:
        print_table("Most often missing", ("feature", "missing", "range of the others"), missing)

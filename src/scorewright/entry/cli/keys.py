"""``scorewright keys``: who may ask the service for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, print_pairs, print_table, session

if TYPE_CHECKING:
    from scorewright.core.access import ApiKey
    from scorewright.flows.access import NewKey

__all__ = ["app"]

app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="The key's id, or the beginning of it.")]


@app.command("create", epilog="Example: scorewright keys create --name web --scope predict")
def create(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Whose key it is.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; repeat it.", show_default="predict")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days it holds.")] = 365,
    forever: Annotated[bool, typer.Option("--forever", help="Let it hold without an end.")] = False,
    tenant: Annotated[str, typer.Option(help="Whose decisions it may see.")] = "default",
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown once and cannot be shown again.

    Scopes: predict, explain, predict:batch, logs:read, outcomes:write, state:read, admin.
    """
    from scorewright import wiring
    from scorewright.flows.access import KeyWish

    wish = KeyWish(name, scope or ["predict"], None if forever else days, tenant)
    _show_new(wiring.project(session(context).config).serving.keys.create(wish), as_json=as_json)


@app.command("list", epilog="Example: scorewright keys list --json")
def listed(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the keys, without what recognises them."""
    from scorewright import wiring

    keys = wiring.project(session(context).config).serving.keys.listed()
    if as_json:
        print_json({"schema_version": 1, "keys": [_document(key, state) for key, state in keys]})
        return
    print_table(
        "API keys",
        ("id", "name", "tenant", "scopes", "state", "expires"),
        [
            (key.id, key.name, key.tenant, " ".join(key.scopes), state, key.expires or "never")
            for key, state in keys
        ],
    )


@app.command("revoke", epilog="Example: scorewright keys revoke 3f9a21c07d1e4b88")
def revoke(context: typer.Context, key: Reference, as_json: JsonOption = False) -> None:
    """Revoke a key. Running services refuse it within two seconds."""
    from scorewright import wiring

    revoked = wiring.project(session(context).config).serving.keys.revoke(key)
    if as_json:
        print_json({"schema_version": 1, **_document(revoked, "revoked")})
    else:
        print_pairs("API key", [("revoked", revoked.id), ("name", revoked.name)])


@app.command("rotate", epilog="Example: scorewright keys rotate 3f9a21c07d1e4b88 --overlap-days 7")
def rotate(
    context: typer.Context,
    key: Reference,
    overlap_days: Annotated[int, typer.Option(min=0, max=365, help="Days both keys hold.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Make a key like another, which then ends after the overlap."""
    from scorewright import wiring

    room = wiring.project(session(context).config).serving.keys
    _show_new(room.rotate(key, overlap_days=overlap_days), as_json=as_json)


def _show_new(new: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json({"schema_version": 1, "key": new.text, **_document(new.key, "holds")})
        return
    print_pairs(
        "API key",
        [
            ("key", new.text),
            ("id", new.key.id),
            ("scopes", " ".join(new.key.scopes)),
            ("expires", new.key.expires or "never"),
            ("note", "the key cannot be shown again"),
        ],
    )


def _document(key: ApiKey, state: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "scopes": list(key.scopes),
        "state": state,
        "created": key.created,
        "expires": key.expires,
        "revoked": key.revoked,
    }

"""What every part of the service is: pages, and what the OpenAPI document says of them."""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI
from starlette.requests import Request

from scorewright.core.access import AccessError, Caller, Scope
from scorewright.entry.service.guard import Head
from scorewright.entry.service.schema import Described
from scorewright.flows.serve import Service, Variant

__all__ = ["Part", "admit", "admitted"]


class Part(Protocol):
    """A group of pages: a module of this room with these two functions."""

    def add(self, app: FastAPI, service: Service) -> None:
        """Add the pages to the application."""
        ...

    def describe(self, variant: Variant) -> Described:
        """Return what the OpenAPI document says of the pages, for the contract that answers now.

        Every operation names its scope under ``x-scope``; a test compares them with what
        `admit` asks for.
        """
        ...


def admit(request: Request, service: Service, scope: Scope) -> Caller:
    """Return who asks, if it may do this.

    Raises:
        AccessError: ``unauthorised``, ``forbidden``, ``too-many-requests``.
    """
    return admitted(Head.of(request.scope), service, scope)


def admitted(head: Head, service: Service, scope: Scope) -> Caller:
    """Return who sent a head, if it may do this.

    Raises:
        AccessError: As `admit`.
    """
    caller = service.gatekeeper.caller(head.authorization, head.api_key)
    if head.is_foreign and head.authorization is None and head.api_key is None:
        # In development nobody needs a key, but no page of the web may act for the developer.
        raise AccessError(
            403,
            "forbidden",
            "A page of another origin may not ask without a key.",
            remedy="Open the service's own /docs, or send a key.",
        )
    if scope not in caller.scopes:
        raise AccessError(
            403,
            "forbidden",
            f"The key may not do this: it lacks the scope '{scope}'.",
            remedy="Use a key with that scope; 'scorewright keys create' makes one.",
        )
    return caller

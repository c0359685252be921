"""``/batch``: files of applications, scored beside the service, with a report on every row."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from scorewright.core.access import AccessError
from scorewright.entry.service.example import example_file, example_files
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import Problem, RequestError, json_bytes, request_id
from scorewright.entry.service.sample_values import BATCH, WAITING
from scorewright.entry.service.schema import (
    DIGEST,
    ID,
    MOMENT,
    TEXT,
    Described,
    Schema,
    content,
    object_of,
    operation,
)
from scorewright.entry.service.upload import CSV, MULTIPART, PARQUET, Receiver
from scorewright.flows.serve import (
    Batch,
    BatchDesk,
    BatchFile,
    BatchOrder,
    Service,
    Upload,
    Variant,
)

__all__ = ["add", "describe"]

#: A file of at most so many bytes is waited for, and of so many rows answered at once.
SMALL_BYTES = 2_000_000
SMALL_ROWS = 1_000
#: Of the time a request may take, how much is spent waiting.
PATIENCE = 0.8
LOOK_SECONDS = 0.05
MOST_LISTED = 100
RETRY_SECONDS = 5
MEDIA = {"csv": f"{CSV}; charset=utf-8", "parquet": PARQUET}
#: The fault is not in the file.
_OURS = frozenset({"batch-internal", "batch-counts", "score-not-finite", "write-failed"})
_BUSY = frozenset(
    {"log-unavailable", "log-full", "log-busy", "log-schema", "log-password", "log-url"}
)


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""
    _add_taking(app, service)
    _add_showing(app, service)
    _add_giving(app, service)


def _add_taking(app: FastAPI, service: Service) -> None:
    @app.post("/batch/predict")
    async def predict_batch(request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        form = _form(request)
        desk = _desk(service)
        variant = service.slot.variant
        upload = await run_in_threadpool(desk.begin)
        if upload is None:
            raise _full()
        try:
            files = await _receiver(upload, variant, service).take(request)
            order = BatchOrder(
                upload.id,
                caller.id,
                caller.tenant,
                service.clock.now().isoformat(),
                files,
                variant.model["bundle"],
                variant.deployment.policy.to_bytes().decode("utf-8"),
                f"{variant.policy['id']}@{variant.policy['version']}",
            )
            await run_in_threadpool(desk.submit, upload, order)
        except BaseException:
            # Also where the caller went away: no half a file stays.
            desk.discard(upload)
            raise
        is_small = sum(files.values()) <= SMALL_BYTES
        seconds = PATIENCE * service.settings.limits.deadline_seconds if is_small else 0.0
        batch = await _waited(desk, upload.id, caller.tenant, seconds)
        if batch is None:
            raise _unknown()
        return await _answered(desk, batch, form, request)


def _add_showing(app: FastAPI, service: Service) -> None:
    @app.get("/batch")
    async def batches(request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        limit, before = _page(request)
        found = await run_in_threadpool(_desk(service).page, caller.tenant, before, limit + 1)
        shown = [_document(batch) for batch in found[:limit]]
        following = shown[-1]["id"] if len(found) > limit else None
        return _json({"request_id": request_id(request), "batches": shown, "next": following})

    @app.get("/batch/{batch_id}")
    async def batch(batch_id: str, request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        found = await run_in_threadpool(_desk(service).find, batch_id, caller.tenant)
        if found is None:
            raise _unknown()
        return _json({"request_id": request_id(request), **_document(found)})


def _add_giving(app: FastAPI, service: Service) -> None:
    @app.get("/batch/{batch_id}/result")
    async def batch_result(batch_id: str, request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        return await _sent(_desk(service), (batch_id, caller.tenant), "result", _form(request))

    @app.get("/batch/{batch_id}/errors")
    async def batch_errors(batch_id: str, request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        return await _sent(_desk(service), (batch_id, caller.tenant), "errors", _form(request))

    @app.delete("/batch/{batch_id}")
    async def remove_batch(batch_id: str, request: Request) -> Response:
        caller = admit(request, service, "predict:batch")
        if not await run_in_threadpool(_desk(service).remove, batch_id, caller.tenant):
            raise _unknown()
        return _json({"request_id": request_id(request), "removed": batch_id})


def _desk(service: Service) -> BatchDesk:
    if service.batches is None:
        raise AccessError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "batch-away",
            "This service takes no files.",
            remedy="Ask who runs it.",
        )
    return service.batches


def _receiver(upload: Upload, variant: Variant, service: Service) -> Receiver:
    limits = service.settings.limits
    return Receiver(upload.folder, _tables(variant), limits.batch_bytes, limits.deadline_seconds)


def _tables(variant: Variant) -> frozenset[str] | None:
    """Return the tables that a model of histories reads."""
    plan = variant.deployment.loaded.bundle.features
    return None if plan is None else frozenset({*plan.tables, plan.relations.entity.table})


async def _waited(desk: BatchDesk, batch_id: str, tenant: str, seconds: float) -> Batch | None:
    """Return a batch when it is over, or as it is after so long; no thread waits meanwhile."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        batch = await run_in_threadpool(desk.find, batch_id, tenant)
        if batch is None or batch.is_over or asyncio.get_running_loop().time() >= until:
            return batch
        await asyncio.sleep(LOOK_SECONDS)


async def _answered(desk: BatchDesk, batch: Batch, form: str, request: Request) -> Response:
    """Answer with the result where it is there and small, else with where it will be."""
    if batch.state == "failed":
        return _refusal(batch, request)
    order = batch.order
    if batch.state == "done" and (batch.rows or 0) <= SMALL_ROWS:
        answer = await _sent(desk, (order.id, order.tenant), "result", form)
        answer.headers["Content-Location"] = f"/batch/{order.id}/result"
        answer.headers["X-Batch-Id"] = order.id
        answer.headers["X-Batch-Rows"] = str(batch.rows)
        answer.headers["X-Batch-Rejected"] = str(batch.rejected)
        return answer
    answer = _json({"request_id": request_id(request), **_document(batch)})
    answer.status_code = HTTPStatus.ACCEPTED
    answer.headers["Location"] = f"/batch/{order.id}"
    return answer


def _refusal(batch: Batch, request: Request) -> Response:
    found = batch.problem
    code, detail = ("batch-internal", "") if found is None else (found.code, found.detail)
    headers = {}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if code in _BUSY:
        status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(RETRY_SECONDS)}
    elif code in _OURS:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    problem = Problem(status, code, detail, () if found is None else found.errors)
    return Response(
        problem.body(request_id(request)),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


async def _sent(desk: BatchDesk, which: tuple[str, str], what: BatchFile, form: str) -> Response:
    """Send a file of a batch."""
    path = await run_in_threadpool(desk.file, *which, what, form)
    if path is None:
        found = await run_in_threadpool(desk.find, *which)
        if found is None:
            raise _unknown()
        raise RequestError(
            HTTPStatus.CONFLICT,
            "batch-without-result",
            f"The batch is {found.state}: it has no result.",
            remedy="GET /batch/ID says how far it is, or why there is none.",
        )
    return _WholeFile(path, media_type=MEDIA[form], filename=f"{which[0]}-{what}.{form}")


class _WholeFile(FileResponse):
    """A file that is sent from its beginning to its end, whatever range is asked for.

    A service may do so (RFC 9110, 14.2), and a table cut at a byte is none.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del self.headers["accept-ranges"]
        headers = [(n, v) for n, v in scope["headers"] if n.lower() != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def _form(request: Request) -> str:
    """Return which form of a table is wanted."""
    wanted = request.query_params.get("format")
    if wanted is None:
        return "parquet" if PARQUET in request.headers.get("accept", "") else "csv"
    if wanted not in MEDIA:
        raise _parameter("format", "csv or parquet")
    return wanted


def _page(request: Request) -> tuple[int, str | None]:
    limit = request.query_params.get("limit", "20")
    is_number = limit.isascii() and limit.isdecimal() and len(limit) <= len(str(MOST_LISTED))
    if not is_number or not 1 <= int(limit) <= MOST_LISTED:
        raise _parameter("limit", f"1 to {MOST_LISTED}")
    before = request.query_params.get("before")
    if before is not None and not re.fullmatch(ID["pattern"], before):
        raise _parameter("before", "the id of a batch")
    return int(limit), before


def _parameter(name: str, expected: str) -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "batch-parameter",
        f"The parameter '{name}' is not {expected}.",
        remedy="Mend it, or leave it out.",
    )


def _unknown() -> RequestError:
    return RequestError(
        HTTPStatus.NOT_FOUND,
        "batch-unknown",
        "There is no such batch.",
        remedy="Batches are removed some days after they ended; GET /batch lists those there are.",
    )


def _full() -> AccessError:
    return AccessError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "batch-full",
        "As many files as the service takes wait to be scored.",
        remedy="Try again; Retry-After says when.",
        retry_after=RETRY_SECONDS,
    )


def _document(batch: Batch) -> dict[str, Any]:
    order = batch.order
    return {
        "id": order.id,
        "state": batch.state,
        "created": order.created,
        "started": batch.started,
        "ended": batch.ended,
        "files": dict(order.files),
        "bundle": order.bundle,
        "policy": order.policy_name,
        "rows": batch.rows,
        "done": batch.done,
        "rejected": batch.rejected,
        "logged": batch.logged,
        "dropped": batch.dropped,
        "decisions": dict(batch.decisions),
        "seconds": dict(batch.seconds),
        "problem": None if batch.problem is None else batch.problem.to_dict(),
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")


def describe(variant: Variant) -> Described:
    """Return what the OpenAPI document says of the pages."""
    unknown = {"404": "There is no such batch."}
    post = operation(
        "predict_batch",
        "Score a file of applications",
        "Batch",
        scope="predict:batch",
        problems={
            "400": "The body is empty, or no well-formed form.",
            "408": "The body did not arrive in time.",
            "413": "The body is longer than serve.limits.batch_bytes.",
            "415": "The body is neither CSV nor Parquet nor a form, or is compressed.",
            "422": "The file cannot be read, or lacks columns; 'errors' names them.",
        },
    )
    post["responses"] |= {
        "200": _table("A small file: a line for every row of it, scored or rejected.", _SCORED),
        "202": content("The file waits to be scored; Location says where.", "Batch"),
    }
    post["responses"]["202"]["content"]["application/json"]["example"] = dict(WAITING)
    post["parameters"] = [_FORMAT]
    post["requestBody"] = {"required": True, "content": _bodies(variant)}
    listed = operation(
        "batches",
        "The batches of this tenant, the newest first",
        "Batches",
        scope="predict:batch",
        problems={"422": "A parameter is out of range."},
    )
    listed["parameters"] = [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 20}),
        _query("before", ID),
    ]
    one = operation("batch", "How far a batch is", "Batch", scope="predict:batch", problems=unknown)
    removed = operation(
        "remove_batch",
        "Stop a batch and remove its files",
        "BatchRemoved",
        scope="predict:batch",
        problems=unknown,
    )
    parameter = {"name": "batch_id", "in": "path", "required": True, "schema": ID}
    return Described(
        "Batches",
        {
            "/batch/predict": {"post": post},
            "/batch": {"get": listed},
            "/batch/{batch_id}": {"parameters": [parameter], "get": one, "delete": removed},
            "/batch/{batch_id}/result": {
                "parameters": [parameter, _FORMAT],
                "get": _file(
                    "batch_result", "A line for every row: PD and decision, or rejected", _SCORED
                ),
            },
            "/batch/{batch_id}/errors": {
                "parameters": [parameter, _FORMAT],
                "get": _file("batch_errors", "What is wrong, by row and column", _WRONG),
            },
        },
        _schemas(),
    )


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_FORMAT: Schema = _query("format", {"type": "string", "enum": ["csv", "parquet"]})


_SCORED = (
    "row,status,decision_id,pd,decision,threshold,flags\n"
    '1,scored,01a2000b-47a3-7000-b76d-f4e3d176134f-000000001,0.084,approve,0.15,""\n'
    '2,rejected,,,,,""\n'
)
_WRONG = "row,column,code,expected\n2,income,missing,a number of at least 0\n"


def _table(text: str, example: str) -> Schema:
    binary: Schema = {"type": "string", "format": "binary"}
    table: Schema = {"schema": TEXT, "example": example}
    return {"description": text, "content": {CSV: table, PARQUET: {"schema": binary}}}


def _file(name: str, summary: str, example: str) -> Schema:
    found = operation(
        name,
        summary,
        "Batch",
        scope="predict:batch",
        problems={
            "404": "There is no such batch.",
            "409": "The batch has no result (yet).",
            "422": "The parameter 'format' is neither csv nor parquet.",
        },
    )
    found["responses"]["200"] = _table(f"{summary}.", example)
    return found


def _bodies(variant: Variant) -> Schema:
    binary: Schema = {"type": "string", "format": "binary"}
    bundle = variant.deployment.loaded.bundle
    if bundle.features is None:
        form: Schema = object_of({"file": binary})
        file = example_file(bundle)
        return {
            CSV: {"schema": TEXT, "example": file},
            PARQUET: {"schema": binary},
            MULTIPART: {"schema": form, "example": {"file": file}},
        }
    about = {**binary, "description": "A file named after the table, .csv or .parquet."}
    files = example_files(bundle, bundle.features)
    form = object_of(dict.fromkeys(sorted(files), about))
    kinds = {"contentType": f"{CSV}, {PARQUET}"}
    encoding = dict.fromkeys(sorted(files), kinds)
    return {MULTIPART: {"schema": form, "example": files, "encoding": encoding}}


def _schemas() -> dict[str, Schema]:
    count: Schema = {"type": "integer", "minimum": 0}
    counts: Schema = {"type": "object", "additionalProperties": count}
    moment: Schema = {"anyOf": [MOMENT, {"type": "null"}]}
    problem = object_of(
        {
            "code": TEXT,
            "detail": TEXT,
            "line": {"anyOf": [count, {"type": "null"}]},
            "errors": {
                "type": "array",
                "items": object_of({"field": TEXT, "code": TEXT, "expected": TEXT}),
            },
        }
    )
    batch: Schema = {
        "id": {**ID, "example": BATCH},
        "state": {
            "type": "string",
            "enum": ["queued", "running", "done", "failed", "interrupted"],
            "description": "interrupted: the service ended meanwhile; post the file again.",
        },
        "created": MOMENT,
        "started": moment,
        "ended": moment,
        "files": {**counts, "description": "File -> bytes."},
        "bundle": DIGEST,
        "policy": TEXT,
        "rows": {"anyOf": [count, {"type": "null"}], "description": "null: not known yet."},
        "done": count,
        "rejected": {**count, "description": "The error report says why, row by row."},
        "logged": {**count, "description": "Decisions that are in the decision log."},
        "dropped": {
            **count,
            "description": "Decisions the log did not take; with serve.log.policy best_effort.",
        },
        "decisions": counts,
        "seconds": {"type": "object", "additionalProperties": {"type": "number"}},
        "problem": {"anyOf": [problem, {"type": "null"}]},
    }
    return {
        "Batch": object_of({"request_id": ID, **batch}),
        "Batches": object_of(
            {
                "request_id": ID,
                "batches": {"type": "array", "items": object_of(batch)},
                "next": {"anyOf": [ID, {"type": "null"}], "description": "Send it as before."},
            }
        ),
        "BatchRemoved": object_of({"request_id": ID, "removed": ID}),
    }

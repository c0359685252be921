"""Files over HTTP: at once or as jobs; every row has a line; nothing is repeated to the caller."""

from __future__ import annotations

import csv
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.conftest import applications
from tests.entry.service.malformed_files import CSV, HEADER, PARQUET, malformed
from tests.fakes.batches import HereRunner, desk_on
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.adapters.batch_jobs import BatchFolder, DiskDesk
from scorewright.core.access import SCOPES, Caller
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LimitSettings, ServeSettings
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

#: CI tries these; SCOREWRIGHT_MALFORMED_FILES=500 tries more.
FILES = int(os.environ.get("SCOREWRIGHT_MALFORMED_FILES", "120"))


class TenantGate:
    """Knows tenants by the name that is sent as their key."""

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        return Caller(f"key-{api_key}", api_key or "default", frozenset(SCOPES))


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def runner(deployment: Deployment, clock: Clock, log: MemoryLog) -> HereRunner:
    return HereRunner(deployment, clock, log)


@pytest.fixture
def serve(
    deployment: Deployment, clock: Clock, log: MemoryLog, tmp_path: Path
) -> Iterator[Callable[..., TestClient]]:
    clients: list[TestClient] = []
    desks: list[DiskDesk] = []

    def make(run: Callable[..., str], places: int = 2, **limits: Any) -> TestClient:
        desk = desk_on(tmp_path, run, places)  # type: ignore[arg-type]
        settings = ServeSettings(limits=LimitSettings(**limits))
        service = service_on(deployment, clock, log=log, settings=settings, gatekeeper=TenantGate())
        client = TestClient(create_app(replace(service, batches=desk)))
        client.__enter__()
        clients.append(client)
        desks.append(desk)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)
    for desk in desks:
        desk.close(5.0)


@pytest.fixture
def client(serve: Callable[..., TestClient], runner: HereRunner) -> TestClient:
    return serve(runner)


def _csv(rows: Sequence[dict[str, Any]], names: Sequence[str] | None = None) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, names or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {
            k: {None: "", True: "true", False: "false"}.get(v, v)
            if not isinstance(v, int | float) or isinstance(v, bool)
            else v
            for k, v in row.items()
        }
        for row in rows
    )
    return text.getvalue().encode()


def _rows(n: int) -> list[dict[str, Any]]:
    return [{"application": f"a{i}", **row} for i, row in enumerate(applications(n))]


def _post(client: TestClient, data: bytes, media: str = CSV, **headers: str) -> Any:
    return client.post("/batch/predict", content=data, headers={"Content-Type": media, **headers})


def _table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def _over(client: TestClient, batch_id: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"/batch/{batch_id}").json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_small_file_is_answered_at_once_with_a_line_for_every_row(
    client: TestClient, log: MemoryLog
) -> None:
    # Given rows, two of which break the contract
    rows = _rows(20)
    rows[3]["age"], rows[7]["channel"] = 7, "pigeon"
    # When they are posted
    answer = _post(client, _csv(rows))
    # Then every row has its line, the wrong ones without a decision
    assert answer.status_code == 200, answer.text
    table = _table(answer)
    assert [int(line["row"]) for line in table] == list(range(1, 21))
    assert [line["application"] for line in table] == [row["application"] for row in rows]
    assert [i for i, line in enumerate(table) if line["status"] == "rejected"] == [3, 7]
    assert table[3]["pd"] == table[3]["decision"] == ""
    assert answer.headers["X-Batch-Rejected"] == "2"
    # And the report says of each what was expected, and not what was sent
    errors = client.get(f"/batch/{answer.headers['X-Batch-Id']}/errors")
    assert [(e["row"], e["column"], e["code"]) for e in _table(errors)] == [
        ("4", "age", "range"), ("8", "channel", "category"),
    ]  # fmt: skip
    assert "pigeon" not in errors.text
    # And every decision is in the log, under the batch
    assert len(log.records) == 18
    assert {record.request_id for record in log.records} == {answer.headers["X-Batch-Id"]}
    assert {r.decision_id for r in log.records} == {t["decision_id"] for t in table} - {""}
    assert {record.role for record in log.records} == {"champion"}


def test_the_pd_is_that_of_predict_in_any_order_and_form(client: TestClient) -> None:
    # Given rows, and the PDs the service gives them one by one
    rows = _rows(25)
    single = [
        client.post(
            "/predict", json={"features": {k: v for k, v in row.items() if k != "application"}}
        ).json()
        for row in rows
    ]
    # When they come as CSV in another order, as Parquet, and as a form
    turned = [dict(reversed(row.items())) for row in rows]
    out = io.BytesIO()
    pl.DataFrame(turned).write_parquet(out)
    answers = [
        _post(client, _csv(turned)),
        _post(client, out.getvalue(), PARQUET),
        client.post("/batch/predict", files={"file": ("new.csv", _csv(rows), CSV)}),
    ]
    # Then each gives the same PDs and decisions, to the last bit
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert [float(line["pd"]) for line in _table(answer)] == [one["pd"] for one in single]
        assert [line["decision"] for line in _table(answer)] == [o["decision"] for o in single]


def test_what_the_log_holds_is_what_predict_logs(client: TestClient, log: MemoryLog) -> None:
    # Given one row that comes both ways
    row = _rows(1)[0] | {"purpose": "boat"}
    features = {k: v for k, v in row.items() if k != "application"}
    client.post("/predict", json={"features": features, "application_id": row["application"]})
    # When it comes as a file
    _post(client, _csv([row]))
    # Then the two records differ only in their ids and when they came
    one, other = log.records
    same = replace(other, decision_id=one.decision_id, at=one.at, request_id=one.request_id)
    assert same == one
    assert one.flags["unknown_category"] == ["purpose"]


def test_a_large_file_becomes_a_job(client: TestClient, runner: HereRunner) -> None:
    # Given more rows than are answered at once
    rows = _rows(1_001)
    # When they are posted
    answer = _post(client, _csv(rows))
    # Then the answer says where the result will be
    assert answer.status_code == 202
    place = answer.headers["Location"]
    over = _over(client, place.rsplit("/", 1)[-1])
    assert over["state"] == "done"
    assert over["rows"] == over["done"] == over["logged"] + over["rejected"] == 1_001
    assert sum(over["decisions"].values()) == over["logged"]
    assert len(_table(client.get(f"{place}/result"))) == 1_001
    # And as Parquet it is the same
    packed = client.get(f"{place}/result", headers={"Accept": PARQUET})
    frame = pl.read_parquet(io.BytesIO(packed.content))
    assert frame["pd"].to_list() == [
        float(line["pd"]) for line in _table(client.get(f"{place}/result?format=csv"))
    ]
    assert runner.told[-1] == (1_001, 1_001, 0, 1_001)


def test_texts_that_a_spreadsheet_would_run_are_made_harmless(client: TestClient) -> None:
    rows = _rows(2)
    rows[0]["application"] = "=cmd|' /C calc'!A0"
    answer = _post(client, _csv(rows))
    assert _table(answer)[0]["application"].startswith("'=")


def test_a_batch_belongs_to_its_tenant(client: TestClient) -> None:
    # Given a batch of one tenant
    answer = _post(client, _csv(_rows(3)), **{"X-API-Key": "mine"})
    place = f"/batch/{answer.headers['X-Batch-Id']}"
    # When another tenant asks for it
    other = {"X-API-Key": "other"}
    # Then there is none
    for path in (place, f"{place}/result", f"{place}/errors"):
        assert client.get(path, headers=other).status_code == 404
    assert client.delete(place, headers=other).status_code == 404
    assert client.get("/batch", headers=other).json()["batches"] == []
    assert len(client.get("/batch", headers={"X-API-Key": "mine"}).json()["batches"]) == 1


def test_the_history_is_paged(client: TestClient) -> None:
    ids = [_post(client, _csv(_rows(1))).headers["X-Batch-Id"] for _ in range(3)]
    first = client.get("/batch?limit=2").json()
    assert [b["id"] for b in first["batches"]] == ids[:0:-1]
    second = client.get(f"/batch?limit=2&before={first['next']}").json()
    assert ([b["id"] for b in second["batches"]], second["next"]) == (ids[:1], None)
    for wrong in ("0", "101", "x", "-1", "²"):
        assert client.get(f"/batch?limit={wrong}").status_code == 422
    assert client.get("/batch?before=../x").status_code == 422


def test_a_removed_batch_is_gone_with_its_files(client: TestClient, tmp_path: Path) -> None:
    batch = _post(client, _csv(_rows(2))).headers["X-Batch-Id"]
    assert client.delete(f"/batch/{batch}").status_code == 200
    assert client.get(f"/batch/{batch}").status_code == 404
    assert client.delete(f"/batch/{batch}").status_code == 404
    assert not (tmp_path / "batches" / batch).exists()


def test_what_was_sent_is_gone_when_it_was_scored(client: TestClient, tmp_path: Path) -> None:
    batch = _post(client, _csv(_rows(2))).headers["X-Batch-Id"]
    folder = tmp_path / "batches" / batch
    until = time.monotonic() + 10
    while (folder / "files").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not (folder / "files").exists()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_more_than_may_wait_is_refused_and_may_come_later(
    serve: Callable[..., TestClient],
) -> None:
    # Given a service whose one place is taken for long
    go = threading.Event()

    def slow(folder: BatchFolder, over: threading.Event) -> str:
        go.wait(30)
        return "batch-died"

    client = serve(slow, places=1, deadline_seconds=0.05)
    # When more and more files come
    codes = [_post(client, _csv(_rows(1))).status_code for _ in range(12)]
    # Then as many as may wait do, and the others hear when to come again
    assert codes == [202] * 9 + [503] * 3
    refused = _post(client, _csv(_rows(1)))
    assert refused.json()["code"] == "batch-full"
    assert int(refused.headers["Retry-After"]) > 0
    go.set()


def test_a_child_that_dies_leaves_a_batch_that_failed(serve: Callable[..., TestClient]) -> None:
    client = serve(lambda _folder, _over: "batch-died")
    answer = _post(client, _csv(_rows(1)))
    assert (answer.status_code, answer.json()["code"]) == (422, "batch-died")
    batch = client.get("/batch").json()["batches"][0]
    assert batch["state"] == "failed"
    result = client.get(f"/batch/{batch['id']}/result")
    assert (result.status_code, result.json()["code"]) == (409, "batch-without-result")


def test_no_result_is_given_out_that_is_not_in_the_log(client: TestClient, log: MemoryLog) -> None:
    log.trouble = ScorewrightError("away", remedy="wait", code="log-unavailable")
    answer = _post(client, _csv(_rows(2)))
    assert (answer.status_code, answer.json()["code"]) == (503, "log-unavailable")
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Encoding": "gzip"}, 415, "content-encoding"),
        ({"Content-Type": "application/json"}, 415, "media-type"),
        ({"Content-Type": "text/csv; charset=latin-1"}, 415, "media-type"),
        ({"Content-Type": "application/zip"}, 415, "media-type"),
        ({"Content-Length": "999999999999999999999"}, 413, "body-too-large"),
        ({"Content-Type": "multipart/form-data"}, 400, "batch-multipart"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400, "batch-multipart"),
    ],
)
def test_bodies_of_another_kind_are_refused(
    client: TestClient, headers: dict[str, str], status: int, code: str, tmp_path: Path
) -> None:
    answer = client.post(
        "/batch/predict", content=_csv(_rows(1)), headers={"Content-Type": CSV, **headers}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    # And nothing of it stays
    assert not [p for p in (tmp_path / "batches").iterdir() if p.is_dir()]


def test_too_many_bytes_and_rows_are_refused(
    serve: Callable[..., TestClient], runner: HereRunner
) -> None:
    runner.most = 10
    client = serve(runner, batch_bytes=2_000)

    def pieces() -> Iterator[bytes]:
        yield HEADER.encode() + b"\n"
        for _ in range(1_000):
            yield b"a,1,40,true,car,web\n" * 10

    large = client.post("/batch/predict", content=pieces(), headers={"Content-Type": CSV})
    assert (large.status_code, large.json()["code"]) == (413, "body-too-large")
    many = _post(client, _csv(_rows(11)))
    assert (many.status_code, many.json()["code"]) == (422, "batch-rows")


def test_a_form_must_hold_files_once_and_by_name(client: TestClient) -> None:
    data = _csv(_rows(1))
    forms: list[dict[str, Any]] = [
        {"files": [("a", ("one.csv", data, CSV)), ("b", ("two.csv", data, CSV))]},
        {"files": {"a": ("../../etc/passwd", data, CSV)}},
        {"files": {"a": ("one.xlsx", data, CSV)}},
        {"files": {"a": ("one.csv", data, CSV, {"Content-Encoding": "gzip"})}},
    ]
    for form in forms:
        assert client.post("/batch/predict", **form).status_code in (400, 415)
    empty = client.post("/batch/predict", files={"a": ("one.csv", b"", CSV)})
    assert (empty.status_code, empty.json()["code"]) == (400, "body-empty")


def test_a_wrong_line_is_named(client: TestClient) -> None:
    rows = _csv(_rows(5)).decode().splitlines()
    rows[3] += ",secret-value"
    answer = _post(client, "\n".join(rows).encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "data-ragged")
    assert "Line 4." in answer.json()["detail"]
    assert "secret-value" not in answer.text


def test_columns_that_lack_are_named(client: TestClient) -> None:
    answer = _post(client, b"income,age\n1,40\n")
    assert answer.json()["code"] == "batch-contract"
    assert {e["field"] for e in answer.json()["errors"]} == {"employed", "purpose", "channel"}


@pytest.mark.timeout(600)
def test_malformed_files_give_no_5xx_and_no_partial_result(
    serve: Callable[..., TestClient],
    runner: HereRunner,
    log: MemoryLog,
    record_property: Callable[[str, object], None],
) -> None:
    # Given a service
    client = serve(runner)
    seen: dict[int, int] = {}
    for number in range(FILES):
        kind, data, media = malformed(number)
        before = len(log.records)
        # When a malformed file comes
        answer = _post(client, data, media)
        # Then it is refused without a decision, or every row has a line
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        assert answer.status_code in (200, 400, 422), (number, kind, answer.text)
        decided = len(log.records) - before
        if answer.status_code == 200:
            rows, rejected = (int(answer.headers[f"X-Batch-{n}"]) for n in ("Rows", "Rejected"))
            assert rows == len(_table(answer)) == rejected + decided, (number, kind)
            errors = _table(client.get(f"/batch/{answer.headers['X-Batch-Id']}/errors"))
            assert len({line["row"] for line in errors}) == rejected, (number, kind)
        else:
            assert decided == 0, (number, kind)
            assert answer.json()["code"] != "batch-internal", (number, kind, answer.text)
    assert set(seen) >= {200, 422}
    record_property(
        "guarantee", f"malformed-files: {sum(seen.values())} files, 0 with 5xx, 0 half results"
    )

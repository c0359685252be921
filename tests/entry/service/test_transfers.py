"""Files on their way in and out: odd heads are refused, results are sent whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.entry.service.malformed_files import HEADER, ROW
from tests.fakes.batches import HereRunner, desk_on
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

FILE = "\n".join([HEADER, *(ROW.format(n) for n in range(5)), ""]).encode()
#: What no parameter of a head is: named twice, in too many pieces, in no known encoding.
ODD = ("a*=x; a*0=y", f"a*{'9' * 5_000}=x", "a*=undefined''x", "a*0*=undefined''x; a*1=y")


@pytest.fixture
def client(deployment: Deployment, clock: Clock, tmp_path: Path) -> Iterator[TestClient]:
    log = MemoryLog()
    desk = desk_on(tmp_path, HereRunner(deployment, clock, log))
    service = replace(service_on(deployment, clock, log=log), batches=desk)
    with TestClient(create_app(service)) as client:
        yield client
    desk.close(5.0)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_a_media_type_that_cannot_be_read_is_not_our_fault(client: TestClient, odd: str) -> None:
    headers = {"Content-Type": f"text/csv; {odd}"}
    answer = client.post("/batch/predict", content=FILE, headers=headers)
    # What is only odd may be taken; what cannot be read is refused
    assert answer.status_code in (200, 415), answer.text
    if answer.status_code == 415:
        assert answer.json()["code"] == "media-type"


@pytest.mark.parametrize("odd", ODD[:2], ids=range(2))
def test_parameters_that_contradict_each_other_are_refused(client: TestClient, odd: str) -> None:
    headers = {"Content-Type": f"text/csv; {odd}"}
    answer = client.post("/batch/predict", content=FILE, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type")


@pytest.mark.parametrize(
    "name",
    [
        "filename*=x; filename*0=y.csv",
        "filename*=undefined''x.csv",
        f"filename*{'9' * 5_000}=x.csv",
        "name*=x; name*0=y; filename=x.csv",
    ],
    ids=range(4),
)
def test_the_name_of_a_part_that_cannot_be_read_is_not_our_fault(
    client: TestClient, name: str
) -> None:
    head = f"--b\r\nContent-Disposition: form-data; {name}\r\nContent-Type: text/csv\r\n\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = head.encode() + FILE + b"\r\n--b--\r\n"
    answer = client.post("/batch/predict", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "batch-multipart"), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=abc", "bytes=999999-", "bytes=0-1,3-4", "x"])
@pytest.mark.parametrize("what", ["result", "errors"])
def test_a_result_is_sent_whole_whatever_range_is_asked_for(
    client: TestClient, asked: str, what: str
) -> None:
    # Given a result
    posted = client.post("/batch/predict", content=FILE, headers={"Content-Type": "text/csv"})
    place = f"/batch/{posted.headers['X-Batch-Id']}/{what}"
    whole = client.get(place)
    # When a part of it is asked for, then all of it comes, and nobody was told that parts do
    answer = client.get(place, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)
    for one in (posted, whole, answer):
        assert one.status_code == 200
        assert "accept-ranges" not in one.headers

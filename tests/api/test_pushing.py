"""Records that programs send over HTTP: more at once than can be taken in, and bodies that nobody should send."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from thruline.flows.line import SENDERS
from thruline.testing.served import Home, Served, serving


@pytest.fixture(scope="module")
def served(home: Home) -> Iterator[Served]:
    with serving(home, THRULINE_SERVER__REQUESTS_PER_MINUTE="0") as server:
        server.platform.data.add(path="push://crm")
        yield server
        server.platform.data.remove(source="crm")


def send(served: Served, body: Any, user: str = "olga") -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.post(f"{served.url}/v1/records", content=content, headers=served.headers(user), timeout=60)


def note(n: int) -> dict[str, str]:
    return {"source": "crm", "path": f"notes/{n}.md", "text": f"# Note {n}\n\nCrate {n} stands in hall {n * 7}."}


def paths(served: Served) -> set[str]:
    return {d.path for d in served.platform.data.documents(source="crm", state="live", limit=500)}


def send_until_taken(served: Served, n: int, answers: list[httpx2.Response]) -> None:
    """As a program that obeys Retry-After does."""
    while True:
        said = send(served, note(n))
        answers.append(said)
        if said.status_code == 200:
            return
        time.sleep(int(said.headers["retry-after"]))


def test_who_comes_when_too_many_wait_is_told_when_to_come_back_and_nothing_is_lost(served: Served):
    (source,) = [s for s in served.platform.line.records.sources() if s.name == "crm"]
    answers: list[httpx2.Response] = []
    many = SENDERS * 2
    busy = served.platform.line.runs.start("sync", only=source.id)  # somebody who takes long
    with ThreadPoolExecutor(many) as pool:
        with busy:
            sending = [pool.submit(send_until_taken, served, n, answers) for n in range(many)]
            began = time.monotonic()
            while len(answers) < many - SENDERS - 1 and time.monotonic() < began + 20:
                time.sleep(0.02)
            began = time.monotonic()
            reader = httpx2.get(f"{served.url}/v1/data/sources", headers=served.headers("ann"), timeout=20)
            answered_s = time.monotonic() - began
        for one in sending:
            one.result(60)
    turned_away = [a for a in answers if a.status_code != 200]
    assert {a.status_code for a in turned_away} == {429}
    assert all("wait already" in a.json()["title"] + a.json().get("detail", "") for a in turned_away)
    assert len(turned_away) >= many - SENDERS - 1
    assert (reader.status_code, answered_s < 10) == (200, True)  # the waiting leave threads for who asks
    assert paths(served) == {note(n)["path"] for n in range(many)}


def zip_bomb() -> str:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(200 << 20))
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe{}", b'{"source": "crm"}', b"[" * 100_000,
        {"source": "crm", "path": "a.md", "text": 7}, {"source": "crm", "path": "a.md", "text": "x", "colour": "red"},
        {"source": "crm", "path": "a\x00.md", "text": "x"}, {"source": "crm", "path": "a.md"},
        {"source": "crm", "path": "a.md", "text": "", "data": ""}, {"source": "crm", "path": "a.md", "data": "%%%"},
        {"source": ["crm"], "path": "a.md", "text": "x"}, {"source": "crm", "path": "a.md", "text": "\ud800"},
        {"source": "crm", "path": "a.md", "text": "x", "groups": "everyone"},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_meant_is_refused_by_the_field_and_leaves_nothing(served: Served, body: Any):
    before = paths(served)
    said = send(served, body)
    assert said.status_code in (400, 422), said.text
    assert said.headers["content-type"] == "application/problem+json"
    assert paths(served) == before


def test_a_body_larger_than_the_server_takes_is_refused_before_it_is_read(served: Served):
    said = send(served, json.dumps({"source": "crm", "path": "big.md", "text": "a" * (17 << 20)}).encode())
    assert said.status_code == 413
    assert "big.md" not in paths(served)


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("bomb.docx", zip_bomb(), "too_large"),
        ("half.pdf", base64.b64encode(b"%PDF-1.7\n1 0 obj <<").decode(), "parser_failed"),
        ("spaces.txt", base64.b64encode(b" \n" * 1000).decode(), "empty"),
        ("zeros.bin", base64.b64encode(bytes(1 << 20)).decode(), "unsupported_type"),
    ],
)
def test_bytes_that_cannot_be_read_are_refused_with_a_reason_and_counted(
    served: Served, path: str, data: str, reason: str
):
    said = send(served, {"source": "crm", "path": path, "data": data})
    assert said.status_code == 200
    assert (said.json()["state"], said.json()["reason"]) == ("refused", reason)
    (source,) = [s for s in served.platform.data.sources() if s.name == "crm"]
    assert source.refused >= 1


def test_many_versions_of_one_path_sent_at_once_end_as_one_of_them(served: Served):
    def of(n: int) -> None:
        send(served, {"source": "crm", "path": "same.md", "text": f"# Same\n\nVersion {n} of the kettle."})

    threads = [threading.Thread(target=of, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [d for d in served.platform.data.documents(source="crm", limit=500) if d.path == "same.md"]
    assert [d.state for d in found].count("live") == 1

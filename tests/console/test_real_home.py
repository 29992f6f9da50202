"""The console over a real home: real files in, a real question, and everything undone again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from thruline.app.platform import Platform
from thruline.console import console
from thruline.demo.desk import EVERYONE, lay_out
from thruline.testing.homes import FastEngines

TWINS = ("/home.json", "/ask.json", "/data.json", "/runs.json")


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    return lay_out(tmp_path_factory.mktemp("desk")).root


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[TestClient]:
    place = tmp_path_factory.mktemp("home") / "home"
    with Platform.open(place, create=True, overrides={}, engines=FastEngines) as platform:
        app = Starlette(routes=console(lambda _: platform.acting(platform.operator, "console")))
        with TestClient(app, headers={"origin": "http://testserver"}) as client:
            yield client


@pytest.fixture(scope="module")
def filled(client, desk) -> TestClient:
    """The home after somebody dropped two folders."""
    for name in ("tickets", "wiki-import"):
        client.post("/do/data.add", data={"path": str(desk / name), "groups": EVERYONE})
    return client


def records_of(client: TestClient, state: str) -> list[str]:
    return [d["record"] for d in client.get("/data.json", params={"state": state}).json()["documents"]]


def test_an_empty_home_says_how_to_begin(client):
    assert "Begin with a folder" in client.get("/").text


def test_a_dropped_folder_is_there_and_what_is_suspicious_waits_in_quarantine(filled):
    page = filled.get("/data").text
    assert "Delivery times are one hour early" in page
    assert "Holds text that a program reads and a person does not see" in page


def test_a_misspelt_request_is_answered_with_who_is_near_and_a_persons_page_shows_what_is_held(filled):
    desk = filled.get("/matches").text
    assert "One person or two?" in desk
    missing = filled.post("/do/data.person", data={"identifiers": "Ottilie Kvasthouk"})
    assert missing.status_code == 404
    page = filled.post("/do/data.person", data={"identifiers": "Ottilie Kvasthoug"})
    assert "near, and not meant unless you name them" in missing.text
    assert "BF-2044-export-stops.md" in page.text


def test_a_source_tells_what_became_of_all_that_it_holds(filled):
    name = filled.get("/data.json").json()["sources"][0]["name"]
    counts = filled.get(f"/sources/{name}.json").json()["about"]["counts"]
    assert counts["seen"] == sum(n for state, n in counts.items() if state != "seen") > 0
    page = filled.get(f"/sources/{name}", params={"check": "quality"}).text
    assert "rules for answering" in page
    filled.post("/do/data.change", data={"source": name, "option:every": "1h", "option:mask": ""})
    assert 'value="1h"' in filled.get(f"/sources/{name}").text


@pytest.fixture(scope="module")
def answer(filled) -> str:
    """The receipt id of an answer that was asked for in the console."""
    reply = filled.post("/do/vectors.ask", data={"question": "Why are delivery times one hour early?"})
    assert "<mark>" in reply.text
    return re.search(r"answer:[0-9a-f]{32}", str(reply.url))[0]


def test_why_leads_from_the_answer_to_its_documents(filled, answer):
    page = filled.get(f"/why/{answer}", params={"check": "seal"}).text
    assert "BF-2057-wrong-hour.md" in page
    assert "unchanged" in page
    record = re.search(r"/data/(record:[0-9a-f]{32})#touched", page)[1]
    assert f"/why/{answer}" in filled.get(f"/data/{record}").text


def test_an_answer_made_again_is_the_same(filled, answer):
    assert "The same answer again" in filled.post("/do/vectors.replay", data={"answer": answer}).text


def test_a_quarantined_document_marks_its_answers_until_it_is_released(filled, answer):
    record = filled.get(f"/why/{answer}.json").json()["why"]["answer"]["passages"][0]["record"]
    assert "Quarantine 1 document?" in filled.post("/do/data.quarantine", data={"what": record}).text
    assert record not in records_of(filled, "quarantined")
    filled.post("/do/data.quarantine", data={"what": record, "confirmed": "yes"})
    assert record in records_of(filled, "quarantined")
    assert "Do not rely on this." in filled.get(f"/why/{answer}").text
    filled.post("/do/data.release", data={"what": record})
    assert record in records_of(filled, "live")
    assert "Do not rely on this." not in filled.get(f"/why/{answer}").text


@pytest.mark.parametrize("twin", TWINS)
def test_the_twins_carry_the_real_reports(filled, twin):
    assert filled.get(twin).status_code == 200


def test_runs_are_listed_as_they_ended(filled):
    assert {run["state"] for run in filled.get("/runs.json").json()["runs"]} == {"done"}


def test_a_folder_that_is_none_is_refused_in_words(filled):
    reply = filled.post("/do/data.add", data={"path": "/nowhere/at/all"})
    assert reply.status_code == 404
    assert "is not a folder" in reply.text


def test_an_erased_person_leaves_a_receipt_and_no_document(filled):
    form = {"identifiers": "casimir.dupontel@example.com"}
    assert "Nothing has changed yet." in filled.post("/do/data.erase", data=form).text
    done = filled.post("/do/data.erase", data=form | {"confirmed": "yes"}).text
    assert "nothing is left" in done
    assert "eleven seconds" not in filled.get("/data").text

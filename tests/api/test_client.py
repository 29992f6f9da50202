"""The client of the SDK against a real server: every operation, the same reports, the same errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

import thruline
from thruline.api.client import Client
from thruline.api.routes import HERE_ONLY
from thruline.app.operations import operations
from thruline.core.errors import Denied, Invalid, NotFound, Unavailable
from thruline.flows.reports import AnswerReport, SearchReport, Status
from thruline.testing.served import RESTART, Served

OPERATIONS = operations()


@pytest.fixture
def olga(served: Served) -> Iterator[Client]:
    with Client(served.url, served.keys["olga"]) as client:
        yield client


@pytest.fixture
def ann(served: Served) -> Iterator[Client]:
    with Client(served.url, served.keys["ann"]) as client:
        yield client


@pytest.mark.parametrize("name", [n for n in OPERATIONS if n not in HERE_ONLY])
def test_every_operation_is_reachable_and_takes_what_it_declares(olga: Client, name: str):
    operation = OPERATIONS[name]
    assert operation.verb in dir(getattr(olga, operation.system))
    declared = {p.name for p in operation.parameters}
    assert declared == {
        p.name for p in inspect.signature(operation.function).parameters.values() if p.kind is p.KEYWORD_ONLY
    }
    with pytest.raises(Invalid, match="surprise"):
        getattr(getattr(olga, operation.system), operation.verb)(surprise=1, **dict.fromkeys(declared, "x"))


def test_reports_are_those_of_the_platform(served: Served, olga: Client):
    assert isinstance(olga.ledger.status(), Status)
    assert olga.data.sources() == served.platform.data.sources()
    assert olga.guard.users() == served.platform.guard.users()


def test_an_answer_and_its_receipt(ann: Client):
    answer = ann.vectors.ask(question=RESTART)
    assert isinstance(answer, AnswerReport)
    assert ann.vectors.why(answer=answer.id).answer == answer
    assert isinstance(ann.vectors.search(question="toner & paper?", k=1), SearchReport)


def test_a_question_is_narrowed_by_fields_over_http(ann: Client):
    answer = ann.vectors.ask(question=RESTART, where=("!date", "date!=2026"))
    assert answer.filters.where == ("!date", "date!=2026")
    assert len(ann.vectors.search(question=RESTART, where=("!date",)).passages)
    assert ann.vectors.search(question=RESTART, where=("date>2000",)).visible == 0
    with pytest.raises(NotFound, match="no field 'price'"):
        ann.vectors.search(question=RESTART, where=("price<3",))
    assert [view.name for view in ann.vectors.fields()] == ["date"]


def test_errors_are_those_of_the_platform(served: Served, ann: Client, olga: Client):
    with pytest.raises(Denied, match="may not"):
        ann.guard.users()
    with pytest.raises(NotFound) as missing:
        olga.data.document(record="record:" + "0" * 32)
    with pytest.raises(NotFound) as here:
        served.platform.data.document(record="record:" + "0" * 32)
    assert (missing.value.message, missing.value.hint) == (here.value.message, here.value.hint)
    with pytest.raises(Denied), Client(served.url, "tl_wrong") as nobody:
        nobody.ledger.status()
    with pytest.raises(AttributeError):
        olga.data.no_such_thing  # noqa: B018


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable), Client("http://127.0.0.1:9", "tl_x") as client:
        client.ledger.status()
    with pytest.raises(Invalid):
        Client("ftp://somewhere", "tl_x")


def test_a_connection_that_the_server_closed_while_idle_is_opened_again(served: Served, olga: Client):
    olga.ledger.status()
    olga._local.connection.sock.shutdown(2)
    assert olga.ledger.status().documents == 3


def test_the_package_offers_the_client():
    assert thruline.Client is Client

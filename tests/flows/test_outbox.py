"""What happens is told outside: in order, each with one id, without anybody waiting; and never a word of a document."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.outward import outbox_of
from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.nouns import Draft
from thruline.flows.outbox import keep_telling
from thruline.testing.homes import as_user, open_home, write
from thruline.testing.receiver import Receiver, receiving

LETTER = "# Letter\n\nOttilie Kvasthoug writes from ottilie.kvasthoug@example.org about the blue lamp in the hall."
SECRET = base64.b64encode(b"a secret of 24 bytes ok!").decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def told(tmp_path: Path, docs: Path, receiver: Receiver) -> Iterator[Platform]:
    """A home with a document that was asked about, whose notices the receiver gets."""
    (tmp_path / "secret").write_text(f"whsec_{SECRET}\n")
    settings = {
        "THRULINE_NOTIFY__WEBHOOK": receiver.url,
        "THRULINE_NOTIFY__WEBHOOK_SECRET": f"file:{tmp_path / 'secret'}",
        "THRULINE_SERVER__PUBLIC_URL": "https://line.example",
    }
    with open_home(tmp_path / "told", settings) as home:
        home.ledger.notify()
        home.data.add(path=str(write(docs, letter=LETTER)), name="docs")
        home.data.sync()
        as_user(home, "Rita").vectors.ask(question="Where is the blue lamp?")
        yield home


def test_a_quarantine_names_what_it_touched_and_who_was_answered_by_pseudonym(told: Platform, receiver: Receiver):
    record = told.data.documents()[0].record
    told.data.quarantine(what="docs")
    told.ledger.notify()
    (said,) = receiver.said
    rita = next(user for user in told.guard.users() if user.name == "Rita")
    assert said["type"] == "record.quarantined"
    assert said["data"]["records"] == [record]
    assert said["data"]["users"] == [rita.id]
    assert said["data"]["reached"]["answer"] == 1
    assert said["data"]["link"] == f"https://line.example/data/{record}"


def test_who_was_given_wrong_words_or_words_of_an_erased_person_is_to_be_told(told: Platform, receiver: Receiver):
    rita = next(user for user in told.guard.users() if user.name == "Rita")
    told.data.rectify(wrong="blue lamp in the hall", right="red lamp in the hall", what="docs")
    as_user(told, "Tom").vectors.ask(question="Where is the red lamp?")
    told.data.erase(identifiers=("Ottilie Kvasthoug",))
    told.ledger.notify()
    rectified, erased = [n for n in receiver.said if n["type"].startswith("person.")]
    assert (rectified["type"], rectified["data"]["users"]) == ("person.rectified", [rita.id])
    assert (rectified["data"]["answers"], rectified["data"]["residue"]) == (1, 0)
    assert (erased["type"], erased["data"]["users_count"]) == ("person.erased", 1)
    assert rita.id not in erased["data"]["users"]
    assert b"lamp" not in b"".join(p.body for p in receiver.posted)


def test_no_word_of_a_document_a_question_or_a_name_leaves(told: Platform, receiver: Receiver):
    told.data.quarantine(what="docs")
    told.data.release(what="docs")
    told.data.erase(identifiers=("Ottilie Kvasthoug",))
    told.ledger.notify()
    assert [said["type"] for said in receiver.said] == ["record.quarantined", "record.released", "person.erased"]
    everything = b"".join(posted.body for posted in receiver.posted).lower()
    for word in (b"ottilie", b"kvasthoug", b"lamp", b"letter", b"rita", b"docs"):
        assert word not in everything


def test_id_time_and_body_are_signed_together(told: Platform, receiver: Receiver):
    told.data.quarantine(what="docs")
    told.ledger.notify()
    (posted,) = receiver.posted
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    mac = hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert abs(int(posted.headers["webhook-timestamp"]) - time.time()) < 60


def test_a_dead_address_holds_up_nothing_and_is_told_all_in_order_when_it_is_back(told: Platform, receiver: Receiver):
    receiver.status = 503
    told.data.quarantine(what="docs")
    told.data.release(what="docs")
    (view,) = told.ledger.notify()
    assert (view.ok, view.status, view.failed, view.waiting) == (False, 503, 1, 2)
    check = next(check for check in told.ledger.doctor() if check.name == "webhook")
    assert check.state == "fail"
    assert "2 wait" in check.says
    receiver.status = 204
    (view,) = told.ledger.notify()
    assert (view.ok, view.sent, view.waiting) == (True, 2, 0)
    tries = [posted.headers["webhook-id"] for posted in receiver.posted]
    assert tries[0] == tries[1]
    assert [said["type"] for said in receiver.said[1:]] == ["record.quarantined", "record.released"]


def test_nothing_is_told_twice_however_often_one_looks(told: Platform, receiver: Receiver):
    told.data.quarantine(what="docs")
    for _ in range(3):
        told.ledger.notify()
    assert len(receiver.posted) == 1


def test_a_move_is_not_followed(told: Platform, receiver: Receiver):
    receiver.status, receiver.moved = 302, "http://127.0.0.1:1/elsewhere"
    told.data.quarantine(what="docs")
    (view,) = told.ledger.notify()
    assert (view.ok, view.status) == (False, 302)


def test_what_is_never_taken_can_be_skipped(told: Platform, receiver: Receiver):
    receiver.status = 400
    told.data.quarantine(what="docs")
    told.data.release(what="docs")
    told.ledger.notify()
    receiver.status = 200
    told.ledger.notify(skip="webhook")
    assert receiver.said[-1]["type"] == "record.released"
    with pytest.raises(NotFound):
        told.ledger.notify(skip="webhook")


def test_a_failed_contract_and_a_refused_model_are_told(told: Platform, receiver: Receiver):
    model = told.line.ids.artifact("model", "candidate")
    judged = {"rule": "detector_gate", "outcome": "failed", "score": 0.7, "low": 0.6, "high": 0.8, "threshold": 0.95}
    checked = {"rows": 10, "quarantined": 1, "blocked": 0, "failed": 1}
    told.line.ledger.append([Draft(verb="verdict.given", inputs=(model,), facts=judged)])
    told.line.ledger.append([Draft(verb="contract.checked", facts=checked)])
    told.line.ledger.append([Draft(verb="contract.checked", facts=checked | {"quarantined": 0, "failed": 0})])
    told.ledger.notify()
    gate, contract = receiver.said
    assert (gate["type"], gate["data"]["low"], gate["data"]["about"]) == ("gate.refused", 0.6, [model])
    assert (contract["type"], contract["data"]["quarantined"]) == ("contract.failed", 1)


def test_a_source_that_falls_silent_is_told_once(told: Platform, receiver: Receiver):
    source = told.data.add(path="push://crm").id
    day = 86_400_000_000
    for ago in (40, 39, 38, 37):
        told.line.records.note_news(source, told.line.clock.now() - ago * day)
    stop = threading.Event()
    thread = threading.Thread(target=keep_telling, args=(told.line, outbox_of(told), stop))
    thread.start()
    deadline = time.monotonic() + 20
    while not receiver.posted and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    thread.join()
    (said,) = receiver.said
    assert (said["type"], said["data"]["about"]) == ("source.silent", [source])
    told.ledger.notify()
    assert len(receiver.posted) == 1


def test_two_that_send_at_once_tell_everything_once(told: Platform, receiver: Receiver):
    for _ in range(10):
        told.data.quarantine(what="docs")
        told.data.release(what="docs")
    threads = [threading.Thread(target=told.ledger.notify) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.ledger.notify()
    assert len({posted.headers["webhook-id"] for posted in receiver.posted}) == len(receiver.posted) == 20


def test_only_the_chosen_kinds_are_told(tmp_path: Path, docs: Path, receiver: Receiver):
    settings = {"THRULINE_NOTIFY__WEBHOOK": receiver.url, "THRULINE_NOTIFY__EVENTS": "record.released"}
    with open_home(tmp_path / "some", settings) as home:
        home.ledger.notify()
        home.data.add(path=str(write(docs, letter=LETTER)), name="docs")
        home.data.sync()
        home.data.quarantine(what="docs")
        home.data.release(what="docs")
        home.ledger.notify()
    assert [said["type"] for said in receiver.said] == ["record.released"]
    assert "webhook-signature" not in receiver.posted[0].headers


def test_a_test_reaches_everybody_and_says_that_it_is_one(told: Platform, receiver: Receiver):
    (view,) = told.ledger.notify(test=True)
    assert (view.ok, view.status) == (True, 200)
    assert receiver.said[0]["type"] == "test"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "nobody is to be told"),
        ({"WEBHOOK": "ftp://host/hook"}, "no address to post to"),
        ({"WEBHOOK": "https://user:pass@host/"}, "holds no password"),
        ({"WEBHOOK": "https://host:99999/"}, "no address"),
        ({"WEBHOOK": "https://host/", "EVENTS": "record.vanished"}, "record.vanished"),
        ({"OPENLINEAGE": "http://10.0.0.1/api", "OPENLINEAGE_KEY": "env:HOME"}, "in the open"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, settings: dict[str, str], says: str):
    given = {f"THRULINE_NOTIFY__{key}": value for key, value in settings.items()}
    with open_home(tmp_path / "odd", given) as home, pytest.raises(Invalid, match=says):
        home.ledger.notify()


def test_an_address_that_is_not_there_is_no_error_of_the_sync(tmp_path: Path, docs: Path):
    with open_home(tmp_path / "dead", {"THRULINE_NOTIFY__WEBHOOK": "http://127.0.0.1:1/"}) as home:
        home.ledger.notify()
        home.data.add(path=str(write(docs, letter=LETTER)), name="docs")
        home.data.sync()
        home.data.quarantine(what="docs")
        (view,) = home.ledger.notify()
        assert (view.ok, view.status, view.waiting) == (False, 0, 1)
        with pytest.raises(Conflict):
            home.data.quarantine(what="docs")

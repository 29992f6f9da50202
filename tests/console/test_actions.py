"""What forms do: one operation each, only from our own pages, and never destroy at the first press."""

from __future__ import annotations

import threading

import pytest

from thruline.testing import sample_reports as reports
from thruline.testing.sample import OPERATOR, WRITER, SamplePlatform

RECORD = reports.DOCUMENTS[0].record


def test_a_question_is_asked_and_its_answer_shown_under_its_own_address(client, platform):
    reply = client.post("/do/vectors.ask", data={"question": "Who?", "as_user": ""})
    assert platform.calls == [("vectors.ask", {"question": "Who?"})]
    assert reply.status_code == 303
    assert reply.headers["location"] == f"/ask?answer={reports.ANSWER.id}"


def test_an_answer_is_called_good_where_it_is_read(client, platform):
    page = client.get(f"/ask?answer={reports.ANSWER.id}").text
    assert "Good answer" in page
    assert "Bad answer" in page
    reply = client.post("/do/vectors.feedback", data={"answer": reports.ANSWER.id, "says": "bad"})
    assert platform.calls == [("vectors.feedback", {"answer": reports.ANSWER.id, "says": "bad"})]
    assert reply.headers["location"] == f"/ask?answer={reports.ANSWER.id}&done=vectors.feedback"
    assert "judged question" in client.get(reply.headers["location"]).text


def test_an_added_folder_is_read_at_once(client, platform):
    reply = client.post("/do/data.add", data={"path": "/srv/x", "name": "", "groups": "support, people"})
    assert platform.calls == [
        ("data.add", {"path": "/srv/x", "groups": ("support", "people")}),
        ("data.sync", {"source": "handbook"}),
    ]
    assert reply.headers["location"] == "/data?done=data.add"


def test_what_is_said_twice_in_other_words_is_looked_for_from_a_page(client, platform):
    reply = client.post("/do/data.alike", data={"at": "0.94"})
    assert platform.calls == [("data.alike", {"at": 0.94})]
    assert reply.headers["location"] == "/data?done=data.alike"


def test_quarantine_shows_what_it_would_touch_before_it_does(client, platform):
    page = client.post("/do/data.quarantine", data={"what": RECORD})
    assert platform.calls == [("data.quarantine", {"what": RECORD, "dry_run": True})]
    assert page.status_code == 200
    assert 'name="confirmed" value="yes"' in page.text
    done = client.post("/do/data.quarantine", data={"what": RECORD, "confirmed": "yes"})
    assert platform.calls[-1] == ("data.quarantine", {"what": RECORD, "dry_run": False})
    assert done.status_code == 303


def test_what_a_time_brought_in_goes_out_together_after_it_was_shown(client, platform):
    page = client.post("/do/data.quarantine", data={"what": "wiki-import", "since": "2h"})
    assert platform.calls == [("data.quarantine", {"what": "wiki-import", "since": "2h", "dry_run": True})]
    assert "Quarantine 2 documents?" in page.text
    assert 'name="since" value="2h"' in page.text


def test_answers_are_given_again_and_stand_beside_what_was_said(client, platform):
    page = client.post("/do/data.reask", data={"what": RECORD, "limit": "20"})
    assert platform.calls == [("data.reask", {"what": RECORD, "limit": 20})]
    assert "1 question answered from what is there now" in page.text
    assert reports.REASKED[0].text in page.text


@pytest.mark.parametrize("said", ["same", "different", "undo"])
def test_who_is_one_person_is_decided_by_a_button_that_says_what_follows(client, platform, said):
    page = client.get("/matches?show=decided" if said == "undo" else "/matches").text
    assert "an erasure of one takes both" in page
    assert "an erasure of one leaves the other everything" in page
    assert f'name="{said}" value="{reports.artifact("match", 1)}"' in page
    reply = client.post("/do/data.matches", data={said: reports.artifact("match", 1)})
    assert platform.calls == [("data.matches", {said: (reports.artifact("match", 1),)})]
    assert reply.headers["location"] == "/matches?done=data.matches"


def test_words_are_put_right_only_after_it_was_seen_what_changes(client, platform):
    form = {"wrong": "12 Elm", "right": "14 Elm", "person": "ottilie@example.org\r\nOttilie Kvasthoug"}
    page = client.post("/do/data.rectify", data=form)
    given = {"wrong": "12 Elm", "right": "14 Elm", "person": ("ottilie@example.org", "Ottilie Kvasthoug")}
    assert platform.calls == [("data.rectify", given | {"dry_run": True})]
    assert "Nothing has changed yet" in page.text
    assert "Tell them what is right: Peregrine Achterberg." in page.text
    done = client.post("/do/data.rectify", data=form | {"many": "yes", "confirmed": "yes"})
    assert platform.calls[-1] == ("data.rectify", given | {"many": True})
    assert "receipts/rectification-2026-11-22.json" in done.text


def test_what_is_held_of_a_person_is_shown_with_what_can_be_done_and_is_in_no_address(client, platform):
    page = client.post("/do/data.person", data={"identifiers": "Ottilie Kvasthoug"})
    assert platform.calls == [("data.person", {"identifiers": ("Ottilie Kvasthoug",)})]
    assert page.status_code == 200
    for action in ("data.rectify", "data.export", "data.erase"):
        assert f'action="/do/{action}"' in page.text
    assert "exports/person-" in client.post("/do/data.export", data={"identifiers": "Ottilie Kvasthoug"}).text


def test_a_person_is_erased_only_after_the_dry_run_was_seen(client, platform):
    people = {"identifiers": "ottilie@example.org\r\n\r\nOttilie Kvasthoug"}
    page = client.post("/do/data.erase", data=people)
    given = ("ottilie@example.org", "Ottilie Kvasthoug")
    assert platform.calls == [("data.erase", {"identifiers": given, "dry_run": True})]
    assert "Nothing has changed yet." in page.text
    done = client.post("/do/data.erase", data=people | {"confirmed": "yes"})
    assert platform.calls[-1] == ("data.erase", {"identifiers": given, "dry_run": False})
    assert "receipts/erasure-2026-11-22.json" in done.text


@pytest.mark.parametrize("operation", ["data.release", "vectors.replay", "infra.cancel"])
def test_what_can_be_undone_is_done_at_once(client, platform, operation):
    field = {"data.release": "what", "vectors.replay": "answer", "infra.cancel": "id"}[operation]
    assert client.post(f"/do/{operation}", data={field: RECORD}).status_code in (200, 303)
    assert platform.calls[0][0] == operation


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
        {"origin": "http://testserver", "sec-fetch-site": "same-site"},
        {"origin": ""},
    ],
)
def test_a_form_of_another_site_does_nothing(client, platform, headers):
    reply = client.post("/do/data.release", data={"what": RECORD}, headers=headers)
    assert reply.status_code == 403
    assert platform.calls == []


def test_an_action_is_not_a_link(client, platform):
    assert client.get("/do/data.release", params={"what": RECORD}).status_code == 405
    assert platform.calls == []


@pytest.mark.parametrize("body", ["", "what=", "what=%ff%fe", "nonsense"])
def test_a_form_that_says_nothing_is_refused(client, platform, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/do/data.release", content=body, headers=headers).status_code == 422
    assert platform.calls == []


def test_a_form_larger_than_any_of_ours_is_refused(client, platform):
    assert client.post("/do/vectors.ask", data={"question": "x" * 300_000}).status_code == 422
    assert platform.calls == []


class _SlowSync(SamplePlatform):
    """A platform whose sync waits until it is let go."""

    def __init__(self, may: frozenset[str] = OPERATOR) -> None:
        super().__init__(may=may)
        self.go, self.went = threading.Event(), threading.Event()
        self.data.sync = self._sync  # type: ignore[method-assign]

    def _sync(self, **given):
        self.go.wait(30)
        self.note("data.sync", **given)
        self.went.set()
        return ()


@pytest.mark.parametrize(("may", "page"), [(OPERATOR, "/runs"), (WRITER, "/data")])
def test_work_that_takes_long_goes_on_while_the_browser_is_shown_the_way(client_of, may, page):
    platform = _SlowSync(may)
    with client_of(platform) as client:
        reply = client.post("/do/data.sync", data={"source": "handbook"})
        assert reply.headers["location"] == f"{page}?done=data.sync.started"
        assert platform.calls == []
        platform.go.set()
    assert platform.went.wait(30)
    assert platform.calls == [("data.sync", {"source": "handbook"})]


def test_many_are_released_only_after_the_list_was_seen(client, platform):
    form = {"what": "*", "reason": "hidden_text"}
    page = client.post("/do/data.release", data=form)
    assert platform.calls[-1] == ("data.release", {"what": "*", "dry_run": True})
    assert "Release 1 document?" in page.text
    assert client.post("/do/data.release", data=form | {"confirmed": "yes"}).status_code == 303
    assert platform.calls[-1] == ("data.release", {"what": "*", "dry_run": False})


def test_nobody_in_particular_can_be_assigned(client, platform):
    client.post("/do/data.assign", data={"what": RECORD, "to": ""})
    assert platform.calls[-1] == ("data.assign", {"what": RECORD, "to": ""})


def test_a_mistake_in_a_form_leaves_what_was_typed(client, platform):
    page = client.post("/do/data.change", data={"source": "notes", "option:every": "never", "option:mask": "email"})
    assert platform.calls[-1] == ("data.change", {"source": "notes", "options": ("every=never", "mask=email")})
    assert page.status_code == 422
    assert "&#39;never&#39; is not a duration" in page.text
    assert 'name="option:every" value="never"' in page.text


def test_a_form_for_a_source_is_shown_again_as_it_was_typed(home, client_of, tmp_path):
    given = {"path": str(tmp_path / "nowhere"), "name": "manual", "groups": "staff", "options": "every=1h"}
    page = client_of(home).post("/do/data.add", data=given)
    assert page.status_code == 404
    assert "is not a folder" in page.text
    assert all(value in page.text for value in given.values())


def test_a_paper_is_a_file_to_keep(client, platform):
    reply = client.post("/do/guard.paper", data={"kind": "dpia", "about": ""})
    assert reply.headers["content-disposition"].startswith('attachment; filename="dpia-')
    assert reply.headers["content-type"].startswith("text/markdown")
    assert "**To answer:** Why?" in reply.text
    assert platform.calls == [("guard.paper", {"kind": "dpia", "about": ""})]

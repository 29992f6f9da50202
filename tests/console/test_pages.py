"""Pages as a browser without JavaScript gets them."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from thruline.console.parts import PARTICULARS
from thruline.core.documents import MentionKind
from thruline.testing import sample_reports as reports
from thruline.testing.sample import READER, SamplePlatform

ANSWER = reports.ANSWER.id
RECORD = reports.DOCUMENTS[0].record
ADDRESSES = (
    "/", "/ask", f"/ask?answer={ANSWER}", f"/why/{ANSWER}", "/data", "/sources/wiki-import", f"/data/{RECORD}",
    f"/lineage/{RECORD}", "/touched", f"/touched?what={RECORD}", "/matches",
    "/matches?show=decided", "/indexes", "/papers", "/runs",
)  # fmt: skip
TWINS = (
    "/home.json", "/ask.json", f"/why/{ANSWER}.json", "/data.json", "/sources/wiki-import.json", f"/data/{RECORD}.json",
    f"/lineage/{RECORD}.json", f"/touched.json?what={RECORD}", "/matches.json", "/indexes.json", "/runs.json", "/papers.json",
)  # fmt: skip
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'"


class _Elements(HTMLParser):
    """Start tags with their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Elements()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("empty", [False, True])
def test_each_page_can_be_read(client_of, address, empty):
    reply = client_of(SamplePlatform(empty=empty)).get(address)
    assert reply.status_code == 200
    assert reply.text.count("<h1>") == 1


@pytest.mark.parametrize("address", TWINS)
def test_each_page_has_a_twin_with_the_same_report(client, address):
    reply = client.get(address)
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()


def test_the_twin_of_an_answer_says_what_the_page_says(client):
    report = client.get(f"/why/{ANSWER}.json").json()
    page = client.get(f"/why/{ANSWER}").text
    assert report["why"]["answer"]["id"] in page
    assert report["why"]["answer"]["question"] in page


@pytest.mark.parametrize("address", [*ADDRESSES, *TWINS, "/data/nothing", "/static/console.js", "/static/nothing"])
def test_every_response_forbids_what_the_pages_do_not_need(client, address):
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_holds_inline_script_or_style(client, address):
    for tag, attributes in elements(client.get(address).text):
        assert tag != "style"
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "script" or attributes["src"]


@pytest.mark.parametrize("address", ["/", "/data", f"/data/{RECORD}"])
def test_a_hostile_title_is_only_text(client_of, address):
    page = client_of(SamplePlatform(title=HOSTILE)).get(address).text
    tags = elements(page)
    assert [a for t, a in tags if t == "script"] == [{"src": a["src"], "defer": None} for t, a in tags if t == "script"]
    assert not [t for t, _ in tags if t == "img"]
    assert "&lt;script&gt;alert(1)" in page
    assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(\S+)", page)


@pytest.mark.parametrize("notice", ["data.release", HOSTILE])
def test_a_notice_is_one_of_ours_or_none(client, notice):
    page = client.get("/data", params={"done": notice}).text
    assert ("Released" in page) == (notice == "data.release")
    assert "alert(1)" not in page


def test_a_citation_leads_to_its_passage_and_the_cited_sentence_is_marked(client):
    page = client.get(f"/ask?answer={ANSWER}").text
    assert '<a href="#passage-1"' in page
    assert 'id="passage-1"' in page
    assert f"<mark>{reports.ANSWER.sentences[0].text}</mark>" in page


@pytest.mark.parametrize(
    ("number", "says"), [(2, "Not in the documents."), (3, "Refused."), (4, "Do not rely on this.")]
)
def test_an_answer_that_is_none_says_so_plainly(client, number, says):
    assert f"<strong>{says}</strong>" in client.get(f"/why/{reports.ANSWERS[number].id}").text


def test_the_seal_is_checked_when_it_is_asked_for(client):
    assert "9,214 events unchanged" not in client.get(f"/why/{ANSWER}").text
    assert "9,214 events unchanged" in client.get(f"/why/{ANSWER}?check=seal").text


def test_the_tree_is_drawn_and_told(client):
    page = client.get(f"/why/{ANSWER}").text
    for document in reports.DOCUMENTS[:1]:
        assert page.count(f'href="/data/{document.record}"') >= 3
    assert "<em>by way of</em>" in page


def test_a_reader_is_offered_only_what_they_may_do(client_of):
    client = client_of(SamplePlatform(may=READER))
    pages = "".join(client.get(address).text for address in ADDRESSES[:-1])
    assert "/do/vectors.ask" in pages
    for operation in (
        "data.quarantine",
        "data.rectify",
        "data.person",
        "data.erase",
        "data.release",
        "data.add",
        "infra.cancel",
    ):
        assert f"/do/{operation}" not in pages
    assert 'href="/runs"' not in pages


@pytest.mark.parametrize("address", ["/data/nothing", "/why/nothing", "/static/nothing", "/ask?answer=nothing"])
def test_what_does_not_exist_is_not_found_and_says_the_way_out(client, address):
    reply = client.get(address)
    assert reply.status_code == 404
    assert "What to do:" in reply.text


def test_what_was_touched_can_be_kept_as_a_table(client):
    reply = client.get(f"/touched.csv?what={RECORD}")
    assert reply.headers["content-disposition"] == 'attachment; filename="touched.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [row["kind"] for row in rows] == ["record", "chunk", "answer"]
    assert rows[0]["id"] == RECORD
    assert rows[0]["says"].startswith("'=")  # a spreadsheet would carry it out
    assert client.get("/touched.csv").status_code == 422


def test_an_error_of_a_twin_is_a_problem_document(client):
    reply = client.get("/data/nothing.json")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "not_found"


def test_a_page_number_that_is_none_is_refused(client):
    assert client.get("/data?from=-1").status_code == 422


def test_a_static_file_may_be_kept_because_its_address_names_its_content(client):
    page = client.get("/").text
    address = re.findall(r'href="(/static/style\.css\?[0-9a-f]{12})"', page)[0]
    assert "immutable" in client.get(address).headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "no-store"


def test_every_kind_of_personal_data_has_words_that_people_use():
    assert set(PARTICULARS) == set(get_args(MentionKind))

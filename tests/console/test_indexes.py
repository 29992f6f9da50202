"""The page of the index: what serves, what was measured, and the ways back, each asked about before it is gone."""

from __future__ import annotations

import pytest

from thruline.testing.sample import READER, SamplePlatform
from thruline.testing.sample_indexes import PLANS, TUNED
from thruline.testing.sample_reports import GENERATIONS


def test_the_page_says_what_serves_how_it_is_searched_and_what_was_measured(client):
    page = client.get("/indexes").text
    assert page.count('class="plot"') == 1
    for measured in TUNED[0].measured:
        assert measured.plan in page
    assert "Meets the goals." in page
    assert "1% far from the question" in page
    assert f'value="{GENERATIONS[1].id}"' in page
    assert f'value="{GENERATIONS[0].id}"' not in page


def test_an_empty_home_is_told_what_will_stand_there(client_of):
    page = client_of(SamplePlatform(empty=True)).get("/indexes").text
    assert "Nothing yet" in page
    assert "/do/" not in page.partition("<main")[2]


def test_a_reader_is_offered_no_button(client_of):
    assert "/do/vectors" not in client_of(SamplePlatform(may=READER)).get("/indexes").text


@pytest.mark.parametrize(
    ("operation", "form", "says"),
    [
        ("vectors.switch", {"generation": GENERATIONS[1].id}, "656"), ("vectors.rollback", {}, "656"),
        ("vectors.rollback_plan", {}, f"Search by {PLANS[1].plan} again?"),
    ],
)  # fmt: skip
def test_every_way_back_is_shown_before_it_is_gone(client, platform, operation, form, says):
    asked = client.post(f"/do/{operation}", data=form)
    assert asked.status_code == 200
    assert says in asked.text
    assert platform.calls == []
    done = client.post(f"/do/{operation}", data={**form, "confirmed": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, f"/indexes?done={operation}")
    assert platform.calls == [(operation, form)]


def test_a_version_that_never_served_is_not_found(client, platform):
    reply = client.post("/do/vectors.switch", data={"generation": "index:0"})
    assert reply.status_code == 404
    assert platform.calls == []


def test_a_version_is_named_on_the_page_and_stands_there_under_its_name(client, platform):
    assert "before-the-merger" in client.get("/indexes").text
    client.post("/do/vectors.tag", data={"name": "spring"})
    done = client.post("/do/vectors.untag", data={"name": "before-the-merger"})
    assert done.headers["location"] == "/indexes?done=vectors.untag#versions"
    assert platform.calls == [
        ("vectors.tag", {"name": "spring"}),
        ("vectors.untag", {"name": "before-the-merger"}),
    ]


def test_measuring_starts_with_the_goals_of_the_form(client, platform):
    reply = client.post("/do/vectors.tune_index", data={"recall": "0.95", "p95": "5ms", "memory": ""})
    assert reply.headers["location"].startswith("/indexes?done=vectors.tune_index")
    assert platform.calls == [("vectors.tune_index", {"recall": 0.95, "p95": "5ms"})]


def test_a_goal_that_is_no_number_is_said_on_the_page(client, platform):
    reply = client.post("/do/vectors.tune_index", data={"recall": "most", "p95": "5ms"})
    assert reply.status_code == 422
    assert platform.calls == []


def test_the_recall_in_use_stands_there_with_its_interval_and_its_goal(client):
    page = client.get("/indexes").text
    assert "99.3 % found, surely 98.8 to 99.6; wanted 97 %" in page
    assert "213" in page
    assert "Finds less than wanted" not in page

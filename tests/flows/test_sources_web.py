"""A web site as a source, through the public door: added, changed, gone, away, and nothing that it says elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.flows.reports import SyncReport
from thruline.testing.web_site import WebSite, reply

VALVE = "The blue valve opens at nine in the morning and closes at noon."
PUMP = "The red pump runs at night, when power is cheap, and rests by day."
FAN = "The green fan turns whenever the oven is hotter than fifty degrees."


@pytest.fixture
def site() -> Iterator[WebSite]:
    site = WebSite()
    yield site
    site.close()


def html(title: str, text: str, *links: str) -> bytes:
    anchors = "".join(f"<a href='{link}'>more</a>" for link in links)
    return f"<html><head><title>{title}</title></head><body><p>{text}</p>{anchors}</body></html>".encode()


def add(home: Platform, site: WebSite, path: str = "sitemap.xml", *options: str) -> None:
    home.data.add(path=f"{site.url}/{path}", name="web", options=("tries=1", *options))


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="web")
    return report


def paths_found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def test_pages_answer_and_change_and_go(home: Platform, site: WebSite) -> None:
    site.put({"valve": html("Valve", VALVE), "pump.html": html("Pump", PUMP)})
    add(home, site)
    assert (sync(home).added, sync(home).unchanged) == (2, 2)
    assert paths_found(home, "When does the blue valve open?") >= {"valve.html"}

    site.put({"valve": html("Valve", VALVE.replace("nine", "seven")), "fan": html("Fan", FAN)})
    site.delete("pump.html")
    report = sync(home)
    assert (report.added, report.changed, report.deleted) == (1, 1, 1)
    texts = [p.text for p in home.vectors.search(question="When does the blue valve open?").passages]
    assert any("seven" in text for text in texts)
    assert not any("at nine" in text for text in texts)
    assert paths_found(home, "red pump") == {"valve.html", "fan.html"}


def test_pages_that_links_lead_to_answer(home: Platform, site: WebSite) -> None:
    site.put(
        {"docs/": html("Start", VALVE, "pump", "/private"), "docs/pump": html("P", PUMP), "private": html("", FAN)}
    )
    add(home, site, "docs/", "depth=2")
    assert sync(home).added == 2
    assert paths_found(home, "red pump") == {"docs/index.html", "docs/pump.html"}


def test_nothing_is_deleted_while_the_site_is_away(home: Platform, site: WebSite) -> None:
    site.put({"valve": html("Valve", VALVE)})
    add(home, site)
    sync(home)
    site.close()
    with pytest.raises(Unavailable):
        sync(home)
    assert paths_found(home, "blue valve") == {"valve.html"}


@pytest.mark.parametrize("status", [500, 503, 429, 401, 403])
def test_a_page_that_fails_stays_as_it_was_and_the_rest_goes_on(home: Platform, site: WebSite, status: int) -> None:
    site.put({"valve": html("Valve", VALVE), "pump": html("Pump", PUMP)})
    add(home, site)
    sync(home)
    site.statuses["valve"] = status
    site.put({"fan": html("Fan", FAN)})
    report = sync(home)
    assert (report.added, report.deleted, report.indexed) == (1, 0, 3)
    assert "valve.html" in paths_found(home, "blue valve")


def test_nothing_is_deleted_when_the_site_refuses_us(home: Platform, site: WebSite) -> None:
    site.put({"valve": html("Valve", VALVE)})
    add(home, site)
    sync(home)
    site.statuses["valve"] = 403
    with pytest.raises(Denied):
        sync(home)
    assert paths_found(home, "blue valve") == {"valve.html"}


def test_a_page_of_a_type_that_nobody_reads_is_refused_with_its_reason(home: Platform, site: WebSite) -> None:
    site.put({"valve": html("Valve", VALVE), "logo.png": b"png", "data.bin": b"\x00\x01" * 10})
    add(home, site)
    refused = {r.path.removeprefix(site.url): r.reason for r in sync(home).refused}
    assert refused == {"/logo.png": "unsupported_type", "data.bin": "unsupported_type"}


def test_a_page_that_the_site_sends_elsewhere_is_not_read_there(home: Platform, site: WebSite) -> None:
    inside = WebSite()
    inside.put({"secret": html("Secret", FAN)})
    site.put({"valve": html("Valve", VALVE), "trap": b""})
    site.answers["trap"] = lambda handler: reply(handler, 301, headers={"location": f"{inside.url}/secret"})
    add(home, site)
    sync(home)
    inside.close()
    assert inside.asked == []
    assert paths_found(home, "green fan") == {"valve.html"}


def test_a_secret_is_named_and_goes_along(home: Platform, site: WebSite, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("me:word\n", "utf-8")
    site.put({"valve": html("Valve", VALVE)})
    home.data.add(path=f"{site.url}/valve", name="web", secret=f"file:{tmp_path / 'key'}")
    assert sync(home).added == 1
    assert {seen.get("authorization") for seen in site.seen} == {"Basic bWU6d29yZA=="}


def test_what_cannot_be_meant_is_refused_when_it_is_added(home: Platform, site: WebSite) -> None:
    with pytest.raises(Invalid, match="depth"):
        add(home, site, "", "depth=deep")
    with pytest.raises(Invalid, match="password"):
        home.data.add(path="https://me:word@example.test/")

"""A web site as a source: what every source promises, and what a hostile site may not do to us."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest

from thruline.backends.web_origin import WebOrigin
from thruline.backends.web_origin.addresses import canonical, is_below, names, stem
from thruline.core.errors import Denied, Invalid, Refused, Unavailable
from thruline.ports.origin import Item, Listing, Origin
from thruline.testing.certificates import self_signed
from thruline.testing.origin_suite import OriginSuite
from thruline.testing.web_site import WebSite, reply

LIMIT = 1_000_000
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


class SitemapPlace(WebSite):
    """All pages of a site, by its sitemap."""

    def origin(self) -> Origin:
        return WebOrigin(f"{self.url}/sitemap.xml", {"limit": "5000"})

    def away(self) -> None:
        self.close()

    def denied(self) -> Origin:
        self.statuses |= dict.fromkeys(self.pages, 403)
        return self.origin()


class TestWebOrigin(OriginSuite):
    odd_names: ClassVar[tuple[str, ...]] = (
        "two words.md", "grün/straße.md", "日本.md", 'it\'s "so".md', "-rf.md", "a%20b&c=d#e?.md", "$(touch x);.md",
        "*[1].md",
    )  # fmt: skip

    @pytest.fixture
    def place(self) -> Iterator[SitemapPlace]:
        place = SitemapPlace()
        yield place
        place.close()


@pytest.fixture
def site() -> Iterator[WebSite]:
    site = WebSite()
    yield site
    site.close()


def listing(site: WebSite, path: str = "", **options: str) -> Listing:
    with closing(WebOrigin(f"{site.url}/{path}", options)) as origin:
        return origin.list()


def found(site: WebSite, path: str = "", **options: str) -> set[str]:
    return {item.path for item in listing(site, path, **options).items}


def page(*links: str) -> bytes:
    anchors = "".join(f"<a href='{link}'>go</a>" for link in links)
    return f"<html><body>{anchors}</body></html>".encode()


def redirect(to: str, status: int = 301) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: reply(handler, status, headers={"location": to})


# What is read


def test_one_page_alone_is_a_source(site):
    site.put({"": page("/a"), "a": page()})
    assert found(site) == {"index.html"}


def test_links_are_followed_as_deep_as_told_and_below_the_folder_only(site):
    site.put(
        {
            "docs/": page("one", "/docs/two.html#part", "/outside", "../up", "//evil.test/x", "file:///etc/passwd"),
            "docs/one": page("three"), "docs/two.html": page(), "docs/three": page("four"), "docs/four": page(),
            "outside": page(), "up": page(), "docs-old": page(),
        }
    )  # fmt: skip
    assert found(site, "docs/", depth="1") == {"docs/index.html", "docs/one.html", "docs/two.html"}
    assert found(site, "docs/", depth="2") == {"docs/index.html", "docs/one.html", "docs/two.html", "docs/three.html"}


def test_a_named_sitemap_lists_the_pages_below_the_location(site):
    site.put({"docs/a": page(), "docs/b": page(), "blog/c": page()})
    assert found(site, "docs/", sitemap="auto") == {"docs/a.html", "docs/b.html"}


def test_a_sitemap_index_and_packed_sitemaps_are_read(site):
    entry = "<{0}><loc>{1}/{2}</loc></{0}>"
    ns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    site.put(
        {
            "all.xml": f"<sitemapindex {ns}>{entry.format('sitemap', site.url, 'part.xml.gz')}</sitemapindex>".encode(),
            "part.xml.gz": gzip.compress(SITEMAP.format(entry.format("url", site.url, "a")).encode()),
            "a": page(),
        }
    )
    assert found(site, "all.xml") == {"a.html"}


def test_places_of_other_hosts_in_a_sitemap_are_left_alone(site):
    locs = ("http://evil.test/x", "file:///etc/passwd", "http://127.0.0.1:1/x", f"{site.url}/a", f"{site.url}@evil/b")
    site.put({"s.xml": SITEMAP.format("".join(f"<url><loc>{x}</loc></url>" for x in locs)).encode(), "a": page()})
    assert found(site, "s.xml") == {"a.html"}
    assert {asked for asked in site.asked if "robots" not in asked} == {"GET /s.xml", "HEAD /a"}


def test_pages_are_named_so_that_people_read_them_and_none_is_called_like_another():
    at = "https://e.test"
    named = names([(f"{at}{path}", ".html") for path in ("/a", "/a.html", "/b?x=1&y=/..", "/%2e%2e%2fc%0ad", "/")])
    assert {"a.html", "b?x=1&y=__.html", "index.html"} < set(named)
    assert len(named) == 5
    assert all("\n" not in name and ".." not in name and not name.startswith("/") for name in named)
    assert all(name.startswith(stem(address)) for name, address in named.items())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://E.test", "https://e.test/"), ("https://e.test:443/a/../b#c", "https://e.test/b"),
        ("x y?q=ä", "https://e.test/docs/x%20y?q=%C3%A4"), ("/docs/%2e%2e/secret", "https://e.test/secret"),
        ("javascript:alert(1)", ""), ("http://[bad", ""), ("\\\\evil.test", "https://e.test/docs/%5C%5Cevil.test"),
        ("https://e.test\\@evil.test/", "https://evil.test/"),
    ],
)  # fmt: skip
def test_an_address_has_one_spelling(written, meant):
    assert canonical(written, "https://e.test/docs/page") == meant


def test_a_page_that_starts_in_a_folder_counts_what_is_beside_it():
    assert is_below("https://e.test/docs/a", "https://e.test/docs/index.html")
    assert not is_below("https://e.test/docs-old", "https://e.test/docs")


def test_the_ending_comes_from_the_type_and_what_nobody_reads_is_refused(site):
    site.put({"report": b"%PDF-1.4", "logo.png": b"png", "notes.md": b"# notes", "x.bin": b"?"})
    site.types |= {"report": "application/pdf"}
    got = listing(site, "sitemap.xml")
    assert {item.path for item in got.items} == {"report.pdf", "notes.md", "x.bin"}
    assert got.refused == [(f"{site.url}/logo.png", "unsupported_type")]


def test_packed_pages_are_unpacked(site):
    packed = gzip.compress(page("/a") * 50)
    site.answers["p"] = lambda h: reply(h, 200, packed, {"content-encoding": "gzip", "content-type": "text/html"})
    with closing(WebOrigin(f"{site.url}/p")) as origin:
        assert origin.read(origin.list().items[0], limit=LIMIT).data == page("/a") * 50


def test_a_server_that_knows_no_head_is_asked_otherwise(site):
    site.answers["p"] = lambda h: reply(h, 405 if h.command == "HEAD" else 200, page(), {"content-type": "text/html"})
    assert found(site, "p") == {"p.html"}


# Marks


def test_what_a_server_does_not_date_has_no_mark_unless_its_sitemap_does(site):
    locs = "".join(
        f"<url><loc>{site.url}/{name}</loc><lastmod>{day}</lastmod></url>"
        for name, day in (("old", "2020-01-01"), ("today", time.strftime("%Y-%m-%d", time.gmtime())), ("silent", ""))
    )
    site.put({"s.xml": SITEMAP.format(locs).encode(), "old": page(), "today": page(), "silent": page()})
    site.headers |= {name: {"content-type": "text/html"} for name in ("old", "today", "silent")}
    with closing(WebOrigin(f"{site.url}/s.xml")) as origin:
        items = {item.path: item for item in origin.list().items}
        assert {path: bool(item.mark) for path, item in items.items()} == {
            "old.html": True, "today.html": False, "silent.html": False
        }  # fmt: skip
        assert origin.read(items["old.html"], limit=LIMIT).mark == items["old.html"].mark


def test_a_page_changed_in_the_very_second_of_the_answer_has_no_mark(site):
    site.put({"fresh": page(), "settled": page()})
    site.headers |= {
        "fresh": {"content-type": "text/html", "last-modified": formatdate(usegmt=True)},
        "settled": {"content-type": "text/html", "last-modified": formatdate(1e9, usegmt=True)},
    }
    assert {item.path: bool(item.mark) for item in listing(site, "sitemap.xml").items} == {
        "fresh.html": False, "settled.html": True
    }  # fmt: skip


# What is missing


def test_a_page_that_is_gone_is_not_listed_and_one_that_failed_is_unseen(site):
    site.put({"a": page(), "gone": page(), "ill": page()})
    site.statuses |= {"gone": 410, "ill": 500}
    got = listing(site, "sitemap.xml")
    assert ([item.path for item in got.items], got.unseen) == (["a.html"], ["ill"])


def test_where_a_page_that_leads_on_failed_everything_missing_is_unseen(site):
    site.put({"": page("/a", "/ill"), "a": page(), "ill": page("/b"), "b": page()})
    site.statuses["ill"] = 503
    assert tuple(listing(site, depth="2").unseen) == ("",)


@pytest.mark.parametrize("path", ["robots.txt", "sitemap.xml"])
def test_a_site_that_fails_at_the_root_is_unavailable(site, path):
    site.put({"a": page()})
    site.statuses[path] = 503
    with pytest.raises(Unavailable):
        listing(site, "sitemap.xml")


def test_a_site_where_every_page_fails_is_unavailable(site):
    site.put({name: page() for name in "abcdefgh"})
    site.statuses |= dict.fromkeys("abcdefgh", 502)
    with pytest.raises(Unavailable):
        listing(site, "sitemap.xml")


def test_a_site_that_sends_everybody_to_a_login_elsewhere_denies_us(site):
    site.put({"a": page(), "b": page()})
    site.answers |= dict.fromkeys("ab", redirect("https://login.test/?next=a", 302))
    with pytest.raises(Denied):
        listing(site, "sitemap.xml")


def test_one_page_behind_a_login_is_refused_and_unseen(site):
    site.put({"a": page(), "b": page()})
    site.statuses["b"] = 401
    got = listing(site, "sitemap.xml")
    assert (got.refused, got.unseen) == ([(f"{site.url}/b", "unreadable")], ["b"])


def test_a_start_that_is_gone_is_unavailable_when_it_was_to_lead_on(site):
    with pytest.raises(Unavailable):
        listing(site, "docs/", depth="1")
    assert found(site, "docs/") == set()


def test_more_pages_than_the_limit_are_told_and_not_asked_for(site):
    site.put({f"{n}": page() for n in range(20)})
    got = listing(site, "sitemap.xml", limit="5")
    assert len(got.items) == 5
    assert got.refused == [("pages beyond the first 5", "too_large")]
    assert sum("HEAD" in asked for asked in site.asked) == 5


# Robots


def test_robots_txt_is_obeyed(site):
    site.put({"robots.txt": b"User-agent: thruline\nDisallow: /private/\n", "a": page(), "private/b": page()})
    assert found(site, "sitemap.xml") == {"a.html"}
    assert not [asked for asked in site.asked if "private" in asked]


def test_a_site_that_keeps_us_out_denies_us(site):
    site.put({"robots.txt": b"User-agent: *\nDisallow: /\n", "a": page()})
    with pytest.raises(Denied, match=r"robots\.txt"):
        listing(site, "a")


def test_a_redirect_does_not_lead_into_what_robots_txt_forbids(site):
    site.put({"robots.txt": b"User-agent: *\nDisallow: /private/\n", "private/b": page()})
    site.answers["a"] = redirect("/private/b")
    assert found(site, "a") == set()
    assert "HEAD /private/b" not in site.asked


def test_the_pauses_that_robots_txt_asks_for_are_made(site):
    site.put({"robots.txt": b"User-agent: *\nCrawl-delay: 7\n", "a": page(), "b": page(), "c": page()})
    pauses: list[float] = []
    with closing(WebOrigin(f"{site.url}/sitemap.xml", sleep=pauses.append)) as origin:
        origin.list()
    assert [round(pause) for pause in pauses[:4]] == [0, 7, 14, 21]


def test_a_pause_of_a_day_is_no_pause_that_a_sync_can_make(site):
    site.put({"robots.txt": b"User-agent: *\nCrawl-delay: 86400\n", "a": page()})
    with pytest.raises(Denied, match="pauses"):
        listing(site, "a")


# Hostile sites


@pytest.mark.parametrize(
    "to", ["http://evil.test/", "file:///etc/passwd", "http://127.0.0.1:9/x", "gopher://x", "https://127.0.0.1/", "//e"]
)
def test_a_redirect_elsewhere_is_not_followed(site, to):
    site.put({"a": page(), "b": b""})
    site.answers["b"] = redirect(to)
    got = listing(site, "sitemap.xml")
    assert [item.path for item in got.items] == ["a.html"]
    assert got.refused == [(f"{site.url}/b", "unreadable")]


def test_a_page_that_starts_to_lead_elsewhere_after_the_listing_is_unreadable(site):
    site.put({"a": page()})
    with closing(WebOrigin(f"{site.url}/a")) as origin:
        (item,) = origin.list().items
        site.answers["a"] = redirect("http://evil.test/")
        with pytest.raises(Refused) as refused:
            origin.read(item, limit=LIMIT)
    assert refused.value.reason == "unreadable"


def test_redirects_in_a_circle_end(site):
    site.put({"a": page(), "b": page()})
    site.answers["b"] = redirect("/b?again")
    assert found(site, "sitemap.xml") == {"a.html"}


def test_a_page_that_has_moved_for_good_is_listed_once_where_it_is_now(site):
    site.put({"new": page(), "old": b""})
    site.answers["old"] = redirect("/new", 308)
    assert found(site, "sitemap.xml") == {"new.html"}


def _read(site: WebSite, path: str, *, limit: int = LIMIT, **patience: float) -> bytes:
    site.put({path: page()})
    with closing(WebOrigin(f"{site.url}/{path}", **patience)) as origin:  # type: ignore[arg-type]
        (item,) = origin.list().items
        return origin.read(item, limit=limit).data


def only_get(answer: Callable[[Any], None]) -> Callable[[Any], None]:
    """Honest to HEAD, so that the page is listed."""
    return lambda h: answer(h) if h.command == "GET" else reply(h, 200, b"", {"content-type": "text/html"})


def _endless(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.end_headers()
    handler.close_connection = True
    with suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65536)


def _drip(handler: Any) -> None:
    handler.close_connection = True
    with suppress(OSError):
        for letter in "HTTP/1.1 200 OK\r\n" + "x-slow: y\r\n" * 10_000:
            handler.wfile.write(letter.encode())
            handler.wfile.flush()
            time.sleep(0.02)


def _says(length: int, body: bytes) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        reply(handler, 200, body, {"content-length": str(length), "content-type": "text/html"})
        handler.close_connection = True

    return only_get(answer)


def test_a_body_without_end_is_cut_at_the_limit(site):
    site.answers["p"] = only_get(_endless)
    with pytest.raises(Refused) as refused:
        _read(site, "p")
    assert refused.value.reason == "too_large"


def test_a_packed_page_that_unpacks_without_end_is_cut_at_the_limit(site):
    bomb = gzip.compress(bytes(50_000_000))
    site.answers["p"] = only_get(
        lambda h: reply(h, 200, bomb, {"content-encoding": "gzip", "content-type": "text/html"})
    )
    with pytest.raises(Refused) as refused:
        _read(site, "p")
    assert refused.value.reason == "too_large"


def test_an_answer_that_promises_more_than_it_brings_is_read_again(site):
    site.answers["p"] = _says(5000, b"half")
    with pytest.raises(Refused) as refused:
        _read(site, "p")
    assert refused.value.reason == "changed_while_read"


def test_an_answer_that_brings_more_than_it_promised_is_cut_there(site):
    site.answers["p"] = _says(4, b"half and more")
    assert _read(site, "p") == b"half"


def test_an_answer_that_never_ends_to_begin_is_given_up(site):
    site.answers["p"] = only_get(_drip)
    with pytest.raises(Unavailable):
        _read(site, "p", deadline_s=0.5)


def test_a_silent_site_is_given_up(site):
    site.answers["p"] = lambda _: time.sleep(3)
    with pytest.raises(Unavailable), closing(WebOrigin(f"{site.url}/p", silence_s=0.3)) as origin:
        origin.list()


def test_a_page_that_has_become_another_type_is_read_again(site):
    site.answers["p"] = only_get(lambda h: reply(h, 200, b"%PDF-1.4", {"content-type": "application/pdf"}))
    with pytest.raises(Refused) as refused:
        _read(site, "p")
    assert refused.value.reason == "changed_while_read"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + SITEMAP.format("<url><loc>&b;</loc></url>")
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SITEMAP.format("<url><loc>&a;</loc></url>")


@pytest.mark.parametrize(
    "body",
    [LAUGHS, OUTSIDE, "<html>", "", "no xml", SITEMAP.format("<a>" * 9000 + "</a>" * 9000), "<urlset><url>"],
    ids=["laughs", "outside", "html", "empty", "text", "deep", "half"],
)
def test_what_is_no_honest_sitemap_is_unavailable(site, body):
    site.put({"s.xml": body.encode()})
    with pytest.raises(Unavailable):
        listing(site, "s.xml")


def test_a_packed_sitemap_that_unpacks_without_end_is_unavailable(site):
    site.put({"s.xml.gz": gzip.compress(bytes(60_000_000))})
    with pytest.raises(Unavailable, match="unpacks"):
        listing(site, "s.xml.gz")


def test_sitemaps_that_name_each_other_are_read_once(site):
    entry = "<sitemap><loc>{}/{}</loc></sitemap>"
    both = "".join(entry.format(site.url, name) for name in ("a.xml", "b.xml"))
    site.put({name: f"<sitemapindex>{both}</sitemapindex>".encode() for name in ("a.xml", "b.xml")})
    assert found(site, "a.xml") == set()
    assert site.asked.count("GET /b.xml") == 1


def test_a_page_of_links_without_end_costs_no_more_than_the_limit(site):
    site.put({"": page(*(f"/{n}" for n in range(20_000))), **{str(n): page() for n in range(30)}})
    assert len(found(site, depth="3", limit="20")) == 20


# TLS, secrets and options


def test_a_site_over_tls_is_read_when_its_certificate_is_trusted(tmp_path, capfd):
    site = WebSite(self_signed(tmp_path / "certificate.pem"))
    site.put({"p": page()})
    with closing(WebOrigin(f"{site.url}/p", {"ca": str(tmp_path / "certificate.pem")})) as origin:
        assert origin.read(origin.list().items[0], limit=LIMIT).data == page()
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        listing(site, "p")
    site.close()
    capfd.readouterr()  # the server tells of the one who hung up


def test_a_password_goes_along_and_is_asked_for_each_time(site):
    site.put({"p": page()})
    words = iter(["me:one", "me:two", "token", "token"])
    with closing(WebOrigin(f"{site.url}/p", {}, lambda: next(words))) as origin:
        origin.read(origin.list().items[0], limit=LIMIT)
    assert [seen["authorization"] for seen in site.seen] == ["Basic bWU6b25l", "Basic bWU6dHdv", "Bearer token"]


def test_a_password_that_has_been_revoked_is_denied(site):
    site.put({"p": page()})
    with closing(WebOrigin(f"{site.url}/p")) as origin:
        (item,) = origin.list().items
        site.statuses["p"] = 401
        with pytest.raises(Denied):
            origin.read(item, limit=LIMIT)


@pytest.mark.parametrize(
    ("address", "options", "secret"),
    [
        ("https://", {}, None), ("https://e.test", {"depth": "-1"}, None), ("https://e.test", {"limit": "0"}, None),
        ("https://e.test", {"limit": "many"}, None), ("https://e.test", {"sitemap": "https://other.test/s.xml"}, None),
        ("http://e.test", {}, lambda: "password"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_invalid(address, options, secret):
    with pytest.raises(Invalid):
        WebOrigin(address, options, secret)


def test_an_item_of_another_listing_is_unreadable_when_it_is_gone(site):
    site.put({"p": page()})
    with closing(WebOrigin(f"{site.url}/p")) as origin, pytest.raises(Refused):
        origin.read(Item("q.html", ""), limit=LIMIT)

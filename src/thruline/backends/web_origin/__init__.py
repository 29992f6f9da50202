"""A web site: the pages that a sitemap lists, or one page and what it links to on the same host, below its folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

from thruline.backends.web_origin.addresses import canonical, ending, is_below, location, names, stem
from thruline.backends.web_origin.crawl import Crawl, Step, has_failed, is_denied, mark
from thruline.backends.web_origin.site import MOVED, Answer, Site
from thruline.backends.web_origin.sitemap import Entry, Sitemap, read_sitemap
from thruline.core.errors import Denied, Invalid, Refused, Unavailable
from thruline.core.glimpse import counted
from thruline.core.units import Bytes, show_seconds, show_size
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

_MOST_PAGES = 1_000
_MOST_SITEMAPS = 1_000
_SITEMAP: Bytes = 50 << 20  # what sitemaps.org lets one have
_LOOKED_AT: Bytes = 1 << 20  # of a page that is only looked at
_BROKEN = (500, 501)  # the page's own trouble; the other 5xx are the site's


class WebOrigin:
    """Pages of one site, as robots.txt allows; what links or redirects elsewhere is left alone.

    location: a page, or a sitemap when it ends in `.xml` or `.xml.gz`.
    """

    options: Mapping[str, str] = {
        "sitemap": "address of a sitemap, or `auto` for the site's /sitemap.xml",
        "depth": "how many links to follow from a listed page; 0 unless given",
        "limit": "how many pages to look at; 1000 unless given",
        "rate": "at most so many questions a second, those of looking for pages among them",
        "ca": "file of the certificates to trust instead of the machine's, for a server of your own",
    }
    marks_content = False  # two pages may have the same ETag

    def __init__(
        self, address: str, options: Mapping[str, str] = {}, secret: Secret | None = None, *,
        sleep: Callable[[float], None] = time.sleep, silence_s: float = 30.0, deadline_s: float = 300.0,
    ) -> None:  # fmt: skip
        start = location(address)
        ca = options.get("ca", "")
        rate = float(options.get("rate", "0").removesuffix("/s"))
        least_s = 1 / rate if rate else 0.0
        self._site = Site(start, secret, ca, sleep=sleep, silence_s=silence_s, deadline_s=deadline_s, least_s=least_s)
        self._hasty = partial(Site, start, secret, ca, sleep=sleep)
        is_map = urlsplit(start).path.endswith((".xml", ".xml.gz"))
        self._start = self._site.root if is_map else start
        self._sitemap = start if is_map else self._named_sitemap(options.get("sitemap", ""))
        self._depth = _count(options, "depth", 0)
        self._limit = _count(options, "limit", _MOST_PAGES)
        self._addresses: Mapping[str, str] | None = None  # of the last listing; replaced whole, so readers need no lock

    def look(self, *, within_s: float) -> str:
        """Its robots.txt, and then its sitemap and a page of it, or the page that was named."""
        with closing(self._hasty(silence_s=within_s, deadline_s=within_s)) as site:
            site.read_rules()
            self._check_rules(site)
            if site.pause_s > within_s:
                return f"a site that asks for {show_seconds(site.pause_s)} between two pages"
            return self._map_seen(site) if self._sitemap else self._page_seen(site)

    def list(self) -> Listing:
        """Every page; a page whose look failed is `unseen`, and so is everything where it might have led on."""
        self._site.read_rules()
        self._check_rules(self._site)
        crawl = Crawl(site=self._site, start=self._start, depth=self._depth, limit=self._limit)
        crawl.run(self._seeds() if self._sitemap else (Step(self._start),))
        self._check(crawl)
        addresses = names((page.address, page.ending) for page in crawl.pages.values())
        pages = {name: crawl.pages[address] for name, address in addresses.items()}
        self._addresses = addresses
        # By whole addresses: no item can be called so, and one that was known stays what it was.
        refused = [Refusal(address, reason) for address, reason in crawl.refused.items()]
        if crawl.is_cut:
            refused.append(Refusal(f"pages beyond the first {self._limit}", "too_large"))
        return Listing(
            items=[Item(name, page.mark, page.size) for name, page in pages.items()], refused=refused,
            unseen=("",) if crawl.is_blind else [stem(address) for address in crawl.unseen],
        )  # fmt: skip

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """A page's bytes, unpacked."""
        answer = self._site.ask("GET", self._address(item.path), most=limit)
        _check_answer(answer, self._site, item.path)
        if answer.lacks == "longer":
            raise Refused(f"{item.path!r} has more than {limit} bytes", reason="too_large")
        if answer.lacks or not item.path.endswith(
            ending(answer.address, answer.headers.get("content-type", "")) or "?"
        ):
            raise Refused(f"{item.path!r} changed or broke off", reason="changed_while_read", hint="it is read again")
        listed = item.mark if item.mark.startswith("listed:") else ""
        return Reading(answer.body, mark(answer.headers) or listed)

    def close(self) -> None:
        """Close what is still open."""
        self._site.close()

    def _map_seen(self, site: Site) -> str:
        found = self._read_sitemap(site, self._sitemap)
        first = next((address for address, _ in self._ours(found.pages) if site.may(address)), "")
        if first and is_denied(site.ask("GET", first, most=_LOOKED_AT)):
            raise self._denied()
        more = f" and {counted(len(found.maps), 'sitemap')}" if found.maps else ""
        return f"a sitemap of {counted(len(found.pages), 'page')}{more}"

    def _page_seen(self, site: Site) -> str:
        answer = site.ask("GET", self._start, most=_LOOKED_AT)
        if is_denied(answer):
            raise self._denied()
        _check_there(answer, self._start)
        return f"a page of {show_size(len(answer.body))}{' or more' if answer.lacks == 'longer' else ''}"

    def _check_rules(self, site: Site) -> None:
        if not site.may(self._sitemap or self._start):
            raise Denied(f"robots.txt of {site.root!r} keeps us out", hint="ask the site's owner")

    def _denied(self) -> Denied:
        return Denied(f"{self._start!r} is not for us", hint="give a --secret, or ask its owner")

    def _named_sitemap(self, named: str) -> str:
        found = canonical("/sitemap.xml" if named == "auto" else named, self._site.root) if named else ""
        if named and not self._site.holds(found):
            raise Invalid(f"sitemap={named!r} is not on {self._site.root!r}", hint="sitemap=auto, or its address there")
        return found

    def _seeds(self) -> Iterator[Step]:
        """What the sitemaps list, each read once, as long as anyone asks for more."""
        ahead, met = [self._sitemap], {self._sitemap}
        while ahead:
            found = self._read_sitemap(self._site, ahead.pop(0))
            for address, changed in self._ours(found.pages):
                if is_below(address, self._start):
                    yield Step(address, changed=changed)
            new = [address for address, _ in self._ours(found.maps) if address not in met]
            met.update(new)
            ahead += new
            if len(met) > _MOST_SITEMAPS:
                raise Unavailable(
                    f"{self._sitemap!r} leads to more than {_MOST_SITEMAPS} sitemaps", hint="add some of them"
                )

    def _ours(self, entries: list[Entry]) -> Iterator[Entry]:
        for entry in entries:
            address = canonical(entry.address, self._site.root)
            if self._site.holds(address):
                yield Entry(address, entry.changed)

    @staticmethod
    def _read_sitemap(site: Site, address: str) -> Sitemap:
        """Raises Unavailable for whatever keeps us from it: without it, nobody knows which pages are gone."""
        answer = site.ask("GET", address, most=_SITEMAP)
        if is_denied(answer):
            raise Denied(f"{address!r} is not for us: {answer.status}", hint="give a --secret, or ask its owner")
        if answer.status != 200 or answer.lacks:
            said = answer.status if answer.status != 200 else answer.lacks
            raise Unavailable(f"the sitemap {address!r} cannot be had: {said}", hint="is its address right?")
        try:
            return read_sitemap(answer.body, _SITEMAP)
        except ValueError as error:
            raise Unavailable(f"{address!r} is no sitemap: {error}", hint="look at it in a browser") from error

    def _check(self, crawl: Crawl) -> None:
        """An empty listing must have a reason that is not ours."""
        if crawl.pages:
            return
        if crawl.denied:
            raise self._denied()
        if crawl.unseen:
            raise Unavailable(f"{self._start!r} does not answer for any page", hint="is the site well?")
        if self._depth and not self._sitemap:
            raise Unavailable(f"nothing is at {self._start!r}", hint="has it moved? add its new address")

    def _address(self, name: str) -> str:
        if self._addresses is None:
            self.list()
        address = (self._addresses or {}).get(name)
        if address is None:
            raise Refused(f"{name!r} is not on the site any more", reason="unreadable")
        return address


def _check_answer(answer: Answer, site: Site, name: str) -> None:
    if answer.status == 401:
        raise Denied(f"{site.root!r} wants a password that we do not have", hint="is the --secret still right?")
    if has_failed(answer) and answer.status not in _BROKEN:
        raise Unavailable(f"{name!r} answers {answer.status}", hint="is the site well?")
    if answer.status != 200:
        raise Refused(f"{name!r} answers {answer.status}", reason="unreadable")


def _check_there(answer: Answer, address: str) -> None:
    if answer.status in MOVED:
        raise Unavailable(f"{address!r} leads elsewhere: {answer.headers.get('location', '')!r}", hint="add that")
    if answer.status != 200:
        raise Unavailable(f"{address!r} answers {answer.status}", hint="is its address right?")


def _count(options: Mapping[str, str], name: str, usual: int) -> int:
    said = options.get(name, str(usual))
    if not (said.isascii() and said.isdigit()) or (name == "limit" and int(said) == 0):
        raise Invalid(f"{name}={said!r} is no number of pages or links", hint=f"for example {name}=100")
    return int(said)

"""A walk over a site: which pages there are, and what could not be looked at."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import NamedTuple

from thruline.backends.web_origin.addresses import ending, is_below, links
from thruline.backends.web_origin.site import MOVED, TEMPORARY, Answer, Site
from thruline.core.errors import Unavailable
from thruline.core.units import Bytes

DENIED = (401, 403)
FAILED = (408, 425, 429)  # and all from 500 on
_MOST_FAILURES = 5  # in a row: a site that is away should not cost a timeout for each of its pages
_LINKS_FROM: Bytes = 5 << 20  # of a page; longer ones are lists that a sitemap tells better
_MOST_LINKS = 10_000  # of a page, for the same reason
_ONE_STEP = timedelta(seconds=2)  # Last-Modified counts whole seconds: within one a page can change unseen


class Step(NamedTuple):
    """A page to visit, how many links from the start, and when its site says that it changed."""

    address: str
    depth: int = 0
    changed: str = ""


class Page(NamedTuple):
    """A page that is there."""

    address: str
    ending: str
    mark: str
    size: Bytes


@dataclass(kw_only=True)
class Crawl:
    """Visits pages in the order in which they are met, at most `limit` of them.

    refused: address -> reason. unseen: addresses that could not be looked at. is_blind: pages may be missing that
    only such an address leads to. is_cut: there was more than the limit.
    """

    site: Site
    start: str
    depth: int
    limit: int
    pages: dict[str, Page] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    denied: int = 0
    is_blind: bool = False
    is_cut: bool = False
    _met: set[str] = field(default_factory=set)
    _ahead: deque[Step] = field(default_factory=deque)
    _failures: int = 0

    def run(self, seeds: Iterable[Step]) -> None:
        """Visit the seeds and what they lead to; raises Unavailable for a site that is away."""
        for seed in seeds:
            self._meet(seed)
            if self.is_cut:
                break
        while self._ahead:
            self._visit(self._ahead.popleft())

    def _meet(self, step: Step) -> None:
        if step.address in self._met:
            return
        if len(self._met) >= self.limit:
            self.is_cut = True
            return
        self._met.add(step.address)
        self._ahead.append(step)

    def _visit(self, step: Step) -> None:
        if not self.site.may(step.address):
            self.refused[step.address] = "ignored"
            return
        try:
            answer = self._look(step.address)
        except Unavailable:
            self._fail(step)
            if self._failures >= _MOST_FAILURES:
                raise
            return
        if has_failed(answer):
            self._fail(step)
        elif is_denied(answer):
            self.denied += 1
            self.refused[step.address] = "unreadable"
            self._miss(step)
        else:
            self._failures = 0
            self._list(step, answer)

    def _look(self, address: str) -> Answer:
        answer = self.site.ask("HEAD", address, most=0)
        return self.site.ask("GET", address, most=0) if answer.status in (405, 501) else answer

    def _list(self, step: Step, answer: Answer) -> None:
        """Note a page that is there; one that is gone leaves no trace."""
        address = answer.address
        if answer.status in MOVED:
            self.refused[step.address] = "unreadable"  # to where we do not follow
        if answer.status != 200 or address in self.pages or not is_below(address, self.start):
            return
        end = ending(address, answer.headers.get("content-type", ""))
        if not end:
            self.refused[address] = "unsupported_type"
            return
        size = answer.headers.get("content-length", "")
        marked = mark(answer.headers, step.changed)
        self.pages[address] = Page(address, end, marked, int(size) if size.isascii() and size.isdigit() else 0)
        if step.depth < self.depth and end == ".html":
            self._follow(step)

    def _follow(self, step: Step) -> None:
        try:
            answer = self.site.ask("GET", step.address, most=_LINKS_FROM)
        except Unavailable:
            self.is_blind = True
            return
        if answer.status != 200 or answer.lacks == "broken":
            self.is_blind = True
        for link in islice(links(answer.body, answer.base), 0 if self.is_cut else _MOST_LINKS):
            if self.site.holds(link) and is_below(link, self.start):
                self._meet(Step(link, step.depth + 1))

    def _fail(self, step: Step) -> None:
        self._failures += 1
        self._miss(step)

    def _miss(self, step: Step) -> None:
        self.unseen.append(step.address)
        self.is_blind = self.is_blind or step.depth < self.depth


def has_failed(answer: Answer) -> bool:
    """Whether the site did not manage to answer, and may another time."""
    return answer.status >= 500 or answer.status in FAILED


def is_denied(answer: Answer) -> bool:
    """Whether we may not see it; a site that wants a login sends us, for now, to where we do not follow."""
    return answer.status in DENIED or answer.status in TEMPORARY


def mark(headers: Mapping[str, str], changed: str = "") -> str:
    """What tells one state of a page from another, by its server or else by its sitemap.

    A digest: what servers put there is theirs to choose, and it is kept in the open.
    """
    if etag := headers.get("etag"):
        return _digest("etag", etag)
    if modified := headers.get("last-modified"):
        return _digest("modified", modified) if _is_settled(modified, headers.get("date", "")) else ""
    return _digest("listed", changed) if changed and not _is_today(changed) else ""


def _digest(what: str, said: str) -> str:
    return f"{what}:{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def _is_settled(modified: str, date: str) -> bool:
    try:
        return parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= _ONE_STEP
    except (ValueError, TypeError):
        return False  # no dates, or one with a time zone and one without


def _is_today(changed: str) -> bool:
    """Whether a day without an hour may still see another change; zones reach 14 hours beyond ours."""
    return len(changed) <= 10 and changed >= (datetime.now(UTC) - timedelta(days=1)).date().isoformat()

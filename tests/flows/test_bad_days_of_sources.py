"""Bad days of sources: away for a day, slow to answer, files of 2 GB, very many tiny ones; counted, said, caught up."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.clock import Clock, Micros, SystemClock
from thruline.core.errors import Unavailable
from thruline.flows.schedule import due, keep_fresh
from thruline.testing.homes import SETTINGS, FastEngines, write
from thruline.testing.web_site import WebSite, reply

GB = 2**30
HOUR_S, DAY_S = 3600, 86_400


class Moved:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.by_s = 0

    def now(self) -> Micros:
        return SystemClock().now() + self.by_s * 1_000_000


@pytest.fixture
def clock() -> Moved:
    return Moved()


@pytest.fixture
def home(tmp_path: Path, clock: Moved) -> Iterator[Platform]:
    class Engines(FastEngines):
        def clock(self) -> Clock:
            return clock

    with Platform.open(tmp_path / "home", create=True, overrides=SETTINGS, engines=Engines) as platform:
        yield platform


@pytest.fixture
def site() -> Iterator[WebSite]:
    site = WebSite()
    yield site
    site.close()


def paths(home: Platform) -> set[str]:
    return {d.path for d in home.data.documents(state="live", limit=500)}


def found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def test_a_source_that_is_away_for_a_day_deletes_nothing_is_said_and_is_caught_up(
    home: Platform, docs: Path, clock: Moved
):
    write(docs, crane="# Crane\n\nThe crane is red.", vase="# Vase\n\nThe vase is blue.", lamp="# Lamp\n\nIt burns.")
    home.data.add(path=str(docs), name="wiki", options=("every=1h", "tries=1"))
    home.data.sync()
    away = docs.rename(docs.with_name("unmounted"))
    for _ in range(24):
        clock.by_s += HOUR_S
        assert [s.name for s in due(home.line, {}, 0)] == ["wiki"]
        with pytest.raises(Unavailable):
            home.data.sync(source="wiki")
        assert paths(home) == {"crane.md", "vase.md", "lamp.md"}
    assert found(home, "red crane") >= {"crane.md"}
    (source,) = home.data.sources()
    assert source.alarm == "not read for 24 h, and it should be every 60 min"
    assert any(f"'wiki' at {docs} cannot be read" in check.says for check in home.ledger.doctor())
    assert [r.state for r in home.infra.runs(limit=99) if r.flow == "sync"].count("failed") == 24

    away.rename(docs)
    (docs / "vase.md").unlink()
    write(docs, crane="# Crane\n\nThe crane is yellow now.", oven="# Oven\n\nThe oven is hot.")
    (report,) = home.data.sync(source="wiki")
    assert (report.added, report.changed, report.deleted, report.unchanged) == (1, 1, 1, 1)
    assert paths(home) == {"crane.md", "lamp.md", "oven.md"}
    assert home.data.sources()[0].alarm == ""


def test_a_source_without_news_for_much_longer_than_usual_is_said(home: Platform, docs: Path, clock: Moved):
    home.data.add(path=str(docs), name="wiki")
    for day in range(5):
        write(docs, **{f"day{day}": f"# Day {day}\n\nOn day {day} the crane lifted {day * 7 + 3} crates."})
        home.data.sync()
        clock.by_s += DAY_S
    assert home.data.sources()[0].alarm == ""
    clock.by_s += 5 * DAY_S
    home.data.sync()
    assert home.data.sources()[0].alarm == "nothing new for 6 days, and usually there is every 24 h"


def test_a_place_that_fails_is_asked_again_after_growing_pauses_that_differ(home: Platform, site: WebSite):
    asked: list[float] = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        asked.append(time.monotonic())
        reply(handler, 503)

    site.answers["sitemap.xml"] = busy
    home.data.add(path=f"{site.url}/sitemap.xml", name="web", options=("tries=4",), unseen=True)
    pauses: list[tuple[float, ...]] = []
    for _ in range(3):
        asked.clear()
        with pytest.raises(Unavailable):
            home.data.sync(source="web")
        assert len(asked) == 4
        pauses.append(tuple(b - a for a, b in pairwise(asked)))
    # each is drawn from nothing up to .5, 1 and 2 s; a busy machine makes it longer, and not by seconds each time
    assert all(min(of_one) < longest for of_one, longest in zip(zip(*pauses, strict=True), (1.5, 2, 3), strict=True))
    assert len({round(pause, 2) for tries in pauses for pause in tries}) >= 5


def test_a_place_is_asked_no_faster_than_its_rate(home: Platform, site: WebSite):
    asked: list[float] = []

    def page(handler: BaseHTTPRequestHandler) -> None:
        asked.append(time.monotonic())
        reply(handler, 200, f"<p>Page {handler.path} says so.</p>".encode(), {"content-type": "text/html"})

    for n in range(12):
        site.pages[f"{n}.html"] = b"-"
        site.answers[f"{n}.html"] = page
    home.data.add(path=f"{site.url}/sitemap.xml", name="web", options=("rate=10",), unseen=True)
    home.data.sync(source="web")
    assert len(asked) == 24  # looked for, and read
    assert asked[-1] - asked[0] >= 23 / 10 - 0.15  # no burst; the last part is what a first answer may be late


def test_a_place_that_is_slow_holds_up_no_other(home: Platform, site: WebSite, docs: Path):
    free = threading.Event()
    site.put({"slow.html": b"<p>Slow.</p>"})
    site.answers["slow.html"] = lambda handler: (free.wait(30), reply(handler, 200, b"<p>The mill is slow.</p>"))[0]
    home.data.add(path=f"{site.url}/sitemap.xml", name="web", unseen=True)
    home.data.add(path=str(write(docs, crane="# Crane\n\nThe crane is red.")), name="wiki")
    reading = threading.Thread(target=lambda: home.data.sync(source="web"))
    reading.start()
    home.data.sync(source="wiki")
    assert found(home, "red crane") == {"crane.md"}
    free.set()
    reading.join(30)


def test_a_schedule_goes_on_after_a_place_that_is_away(home: Platform, docs: Path):
    home.data.add(
        path=str(write(docs, crane="# Crane\n\nThe crane is red.")), name="wiki", options=("every=1s", "tries=1")
    )
    away, stop = docs.rename(docs.with_name("unmounted")), threading.Event()
    keeping = threading.Thread(target=keep_fresh, args=(home.line, stop))
    keeping.start()
    try:
        until(lambda: "failed" in {r.state for r in home.infra.runs(limit=99)})
        assert paths(home) == set()
        away.rename(docs)
        until(lambda: paths(home) == {"crane.md"})
    finally:
        stop.set()
        keeping.join(30)


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.05)
    assert is_so()


_SYNC = """
import re, sys
from pathlib import Path
from thruline.testing.homes import open_home

with open_home(Path(sys.argv[1])) as home:
    home.data.add(path=sys.argv[2], options=tuple(sys.argv[3:]), unseen=True)
    (report,) = home.data.sync()
    peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
    print(report.seen, report.indexed, *(f"{r.path}={r.reason}" for r in report.refused), peak)
"""


def synced_apart(tmp_path: Path, *arguments: str) -> tuple[list[str], int]:
    """What a process of its own says of a sync, and the bytes that it held at most."""
    command = [sys.executable, "-c", _SYNC, str(tmp_path / "apart"), *arguments]
    *said, peak_kb = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return said, int(peak_kb) * 1024


def test_a_file_of_2_gb_is_refused_by_its_size_and_never_held(tmp_path: Path, docs: Path):
    write(docs, crane="# Crane\n\nThe crane is red.")
    with (docs / "video.txt").open("wb") as file:
        file.truncate(2 * GB)  # sparse: no byte of it is written
    said, peak = synced_apart(tmp_path, str(docs))
    assert said == ["2", "1", "video.txt=too_large"]
    assert peak < GB / 2


LISTED = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<IsTruncated>false</IsTruncated><KeyCount>1</KeyCount><Contents><Key>dump.txt</Key><Size>%d</Size>
<LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>"x"</ETag></Contents></ListBucketResult>"""


def test_an_object_of_2_gb_is_refused_before_it_is_asked_for(home: Platform, site: WebSite, tmp_path: Path):
    (tmp_path / "key").write_text("key:hidden")
    site.answers["big"] = lambda handler: reply(
        handler, 200, (LISTED % (2 * GB)).encode(), {"content-type": "text/xml"}
    )
    options = (f"endpoint={site.url}", "tries=1")
    home.data.add(path="s3://big", name="b", options=options, secret=f"file:{tmp_path / 'key'}", unseen=True)
    (report,) = home.data.sync()
    assert [(r.path, r.reason) for r in report.refused] == [("dump.txt", "too_large")]
    assert not any("dump.txt" in question for question in site.asked)


def test_a_page_without_end_is_given_up_at_the_limit(home: Platform, site: WebSite):
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("content-type", "text/plain")
        handler.send_header("connection", "close")
        handler.end_headers()
        while sent < 2 * GB:
            handler.wfile.write(b"word " * 200_000)
            sent += 1_000_000

    site.put({"log.txt": b"-"})
    site.answers["log.txt"] = endless
    home.data.add(path=f"{site.url}/sitemap.xml", name="web", options=("tries=1",), unseen=True)
    (report,) = home.data.sync()
    assert [r.reason for r in report.refused] == ["too_large"]
    assert sent < home.line.limits.max_file + 64_000_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_100_000_tiny_files_are_all_counted(home: Platform, tmp_path: Path):
    folder, files = tmp_path / "tiny", 100_000
    for n in range(files):
        if n % 1000 == 0:
            (folder / f"{n // 1000}").mkdir(parents=True)
        (folder / f"{n // 1000}" / f"{n}.txt").write_text(f"n{n % 50_000}")  # every one is there twice
    home.data.add(path=str(folder), name="tiny")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    (report,) = home.data.sync()
    cpu_ms = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - before) * 1000 / files
    assert report.seen == files == report.indexed + report.duplicates + report.quarantined + len(report.refused)
    assert report.indexed == report.duplicates == files // 2
    print(f"{cpu_ms:.2f} ms CPU a file")
    (again,) = home.data.sync()
    assert (again.unchanged, again.added, again.changed) == (files, 0, 0)

"""Schedule: sources that are to be read every so often are read while the server runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from thruline.core.errors import Conflict, ThrulineError
from thruline.core.nouns import Source
from thruline.data.patience import patience
from thruline.flows import search_log
from thruline.flows.retention import expire, is_due
from thruline.flows.sources import sync_one
from thruline.runs.runner import Cancelled

if TYPE_CHECKING:
    from thruline.flows.line import Line

LOOK_S = 1.0
EXPIRE_EVERY_S = 60.0  # it lists the records of every source with a time limit
_S = 1_000_000

logger = logging.getLogger(__name__)


def keep_fresh(line: Line, stop: threading.Event) -> None:
    """Sync what is due until stop is set; one source at a time, and a place that is away holds up no other."""
    tried: dict[str, float] = {}
    expiring = 0.0
    while not stop.wait(LOOK_S):
        if time.monotonic() >= expiring:
            expiring = time.monotonic() + EXPIRE_EVERY_S
            _expire(line)
            search_log.expire(line)
        for source in due(line, tried, time.monotonic()):
            if stop.is_set():
                return
            tried[source.id] = time.monotonic()
            _sync(line, source, stop)


def due(line: Line, tried: Mapping[str, float], now: float) -> list[Source]:
    """The sources whose time has come. tried, now: on the monotonic clock, so that a changed date skips nothing."""
    synced = line.records.last_synced()
    return [s for s in line.records.sources() if _is_due(line, s, tried.get(s.id), synced.get(s.id, 0), now)]


def _expire(line: Line) -> None:
    """Delete what may be kept no longer, also where nothing is read."""
    for source in line.records.sources():
        with _going_on(source):
            if is_due(line, source):
                with line.runs.start("sync", only=source.id) as run:
                    expire(line, run, source)


def _is_due(line: Line, source: Source, tried: float | None, synced: int, now: float) -> bool:
    every_s = patience(source.options).every_s
    if not every_s:
        return False
    if tried is not None:
        return now - tried >= every_s
    return abs(line.clock.now() - synced) >= every_s * _S


def _sync(line: Line, source: Source, stop: threading.Event) -> None:
    def go_on(_stage: str, _done: int, _total: int) -> None:
        if stop.is_set():
            raise Cancelled("the server ends", hint="the next sync goes on where this one stopped")

    with _going_on(source):
        sync_one(line, source, progress=go_on)


@contextmanager
def _going_on(source: Source) -> Iterator[None]:
    """Whatever is wrong with one source is said, and the others are read."""
    try:
        yield
    except Conflict:
        return  # somebody reads it just now
    except ThrulineError as error:
        logger.warning("a source could not be read", extra={"source": source.id, "error": error.code})
    except Exception:
        logger.exception("a source could not be read", extra={"source": source.id})

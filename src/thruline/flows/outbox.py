"""Outbox: what happened is told to addresses outside, in order, without any flow waiting for it.

The ledger is the queue: what is to be told is read off it, and a destination is a number, the last event that it was
told. So nothing is told that did not happen, nothing that happened is left out, and nothing piles up. A message has
the same id whenever it is sent: whoever gets it twice, after a crash between the answer and its note, knows it by that.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import Micros, iso
from thruline.core.errors import Conflict, NotFound, ThrulineError, Unavailable
from thruline.core.ids import random_id
from thruline.core.sql import load_queries
from thruline.flows.reports import DeliveryView
from thruline.flows.watch import watch
from thruline.ports.courier import Courier

if TYPE_CHECKING:
    from thruline.flows.line import Line

LOOK_S = 1.0
WATCH_EVERY = 60  # looks: it compares the news of every source
AT_ONCE = 100  # messages to one destination before the others have their turn
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 3600.0
MOST_COUNTED = 1000  # that wait, for a person to read
_S = 1_000_000

logger = logging.getLogger(__name__)


class Message(NamedTuple):
    """Something to be told. upto: the last event it speaks of; body: made when it is its turn."""

    id: str
    upto: int
    body: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Whom to tell. messages: what there is to tell after an event, in order; headers: of one attempt."""

    name: str
    url: str
    messages: Callable[[int], Iterator[Message]]
    headers: Callable[[str, bytes], Mapping[str, str]]
    test: Callable[[], Message]


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """All destinations, and who carries."""

    destinations: Sequence[Destination]
    courier: Courier


class Told(NamedTuple):
    """How far a destination is. failed: attempts in a row; since: when it began to fail; again: not before then."""

    upto: int
    sent: int
    failed: int
    since: Micros
    again: Micros
    status: int


def keep_telling(line: Line, outbox: Outbox, stop: threading.Event) -> None:
    """Tell what is new until stop is set."""
    looks = 0
    while outbox.destinations and not stop.wait(LOOK_S):
        try:
            if looks % WATCH_EVERY == 0:
                watch(line)
            tell(line, outbox)
        except ThrulineError as error:
            logger.warning("nothing could be told", extra={"error": error.code})
        looks += 1


def tell(line: Line, outbox: Outbox, *, at_once: bool = False) -> None:
    """Send what waits. at_once: also to destinations that failed and are to be left alone for a while."""
    for destination in outbox.destinations:
        if at_once or told(line, destination).again <= line.clock.now():
            _tell(line, destination, outbox.courier)


def told(line: Line, destination: Destination) -> Told:
    """How far a destination is; one that is met for the first time is told what happens from now on."""
    queries = load_queries("thruline.flows", line.database.dialect)
    name = {"destination": destination.name}
    rows = line.database.query(queries.outbox, name)
    if not rows:
        with line.database.transaction():
            line.database.execute(queries.begin_outbox, name | {"upto": line.ledger.head().seq})
            rows = line.database.query(queries.outbox, name)
    return Told(*rows[0])


def skip(line: Line, outbox: Outbox, name: str) -> None:
    """Leave out the message that a destination does not take; raises NotFound where none waits."""
    destination = next((d for d in outbox.destinations if d.name == name), None)
    message = next(destination.messages(told(line, destination).upto), None) if destination else None
    if message is None:
        known = ", ".join(d.name for d in outbox.destinations) or "none"
        raise NotFound(f"nothing waits for {name!r}", hint=f"destinations: {known}")
    queries = load_queries("thruline.flows", line.database.dialect)
    line.database.execute(queries.skipped, {"destination": name, "upto": message.upto})


def try_out(outbox: Outbox) -> tuple[DeliveryView, ...]:
    """Send a message to every destination that says that it is a test."""
    return tuple(_try(destination, outbox.courier) for destination in outbox.destinations)


def listing(line: Line, outbox: Outbox) -> tuple[DeliveryView, ...]:
    """How far each destination is."""
    return tuple(_view(line, destination) for destination in outbox.destinations)


def _tell(line: Line, destination: Destination, courier: Courier) -> None:
    try:
        lease = line.runs.leases.take(f"outbox:{destination.name}", random_id("run"))
    except Conflict:
        return  # another process is at it
    queries = load_queries("thruline.flows", line.database.dialect)
    try:
        for message in islice(destination.messages(told(line, destination).upto), AT_ONCE):
            status = _post(destination, courier, message)
            with line.database.transaction():
                line.runs.leases.check(lease)
                if not _is_taken(status):
                    line.database.execute(queries.not_delivered, _failure(line, destination, status))
                    return
                done = {"destination": destination.name, "upto": message.upto}
                line.database.execute(queries.delivered, done)
            line.runs.leases.extend(lease)
    finally:
        line.runs.leases.end(lease)


def _post(destination: Destination, courier: Courier, message: Message) -> int:
    """The status of the answer; 0 for none."""
    body = message.body()
    try:
        return courier.post(destination.url, body, destination.headers(message.id, body))
    except Unavailable:
        return 0


def _is_taken(status: int) -> bool:
    return 200 <= status < 300


def _failure(line: Line, destination: Destination, status: int) -> dict[str, str | int]:
    """Exponential backoff with full jitter (Brooker 2015), so that many homes do not come back at once."""
    failed = told(line, destination).failed
    pause_s = random.random() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failed, 12))  # noqa: S311 - no secret
    now = line.clock.now()
    return {"destination": destination.name, "status": status, "now": now, "again": now + int(pause_s * _S)}


def _try(destination: Destination, courier: Courier) -> DeliveryView:
    status = _post(destination, courier, destination.test())
    return DeliveryView(
        destination=destination.name, url=destination.url, sent=int(_is_taken(status)), waiting=0,
        failed=int(not _is_taken(status)), since="", status=status, ok=_is_taken(status),
    )  # fmt: skip


def _view(line: Line, destination: Destination) -> DeliveryView:
    at = told(line, destination)
    waiting = sum(1 for _ in islice(destination.messages(at.upto), MOST_COUNTED))
    return DeliveryView(
        destination=destination.name, url=destination.url, sent=at.sent, waiting=waiting, failed=at.failed,
        since=iso(at.since) if at.since else "", status=at.status, ok=not at.failed,
    )  # fmt: skip

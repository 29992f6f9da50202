"""A place asked with patience: at most so often, and again where it is away for a moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from thruline.core.errors import Invalid, Unavailable
from thruline.core.units import Bytes, parse_duration
from thruline.ports.origin import Item, Listing, Origin, Reading

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
PATIENCE: Mapping[str, str] = {
    "every": "how often it is read while the server runs, as `1h`",
    "rate": "at most so many questions a second, as `5`",
    "tries": "how often a question is asked before the place counts as away; 4 unless given",
}
_T = TypeVar("_T")


class Patience(NamedTuple):
    """How a place is asked. rate: questions a second, 0 for no limit. every: seconds between syncs, 0 for never."""

    tries: int = 4
    rate: float = 0.0
    every_s: float = 0.0


def patience(options: Mapping[str, str]) -> Patience:
    """What a source's options say; raises Invalid."""
    try:
        tries, rate = int(options.get("tries", "4")), float(options.get("rate", "0").removesuffix("/s"))
    except ValueError as error:
        raise Invalid(f"tries and rate are numbers: {error}", hint="for example tries=4, rate=5") from error
    if tries < 1 or not (rate == 0 or 1e-6 <= rate < 1e6):
        raise Invalid(
            f"tries={tries}, rate={rate} cannot be meant", hint="tries is at least 1, rate 0 for no limit, or as 5"
        )
    return Patience(tries, rate, parse_duration(options["every"]) if options.get("every") else 0.0)


class Patient:
    """An origin that waits its turn and, where the place is away, asks again after a random, growing pause.

    Exponential backoff with full jitter (Brooker 2015), so that many readers do not come back at once.
    """

    def __init__(
        self, origin: Origin, patience: Patience, *, sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self.marks_content = origin.marks_content
        self._origin = origin
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()  # guards _next
        self._next = 0.0

    def look(self, *, within_s: float) -> str:
        """As the place's own, asked once: somebody waits for the answer."""
        return self._origin.look(within_s=within_s)

    def list(self) -> Listing:
        """As the place's own."""
        return self._asked(self._origin.list)

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """As the place's own."""
        return self._asked(lambda: self._origin.read(item, limit=limit))

    def close(self) -> None:
        """As the place's own."""
        self._origin.close()

    def _asked(self, question: Callable[[], _T]) -> _T:
        for attempt in range(self._patience.tries):
            self._wait_for_turn()
            try:
                return question()
            except Unavailable:
                if attempt + 1 == self._patience.tries:
                    raise
                self._sleep(self._chance() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt))
        raise AssertionError("tries is at least 1")

    def _wait_for_turn(self) -> None:
        if not self._patience.rate:
            return
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + 1 / self._patience.rate
        if (pause := turn - self._clock()) > 0:
            self._sleep(pause)

"""How far a stage is and how long it will still take, as one line that a terminal redraws or a log repeats."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TextIO

from thruline.app.render.words import lasting

WINDOW_S = 60.0  # the pace is that of the last minute: steady, and true again soon after a file that took long
LOG_EVERY_S = 10.0
_FEWEST_S = 1.0  # before that a pace says nothing


class _Seen(NamedTuple):
    at: float
    done: int


class Pace:
    """How fast a stage goes."""

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque()

    def meet(self, at: float, done: int) -> None:
        """So much was done at that moment, in seconds of any clock that only goes forward."""
        while len(self._seen) > 2 and at - self._seen[1].at > WINDOW_S:
            self._seen.popleft()
        self._seen.append(_Seen(at, done))

    @property
    def per_s(self) -> float:
        """Items a second; 0 while that cannot be told."""
        first, last = self._seen[0], self._seen[-1]
        return (last.done - first.done) / (last.at - first.at) if last.at - first.at >= _FEWEST_S else 0.0


class Progress:
    """Tells people how far it is: on a terminal in one line, else a line now and then."""

    def __init__(self, stream: TextIO, *, redraw: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._redraw = redraw
        self._clock = clock
        self._stage = ""
        self._pace = Pace()
        self._wrote = clock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """A stage is so far; total 0 where nobody knows how much there is."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._pace = stage, Pace()
        self._pace.meet(now, done)
        line = told(stage, done, total, self._pace.per_s)
        if self._redraw:
            end = "\n" if total and done >= total else ""
            print(f"\r{line}\033[K", end=end, file=self._stream, flush=True)
        elif now - self._wrote >= LOG_EVERY_S:
            self._wrote = now
            print(line, file=self._stream, flush=True)


def told(stage: str, done: int, total: int, per_s: float) -> str:
    """`reading 1,200 of 5,000 (24%), 85/s, 45 s left`."""
    if not total:
        return f"{stage} …"
    parts = [f"{stage} {done:,} of {total:,} ({done / total:.0%})"]
    if per_s > 0:
        parts.append(f"{per_s:,.0f}/s" if per_s >= 10 else f"{per_s:.1f}/s")
        parts += [f"{lasting((total - done) / per_s)} left"] if done < total else []
    return ", ".join(parts)

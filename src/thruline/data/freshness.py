"""Whether a source has gone quiet: no news for much longer than it usually lets one wait, or no look at it at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from thruline.core.clock import Micros

# A daily source may skip a long weekend; five times its usual interval is a matter for a person.
QUIET_TIMES = 5
LATE_TIMES = 3
LEAST_S = 86400  # a program that sent ten records in a row and then rests is no source that has died
FEWEST = 4  # times of news: three intervals are the least that can be called usual
_S = 1_000_000


def alarm(news: Sequence[Micros], synced: Micros, every_s: float, now: Micros) -> str:
    """What is wrong with a source's freshness, in words; empty when nothing is.

    news: when syncs met something new, oldest first. synced: the last sync that came to its end, 0 for never.
    every_s: seconds between syncs as they were ordered, 0 for none. A clock that ran backwards raises no alarm.
    """
    if every_s and synced and now - synced > LATE_TIMES * every_s * _S:
        return f"not read for {spell((now - synced) / _S)}, and it should be every {spell(every_s)}"
    gaps = [after - before for before, after in pairwise(news) if after > before]
    if len(gaps) < FEWEST - 1:
        return ""
    usual, quiet = median(gaps), now - news[-1]
    if quiet > max(QUIET_TIMES * usual, LEAST_S * _S):
        return f"nothing new for {spell(quiet / _S)}, and usually there is every {spell(usual / _S)}"
    return ""


def usual(news: Sequence[Micros]) -> str:
    """How often a source brings something new, in words; empty while nobody can say."""
    gaps = [after - before for before, after in pairwise(news) if after > before]
    return f"every {spell(median(gaps) / _S)}" if len(gaps) >= FEWEST - 1 else ""


def spell(seconds: float) -> str:
    """`40 s`, `12 min`, `5 h`, `3 days`."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

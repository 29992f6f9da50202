"""Sizes and durations, parsed at the edge and printed for people."""

from __future__ import annotations

import re
from datetime import datetime

from thruline.core.clock import micros
from thruline.core.errors import Invalid

Bytes = int

_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", re.IGNORECASE)
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


_LONGEST_S = 200 * 365 * 86400.0


def parse_size(text: str) -> Bytes:
    """Bytes in `4GB`, `512MiB`, `100000`; raises Invalid for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise Invalid(f"{text!r} is not a size", hint="write for example 512MB, 4GB or 2GiB")
    return int(float(found[1]) * _SCALE[(found[2] or "").lower()])


def parse_duration(text: str) -> float:
    """Seconds in `250ms`, `30s`, `5m`, `2h`, `7d`; raises Invalid for anything else."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise Invalid(f"{text[:40]!r} is not a duration", hint="write for example 250ms, 30s, 5m, 2h or 7d")
    return seconds


def parse_moment(text: str, now_us: int) -> int:
    """Microseconds since 1970 for `2026-11-22`, `2026-11-22T14:05Z` (UTC unless it says otherwise) or `2h` ago."""
    if _DURATION.fullmatch(text.strip()):
        return now_us - int(parse_duration(text) * 1e6)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(
            f"{text!r} is no moment", hint="write 2026-11-22, 2026-11-22T14:05Z, or 2h for two hours ago"
        ) from error
    return micros(moment)


def show_size(size: Bytes) -> str:
    """`1.4 GB`, decimal units, at most one digit after the point."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def show_seconds(seconds: float) -> str:
    """`3.2 s`, `4 min 10 s`, `1 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

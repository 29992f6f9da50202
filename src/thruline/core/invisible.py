"""Characters that a program reads and a person does not see: zero-width, bidirectional, Unicode tags.

Unicode tags (U+E0000..U+E007F) spell out whole ASCII sentences invisibly, and variation selectors carry a byte
each; both are known carriers of hidden instructions, so they are decoded, not only removed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A lone U+200D joins emoji and U+FE0E/F choose their form, soft hyphens are layout: removed, but nothing to report.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]+"
)
_KEPT_INSIDE = re.compile("[\u200c\u200d\ufe0e\ufe0f]")
_REVERSED = re.compile("[\u202d\u202e]([^\u202c\n]*)\u202c?")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_TAGS = re.compile("[\U000e0020-\U000e007e]{2,}")
_BITS = re.compile("[\u200b\u200c\u200d\u2060]{16,}")


class Revealed(NamedTuple):
    """text: what a person sees. hidden: what invisible characters spelled out."""

    text: str
    hidden: tuple[str, ...]


def reveal(text: str) -> Revealed:
    """The text without invisible characters, and the messages that they carried.

    Joiners between two visible characters stay where scripts and emoji need them.
    """
    if text.isascii() or not _INVISIBLE.search(text):
        return Revealed(text, ())
    hidden = [_from_tags(m[0]) for m in _TAGS.finditer(text)]
    hidden += [_from_selectors(m[0]) for m in _SELECTORS.finditer(text)]
    hidden += [_from_bits(m[0]) for m in _BITS.finditer(text)]
    hidden += [m[1] for m in _REVERSED.finditer(text) if m[1].strip()]
    return Revealed(_INVISIBLE.sub(_keep_joiner, text), tuple(h for h in hidden if h.strip()))


def _keep_joiner(found: re.Match[str]) -> str:
    run = found[0]
    return run if len(run) <= 2 and all(_KEPT_INSIDE.fullmatch(c) for c in run) and _joins(found) else ""


def _joins(found: re.Match[str]) -> bool:
    """Whether the run stands after a character beyond Latin: there joiners change what is seen."""
    before = found.string[found.start() - 1 : found.start()] if found.start() else ""
    return bool(before) and ord(before) > 0x5FF


def _from_tags(run: str) -> str:
    return "".join(chr(ord(c) - 0xE0000) for c in run)


def _from_selectors(run: str) -> str:
    values = bytes(ord(c) - 0xFE00 if ord(c) < 0xE0100 else ord(c) - 0xE0100 + 16 for c in run)
    return values.decode("utf-8", "replace")


def _from_bits(run: str) -> str:
    """Two kinds of zero-width character, read as bits; a run with more kinds is only reported."""
    kinds = sorted(set(run))
    if len(kinds) != 2:
        return f"{len(run)} zero-width characters"
    bits = "".join(str(kinds.index(c)) for c in run)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)).decode("utf-8", "replace")

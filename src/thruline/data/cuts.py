"""How documents are cut into passages: a choice that people write as `words=120 headings`."""

from __future__ import annotations

from typing import NamedTuple

from thruline.core.errors import Invalid
from thruline.core.nearest import meant

LEAST, MOST = 20, 2_000  # words of a passage: less says nothing alone, more fits into no embedder
WORDS, HEADINGS = "words", "headings"


class Cut(NamedTuple):
    """words: that a passage aims at. headings: what stands under another heading is always another passage."""

    words: int
    headings: bool = False

    @property
    def text(self) -> str:
        """As people read and write it."""
        return f"{WORDS}={self.words}" + (f" {HEADINGS}" if self.headings else "")


def cut_of(text: str) -> Cut:
    """What somebody wrote: `words=120`, `words=300 headings`, also with commas; raises Invalid."""
    parts = (part.partition("=") for part in text.replace(",", " ").split())
    given = {name: value for name, _, value in parts}
    if unknown := sorted(given.keys() - {WORDS, HEADINGS}):
        raise Invalid(f"{unknown[0]!r} says nothing of how to cut", hint=meant(unknown[0], (WORDS, HEADINGS)))
    words = given.get(WORDS, "")
    if not (words.isdecimal() and LEAST <= int(words) <= MOST):
        raise Invalid(
            f"{text!r} does not say how long a passage is to be",
            hint=f"write {WORDS}=N, {LEAST} to {MOST}, as {WORDS}=120",
        )
    if given.get(HEADINGS):
        raise Invalid(f"{HEADINGS}={given[HEADINGS]!r} says too much", hint=f"write {HEADINGS} alone, or nothing")
    return Cut(int(words), HEADINGS in given)

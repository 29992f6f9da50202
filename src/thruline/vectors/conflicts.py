"""Do passages disagree? Two sentences about the same, under the same conditions, that differ in one number, or of which
one denies what the other says.

Told by words, and made to be right rather than complete: what differs in more than one thing, or in what it is about,
is taken for two truths. Rules of scope (at least, if, only) have to be the same in both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from thruline.vectors.context import Passage
from thruline.vectors.sentences import readable, sentences
from thruline.vectors.statements import Quantity, Statement, statement
from thruline.vectors.terms import coverage, terms

MOST = 3  # notes under one answer
LEAST_SHARED = 2  # terms that both are about; with fewer, the same words may be said of anything
ALIKE = 0.6  # share of all their terms that both have; for a denial, which hangs on one word, more
ALIKE_DENIAL = 0.75
IN_ANSWER = 0.6  # share of a sentence's terms that the answer repeats where it says the same
WORDS = range(3, 50)
Kind = Literal["number", "date", "denial"]


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Passages one and other disagree; what each says, in its own words."""

    kind: Kind
    one: int
    other: int
    says: str
    says_other: str

    @property
    def note(self) -> str:
        """It in a sentence that names both passages."""
        mine, others = (
            f"[{self.one}] says \u201c{self.says}\u201d",
            f"[{self.other}] says \u201c{self.says_other}\u201d",
        )
        return f"The documents disagree: {mine}, {others}."


class _Said(NamedTuple):
    number: int
    record: str
    title: frozenset[str]
    what: Statement


def conflicts(passages: Sequence[Passage], said: Sequence[tuple[str, Collection[int]]]) -> tuple[Conflict, ...]:
    """Where a sentence that the answer rests on disagrees with one of another document's passages, best ranked first.

    said: the answer's sentences, and the passages that each cites.
    """
    everything = [s for passage in passages for s in _statements(passage)]
    in_answer = [s for s in everything if any(s.number in cited and _repeats(text, s.what) for text, cited in said)]
    found: dict[tuple[int, int], Conflict] = {}
    for one in in_answer:
        for other in everything:
            pair = (min(one.number, other.number), max(one.number, other.number))
            if one.record != other.record and pair not in found and (conflict := _between(one, other)):
                found[pair] = conflict
    return tuple(found.values())[:MOST]


def disagreement(one: Statement, other: Statement) -> tuple[Kind, str, str] | None:
    """How two sentences disagree, and what each says; None where both may be true."""
    if one.scope != other.scope or not _same_subject(one, other):
        return None
    if one.is_negated != other.is_negated:
        same = _values(one) == _values(other) and _alike(one, other) >= ALIKE_DENIAL
        return ("denial", _clipped(one.text), _clipped(other.text)) if same else None
    return _by_number(one, other)


def _between(one: _Said, other: _Said) -> Conflict | None:
    if not _same_title(one, other) and len(one.what.about & other.what.about) <= LEAST_SHARED:
        return None
    differ = disagreement(one.what, other.what)
    if differ is None:
        return None
    kind, says, says_other = differ
    return Conflict(kind=kind, one=one.number, other=other.number, says=says, says_other=says_other)


def _by_number(one: Statement, other: Statement) -> tuple[Kind, str, str] | None:
    """Where exactly one quantity differs, and measures the same."""
    if len(one.quantities) != len(other.quantities):
        return None
    mine, theirs = _without(one.quantities, other.quantities), _without(other.quantities, one.quantities)
    if len(mine) != 1 or len(theirs) != 1 or not mine[0].contradicts(theirs[0]):
        return None
    is_date = "date" in mine[0].units or "calendar year" in mine[0].units
    return ("date" if is_date else "number", mine[0].text, theirs[0].text)


def _without(some: Sequence[Quantity], others: Sequence[Quantity]) -> list[Quantity]:
    values = [q.value for q in others]
    left: list[Quantity] = []
    for quantity in some:
        if quantity.value in values:
            values.remove(quantity.value)
        else:
            left.append(quantity)
    return left


def _same_subject(one: Statement, other: Statement) -> bool:
    """Each may say more than the other, but not each something of its own: then they are about two things."""
    shared = one.about & other.about
    apart = bool(one.about - other.about) and bool(other.about - one.about)
    return len(shared) >= LEAST_SHARED and not apart and _alike(one, other) >= ALIKE


def _alike(one: Statement, other: Statement) -> float:
    return len(one.about & other.about) / (len(one.about | other.about) or 1)


def _same_title(one: _Said, other: _Said) -> bool:
    """Whether what stands above them is about the same: `it takes five days` is said of that."""
    shared = one.title & other.title
    return not one.title or not other.title or len(shared) / len(one.title | other.title) >= 0.5


def _values(one: Statement) -> list[float | str]:
    return sorted((q.value for q in one.quantities), key=str)


def _repeats(text: str, what: Statement) -> bool:
    return coverage(dict.fromkeys(what.about, 1.0), terms(text)) >= IN_ANSWER


def _statements(passage: Passage) -> Iterator[_Said]:
    title = statement(passage.title.rpartition(" > ")[2]).about
    for part in sentences(passage.text):
        text = readable(passage.text[part.start : part.end], part.kind)
        if part.kind in ("text", "item") and len(text.split()) in WORDS and text[-1] not in ":?":
            yield _Said(passage.number, passage.record, title, statement(text))


def _clipped(text: str) -> str:
    words = text.rstrip(".").split()
    return " ".join(words[:14]) + ("\u2026" if len(words) > 14 else "")

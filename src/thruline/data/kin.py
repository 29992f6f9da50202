"""Who is told of: a name and the identifiers beside it, as one document says them, and where else to look for the same.

A name is no proof of a person: two bear one, and one goes by several. What a document ties to a name is what stands
next to it; who is who among such tellings is judged in data/kin_score.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from thruline.core.documents import Mention
from thruline.data.called import words_of
from thruline.data.subjects import identifies, spells

Identifier = tuple[str, str]
NEAR = 120  # characters between a name and a number that is still said of it: a line of a form, a signature
_NAMES = ("name", "declared")
_SHORT = re.compile(r"(?<![\w.])([^\W\d_a-zß-ÿ])\.[ ]?(?:[^\W\d_a-zß-ÿ]\.[ ]?)?([^\W\d_a-zß-ÿ][^\W\d_]{2,30})(?!\w)")
# Given names that one person goes by; the first of each is what they are compared as.
_FAMILIAR = (
    "alexander alex sasha sandy", "alexandra alex sandra sasha", "andrew andy drew", "anthony tony", "benjamin ben",
    "barbara barb babs", "catherine kate cathy katie", "charles charlie chuck", "christina tina chris",
    "christopher chris kit", "daniel dan danny", "david dave", "deborah deb debbie", "dorothy dot dolly",
    "edward ed eddie ted ned", "elizabeth liz lizzy beth betty eliza lisa", "eleanor ellie nell", "frances fran",
    "francis frank", "frederick fred freddie fritz", "gregory greg", "heinrich heinz", "henry harry hal",
    "jacob jake", "james jim jimmy jamie", "jennifer jen jenny", "johannes hans hannes", "john jack johnny",
    "jonathan jon", "joseph joe joey", "joseph sepp", "katherine kate kathy katie", "kenneth ken", "lawrence larry",
    "leonard leo len", "margaret maggie meg peggy greta gretchen", "matthew matt", "michael mike mick", "nicholas nick",
    "nicole nicky", "pamela pam", "patricia pat patty trish", "patrick pat paddy", "peter pete", "philip phil",
    "rebecca becky", "richard rick dick richie", "robert rob bob bobby", "ronald ron", "samantha sam", "samuel sam",
    "stephen steve", "susan sue susie", "theodore theo ted", "theresa terry tess", "thomas tom tommy", "timothy tim",
    "victoria vicky tori", "wilhelm willi", "william will bill billy liam", "zachary zach",
)  # fmt: skip
_CALLED_BY: dict[str, frozenset[str]] = {}
for _group in _FAMILIAR:
    for _name in _group.split():
        _CALLED_BY[_name] = _CALLED_BY.get(_name, frozenset()) | {_group.split()[0]}


@dataclass(frozen=True, kw_only=True)
class Told:
    """Somebody as a text tells of them. name: as it was written; ids: what was said next to it, (kind, value)."""

    name: str
    ids: frozenset[Identifier] = field(default_factory=frozenset)

    @property
    def words(self) -> tuple[str, ...]:
        """The name as it is compared: given names and initials, then the surname."""
        return words_of(self.name)

    @property
    def given(self) -> str:
        """The first name or initial."""
        return self.words[0]

    @property
    def surname(self) -> str:
        """The last word."""
        return self.words[-1]

    @property
    def is_short(self) -> bool:
        """Whether it is an initial and a surname: too little to look for by its words."""
        return len(self.given) == 1 and self.given.isalpha() and self.surname.isalpha()

    def blocks(self) -> set[str]:
        """Two who may be one share one of these: surname and initial, given name and the surname's, an identifier."""
        forms = {f"surname {self.surname} {form[0]}" for form in formal(self.given)}
        forms |= {f"given {form} {self.surname[0]}" for form in formal(self.given)}
        return forms | {f"{kind} {value}" for kind, value in self.ids}


def formal(given: str) -> frozenset[str]:
    """The names that a given name stands for: `kate` for catherine and katherine, most for themselves alone."""
    return _CALLED_BY.get(given, frozenset()) | {given}


def told(parts: Iterable[tuple[int, str]], mentions: Sequence[Mention]) -> list[Told]:
    """The people whom a document tells of by a full name, or by an initial and a surname.

    parts: its text as (where it begins, text), in the places that the mentions count from. An address that spells a
    name is theirs; any other identifier is said of the name that stands nearest before or after it, if one does.
    """
    parts, evident = list(parts), [m for m in mentions if identifies(m)]
    names = [m for m in evident if m.kind in _NAMES and len(words_of(m.value)) > 1]
    names += [m for m in _short(parts) if not any(n.start <= m.start and m.end <= n.end for n in names)]
    written = {words_of(m.value): _as_written(parts, m) for m in names}
    ids: dict[tuple[str, ...], set[Identifier]] = {words: set() for words in written}
    for mention in evident:
        if mention.kind not in _NAMES and (owner := _owner(mention, names)):
            ids[words_of(owner)].add((mention.kind, mention.value.casefold()))
    return [Told(name=written[words], ids=frozenset(theirs)) for words, theirs in ids.items()]


def keys_of(people: Iterable[Told]) -> set[str]:
    """Where to look for them elsewhere."""
    return {key for each in people for key in each.blocks()}


def _owner(mention: Mention, names: Sequence[Mention]) -> str:
    """The name that an identifier belongs to; empty where none stands near, or two do equally."""
    spelled = {m.value.casefold(): m.value for m in names if mention.kind == "email" and spells(mention.value, m.value)}
    if spelled:
        return next(iter(spelled.values())) if len(spelled) == 1 else ""
    near = sorted((max(mention.start - m.end, m.start - mention.end), m.value) for m in names)
    return near[0][1] if near and near[0][0] <= NEAR else ""


def _as_written(parts: Iterable[tuple[int, str]], mention: Mention) -> str:
    """A name with its capitals, where the text shows it; a mention's value has lost them."""
    for begins, text in parts:
        there = " ".join(text[max(mention.start - begins, 0) : max(mention.end - begins, 0)].split())
        if words_of(there) == words_of(mention.value):
            return there
    return mention.value


def _short(parts: Iterable[tuple[int, str]]) -> Iterator[Mention]:
    """Where an initial stands before what may be a surname."""
    for begins, text in parts:
        for found in _SHORT.finditer(text):
            start, end = found.span()
            name = f"{found[1]}. {found[2]}"
            yield Mention(kind="name", start=begins + start, end=begins + end, value=name)

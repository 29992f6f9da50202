"""What becomes of personal data as it comes in: kept, masked, exchanged for tokens, cut out, or not let in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from thruline.core.documents import Mention
from thruline.core.errors import Invalid
from thruline.core.facts import INDIRECT_KINDS, MENTION_KINDS
from thruline.core.nearest import meant
from thruline.core.units import parse_duration
from thruline.data.token_forms import FORMED
from thruline.data.uses import OPTION

SCORE = 0.3  # a doubtful mention is masked as well: below it are look-alikes that name nobody
COVER = "\u2588"
ALL = "all"
_WORD = re.compile(r"[^\W\d_]{3,}")
_DIRECT = frozenset(MENTION_KINDS) - INDIRECT_KINDS
_REWRITES = ("mask", "pseudonym", "token", "drop")
STATED: Mapping[str, str] = {
    "purpose": "purpose of the processing",
    "basis": "legal basis",
    "residency": "where it may lie",
}  # for the papers; what follows of a basis and a residency is in data/bases.py and data/residency.py
_STATED_SAYS: Mapping[str, str] = {
    "purpose": "purpose of the processing, for the record of processing",
    "basis": "legal basis: consent, contract, legal obligation, vital interests, public task or legitimate interests; "
    "with `consent` what names people waits until they allow its use",
    "residency": "the only regions where its documents may be, as `eu,ch`; anywhere unless given",
}
PROMISE: Mapping[str, str] = {
    "contract": "the contract that each sync is held to, a `.toml` or ODCS `.yaml` file",
}  # of a place that is read as a whole
WAITS: Mapping[str, str] = {
    "keep": "how long a document is kept after it came in, as `365d`; for ever unless given",
    "undecided": "how long what is in quarantine waits for a decision before it is deleted, as `90d`; for ever unless "
    "given",
}
POLICIES: Mapping[str, str] = {
    **_STATED_SAYS,
    "mask": "kinds of personal data that answers never show, as `email,phone`, or `all`",
    "pseudonym": "kinds that a word such as `PERSON-7F3K2` stands for, the same one throughout the home",
    "token": "kinds of numbers that another number of the same form stands for",
    "drop": "kinds that are cut out",
    "block": "kinds of personal data whose documents are refused, as `ssn,card`, or `all`",
    OPTION: "what its documents may be used for, as `answer,train`; for everything unless given",
    **WAITS,
}


class Policy(NamedTuple):
    """Kinds of mentions by what becomes of them, and kinds that keep a document out."""

    mask: frozenset[str] = frozenset()
    block: frozenset[str] = frozenset()
    pseudonym: frozenset[str] = frozenset()
    token: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()

    @property
    def hidden(self) -> frozenset[str]:
        """Kinds that are shown nowhere."""
        return self.mask | self.drop | self.exchanged

    @property
    def exchanged(self) -> frozenset[str]:
        """Kinds that tokens stand for."""
        return self.pseudonym | self.token


def policy(options: Mapping[str, str]) -> Policy:
    """What a source's options say; raises Invalid for a kind that is not known, or that two actions name.

    `all` means the kinds that no other action names and that are not indirect; of `token` those that have a form.
    """
    named = {name: _kinds(options.get(name, "")) for name in Policy._fields}
    for one, other in combinations(_REWRITES, 2):
        if both := sorted(named[one] & named[other]):
            raise Invalid(f"{both[0]!r} is named by {one!r} and by {other!r}", hint="one of them alone can be done")
    if formless := sorted(named["token"] - FORMED):
        raise Invalid(
            f"{formless[0]!r} has no form to keep", hint=f"`pseudonym` it; `token`: {', '.join(sorted(FORMED))}"
        )
    taken = frozenset().union(*(named[name] for name in _REWRITES))
    for name in (name for name in Policy._fields if ALL in _words(options.get(name, ""))):
        meant_by_all = FORMED if name == "token" else _DIRECT
        named[name] |= meant_by_all if name == "block" else meant_by_all - taken
        taken |= named[name] if name in _REWRITES else frozenset()
    return Policy(**named)


def kept_s(options: Mapping[str, str]) -> float:
    """Seconds that a source may keep what came in, 0 for ever; raises Invalid."""
    return parse_duration(options["keep"]) if options.get("keep") else 0.0


def undecided_s(options: Mapping[str, str]) -> float:
    """Seconds that what is in quarantine waits for a decision, 0 for ever; raises Invalid."""
    return parse_duration(options["undecided"]) if options.get("undecided") else 0.0


def said(text: str, mentions: Iterable[Mention], kinds: frozenset[str]) -> dict[str, Mention]:
    """What stands in the text under these kinds, each once, with a mention that says so."""
    return {text[m.start : m.end]: m for m in _meant(mentions, kinds)}


def cover(word: str) -> str:
    """Its letters and digits covered; what stands around it stays where it was."""
    return "".join(COVER if c.isalnum() else c for c in word)


def drop(_: str) -> str:
    """Nothing in its place."""
    return ""


def called(mention: Mention) -> Iterator[str]:
    """What a text may call what was met; of a name each word, since a person is called by one of them further on."""
    yield mention.value
    yield mention.value.rpartition(":")[2]
    if mention.kind in ("name", "declared"):
        yield from _WORD.findall(mention.value)


def blocked(mentions: Iterable[Mention], kinds: frozenset[str]) -> bool:
    """Whether one of these kinds is there."""
    return any(_meant(mentions, kinds))


def _meant(mentions: Iterable[Mention], kinds: frozenset[str]) -> Iterator[Mention]:
    return (m for m in mentions if m.kind in kinds and m.score >= SCORE)


def kinds_named(said: str) -> frozenset[str]:
    """Kinds as a person names them, `all` for every one; raises Invalid."""
    return frozenset(MENTION_KINDS) if said == ALL else _kinds(said)


def _words(said: str) -> frozenset[str]:
    return frozenset(word.strip() for word in said.split(",") if word.strip())


def _kinds(said: str) -> frozenset[str]:
    kinds = _words(said) - {ALL}
    if unknown := sorted(kinds - set(MENTION_KINDS)):
        raise Invalid(f"{unknown[0]!r} is no kind of personal data", hint=meant(unknown[0], ("all", *MENTION_KINDS)))
    return kinds

"""What becomes of personal data as it comes in: kept, masked in all that is searched and cited, or not let in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from thruline.core.documents import Mention
from thruline.core.errors import Invalid
from thruline.core.facts import MENTION_KINDS
from thruline.core.nearest import meant
from thruline.core.units import parse_duration
from thruline.data.uses import OPTION

SCORE = 0.3  # a doubtful mention is masked as well: below it are look-alikes that name nobody
COVER = "\u2588"
STATED: Mapping[str, str] = {
    "purpose": "purpose of the processing",
    "basis": "legal basis",
    "residency": "where it may lie",
}  # for the papers: written down, not enforced
WAITS: Mapping[str, str] = {
    "keep": "how long a document is kept after it came in, as `365d`; for ever unless given",
    "undecided": "how long what is in quarantine waits for a decision before it is deleted, as `90d`; for ever unless "
    "given",
}
POLICIES: Mapping[str, str] = {
    **{name: f"{says}, for the record of processing" for name, says in STATED.items()},
    "mask": "kinds of personal data that answers never show, as `email,phone`, or `all`",
    "block": "kinds of personal data whose documents are refused, as `ssn,card`, or `all`",
    OPTION: "what its documents may be used for, as `answer,train`; for everything unless given",
    **WAITS,
}


class Policy(NamedTuple):
    """Kinds of mentions to cover, and kinds that keep a document out."""

    mask: frozenset[str] = frozenset()
    block: frozenset[str] = frozenset()


def policy(options: Mapping[str, str]) -> Policy:
    """What a source's options say; raises Invalid for a kind that is not known."""
    return Policy(*(_kinds(options.get(name, "")) for name in Policy._fields))


def kept_s(options: Mapping[str, str]) -> float:
    """Seconds that a source may keep what came in, 0 for ever; raises Invalid."""
    return parse_duration(options["keep"]) if options.get("keep") else 0.0


def undecided_s(options: Mapping[str, str]) -> float:
    """Seconds that what is in quarantine waits for a decision, 0 for ever; raises Invalid."""
    return parse_duration(options["undecided"]) if options.get("undecided") else 0.0


def said(text: str, mentions: Iterable[Mention], kinds: frozenset[str]) -> frozenset[str]:
    """What stands in the text under these kinds."""
    return frozenset(text[m.start : m.end] for m in _meant(mentions, kinds))


def coverer(words: Iterable[str]) -> Callable[[str], str]:
    """Covers these words letter by letter wherever they stand, in any case and with other marks between their parts.

    What stands around them stays where it was.
    """
    patterns = [_anywhere(word) for word in sorted(words, key=len, reverse=True) if re.search(r"[^\W_]", word)]
    if not patterns:
        return str
    found = re.compile(rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])", re.IGNORECASE)
    return lambda text: found.sub(lambda match: _cover(match[0]), text)


def _anywhere(word: str) -> str:
    """`536-90-4399` is also 536904399; names in capitals are still names."""
    parts = re.findall(r"[^\W_]+", word)
    if all(part.isdigit() for part in parts):
        return r"[\W_]?".join(char for part in parts for char in part)
    return r"[\W_]{1,3}".join(map(re.escape, parts))


def blocked(mentions: Iterable[Mention], kinds: frozenset[str]) -> bool:
    """Whether one of these kinds is there."""
    return any(_meant(mentions, kinds))


def _meant(mentions: Iterable[Mention], kinds: frozenset[str]) -> Iterator[Mention]:
    return (m for m in mentions if m.kind in kinds and m.score >= SCORE)


def _cover(word: str) -> str:
    return "".join(COVER if c.isalnum() else c for c in word)


def _kinds(said: str) -> frozenset[str]:
    if said == "all":
        return frozenset(MENTION_KINDS)
    kinds = frozenset(kind.strip() for kind in said.split(",") if kind.strip())
    if unknown := sorted(kinds - set(MENTION_KINDS)):
        raise Invalid(f"{unknown[0]!r} is no kind of personal data", hint=meant(unknown[0], ("all", *MENTION_KINDS)))
    return kinds

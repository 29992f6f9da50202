"""Personal data in text: shapes first, then checksums and the words around decide.

Here are the kinds that most texts have and what joins all rules; the others stand, with their proofs, in
`identifiers`, `secrets`, `credentials`, `particulars`, `addresses` and `indirect`.

| kind | proof | score |
|---|---|---|
| email | shape; an address that is nobody's | .95, .2 |
| iban | length of its country and modulo 97 | .99 |
| card | Luhn and a network's prefix and length, with words before or without | .99, .9 |
| ssn | shape, with words before; with hyphens alone | .95, .8 |
| ip | public address, with words before or without; version-like, private or reserved | .9, .7, .2, .1 |
| phone | international or national shape, words | .95-.6 |
| name, place, organisation | what the name detector says | |

Scores: .9 and more is proved by a checksum or an unmistakable shape, .5 and more is worth a link, and below .3 are
look-alikes that name nobody (loopback and documentation addresses, `noreply@`), there for callers who count them.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, chain

from thruline.core.documents import Mention
from thruline.core.facts import INDIRECT_KINDS
from thruline.data import addresses, credentials, identifiers, indirect, particulars, secrets
from thruline.data.digits import card_network, iban_at, is_luhn, phone_score
from thruline.ports.names import NameDetector

_AROUND = 40
# How far from a digit the words may begin that announce it, and how far what follows it may reach.
_LEAD, _TRAIL = 96, 40
_NUMERIC = re.compile(rf"\d(?:\D{{0,{_LEAD + _TRAIL}}}+\d)*+")
_CUT = "\n\n\0\n\n"  # no rule reads across it
_Rule = Callable[[str, str], Iterator[Mention]]
_EMAIL = re.compile(
    r"(?<![\w.+%:/-])[\w.+%'-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\b(?!:)", re.I
)
_NOBODY = re.compile(r"(?:no-?reply|do-?not-?reply|postmaster|mailer-daemon|webmaster|root|git|user|username)@", re.I)
# These begin with a class of characters and look behind it, not before it: so the engine skips what cannot begin one.
_PHONE = re.compile(
    r"[+(\d](?<![\w.@/:=#+-].)(?:(?<=\d)|\d)(?:[ .\-/()]{0,2}\d){6,16}(?=[ ]?x\d{1,5}\b|(?![\w@]|[.:/-]\d))"
)
_EXTENSION = re.compile(r"[ ]?x\d{1,5}\b")
_CARD = re.compile(r"\d(?<![\w.-].)(?:[ -]?\d){11,18}(?![\w]|[.-]\d)")
_SSN = re.compile(r"[0-8](?<![\w.-].)\d\d(?<!000|666)([ -]?)(?!00)\d{2}\1(?!0000)\d{4}(?![\w]|[.-]\d)")
_IPV4 = re.compile(r"\d(?<![\w.-].)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"[0-9a-f:](?<![\w:.].)(?:(?<=:):|[0-9a-f]{0,3}:)[0-9a-f:]{3,37}(?<!::)(?![\w:]|\.\d)", re.I)
_IBAN = re.compile(r"[a-z](?<!\w.)[a-z]\d{2}(?= ?[a-z0-9]{4})", re.I)
_SAYS_CARD = re.compile(r"\b(?:cards?|cc|credit|debit|visa|mastercard|amex|maestro)\b", re.I)
_SAYS_SSN = re.compile(r"\b(?:ssn|social\s+security)\b", re.I)
_SAYS_IP = re.compile(r"\b(?:ip|address|host|client|server|from|addr)\b|_ip\b", re.I)
_SAYS_VERSION = re.compile(r"(?:version|release|\bv|[<>=~^]=?|[a-z]-)\s*$", re.I)


def find_mentions(text: str, names: NameDetector | None = None) -> list[Mention]:
    """Mentions in order, without overlap; where two kinds claim the same characters the better proved one wins.

    value: e-mail lower-cased, phone and card digits (phone with its `+`), IBAN without spaces, numbers of an office
    with their country before them (`de:`), name case-folded; a surname alone takes the value of the one full name in
    the text that ends in it. What the name detector says comes after all that rules say, and
    what is indirect last.
    """
    ruled = sorted((*_by(_RULES, text), *_near_numbers(text)), key=lambda m: -m.score)
    first, last = ([m for m in ruled if (m.kind in INDIRECT_KINDS) == late] for late in (False, True))
    claimed = bytearray(len(text))
    mentions: list[Mention] = []
    for mention in (*first, *_names(text, names), *last):
        if claimed.find(1, mention.start, mention.end) < 0:
            claimed[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
            mentions.append(mention)
    return sorted(mentions, key=lambda m: m.start)


def _near_numbers(text: str) -> Iterator[Mention]:
    """What the rules of numbers find: they read only the surroundings of digits, so that prose costs them nothing."""
    parts = [(max(0, m.start() - _LEAD), m.end() + _TRAIL) for m in _NUMERIC.finditer(text)]
    starts = list(accumulate((min(end, len(text)) - start + len(_CUT) for start, end in parts), initial=0))
    for mention in _by(_NUMBER_RULES, _CUT.join(text[start:end] for start, end in parts)):
        part = bisect_right(starts, mention.start) - 1
        shift = parts[part][0] - starts[part]
        yield replace(mention, start=mention.start + shift, end=mention.end + shift)


def _by(rules: Sequence[_Rule], text: str) -> Iterator[Mention]:
    lowered = _lowered(text)
    return chain.from_iterable(rule(text, lowered) for rule in rules)


def _lowered(text: str) -> str:
    """The text in lower case, each character where it was."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _emails(text: str, _: str) -> Iterator[Mention]:
    for found in _EMAIL.finditer(text) if "@" in text else ():
        score = 0.2 if _NOBODY.match(found[0]) else 0.95
        yield Mention(kind="email", start=found.start(), end=found.end(), value=found[0].lower(), score=score)


def _ibans(text: str, _: str) -> Iterator[Mention]:
    for found in _IBAN.finditer(text):
        if (end := iban_at(text, found.start())) > 0:
            value = re.sub(r"\W", "", text[found.start() : end]).upper()
            yield Mention(kind="iban", start=found.start(), end=end, value=value, score=0.99)


def _cards(text: str, _: str) -> Iterator[Mention]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        network = card_network(digits)
        said = _SAYS_CARD.search(_before(text, found.start())) is not None
        if is_luhn(digits) and network and (said or network != "maestro"):
            yield Mention(kind="card", start=found.start(), end=found.end(), value=digits, score=0.99 if said else 0.9)


def _ssns(text: str, _: str) -> Iterator[Mention]:
    for found in _SSN.finditer(text):
        said = _SAYS_SSN.search(_before(text, found.start())) is not None
        if said or found[1] == "-":
            value = re.sub(r"\D", "", found[0])
            yield Mention(kind="ssn", start=found.start(), end=found.end(), value=value, score=0.95 if said else 0.8)


def _hosts(text: str, _: str) -> Iterator[Mention]:
    for found in chain(_IPV4.finditer(text), _IPV6.finditer(text)):
        before = _before(text, found.start())
        try:
            address = ipaddress.ip_address(found[0])
        except ValueError:
            continue  # has the shape, is none: 999.1.2.3, 12:30:45
        if not _SAYS_VERSION.search(before):
            score = _host_score(address, said=_SAYS_IP.search(before) is not None)
            yield Mention(kind="ip", start=found.start(), end=found.end(), value=str(address), score=score)


def _host_score(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, said: bool) -> float:
    """Four small numbers are a version number more often than somebody's address."""
    if not address.is_global or address.is_multicast:
        return 0.1
    version_like = address.version == 4 and max(address.packed) < 30
    return 0.9 if said and not version_like else 0.2 if version_like else 0.7


def _phones(text: str, _: str) -> Iterator[Mention]:
    for found in _PHONE.finditer(text):
        start, end = found.start(), found.end()
        score = phone_score(found[0], before=_before(text, start), after=text[end : end + 10])
        if score:
            value = ("+" if found[0].startswith("+") else "") + re.sub(r"\D", "", found[0])
            extension = _EXTENSION.match(text, end)
            yield Mention(
                kind="phone", start=start, end=extension.end() if extension else end, value=value, score=score
            )


def _names(text: str, names: NameDetector | None) -> list[Mention]:
    spans = names.find([text])[0] if names is not None else []
    values = [" ".join(text[s.start : s.end].split()).casefold() for s in spans]
    full = _by_surname([value for s, value in zip(spans, values, strict=True) if s.kind == "name"])
    return [
        Mention(kind=s.kind, start=s.start, end=s.end, value=full.get(value, value), score=s.score)
        for s, value in zip(spans, values, strict=True)
    ]


def _by_surname(values: list[str]) -> Mapping[str, str]:
    """Surname -> full name, for surnames that only one full name of the text has."""
    owners: dict[str, set[str]] = {}
    for value in values:
        if " " in value:
            owners.setdefault(value.rpartition(" ")[2], set()).add(value)
    return {surname: next(iter(full)) for surname, full in owners.items() if len(full) == 1}


def _before(text: str, start: int) -> str:
    return text[max(0, start - _AROUND) : start]


# Of equal scores the earlier rule gets the characters.
_RULES: tuple[_Rule, ...] = (
    _emails,
    credentials.open_addresses,
    secrets.secrets,
    particulars.origins,
    indirect.web_addresses,
)
_NUMBER_RULES: tuple[_Rule, ...] = (
    credentials.wallets, credentials.devices, _ibans, _cards, identifiers.announced, identifiers.unmistakable, _ssns,
    _hosts, _phones, addresses.addresses, particulars.birth_dates, particulars.ages, particulars.postcodes,
    particulars.positions, indirect.dates,
)  # fmt: skip

"""Numbers that an office gave to one person: a shape, and as proof a checksum, the words before it, or both.

| kind | proof | score |
|---|---|---|
| national_id | checksum (FR, ES, IT, NL, PL, SE) or shape (UK, identity cards) after words | .98-.8 |
| | alone: a shape that little else has, with a checksum (IT, FR) or without (UK); Spain's proves less | .9, .7, .4 |
| tax_id | checksum (DE, PL, UK) or shape (US, FR) after words | .97, .95-.85 |
| passport | check digits of the machine-readable line; shape after words | .99, .85 |
| licence, plate | shape after words | .85, .8 |
| health_id | checksum (NHS, KVNR) or shape (Medicare, record numbers) after words | .97, .95-.8 |
| vat | a country's shape after words; Germany's checksum alone | .95, .8 |
| bic, account, imei | shape after words, with a checksum for US routing numbers and devices | .97-.85 |

The table of announced numbers is `identifiers.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from thruline.core.documents import Mention, MentionKind
from thruline.data import checksums

_REACH = 80  # characters after the words in which a number with a checksum is looked for
# What may stand between the words and a number that has no checksum: "no. (UK): ", "number is ".
_LINKS = (
    r"(?i:[ \t]*(?:\((?:[\w./-]+ ?){1,3}\)|numbers?\b|nummer\b|num[ée]ro\b|n[or]\b|code\b|id\b|is\b|ist\b|est\b|es\b"
    r"|[:=#.º°|\u2013-])){0,5}\s{0,3}"
)
_ALONE: tuple[tuple[MentionKind, str, float, re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        "national_id",
        "it",
        0.9,
        re.compile(r"[A-Z](?<!\w.)[A-Z]{5}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]\b", re.IGNORECASE),
        checksums.is_fiscale,
    ),
    (
        "national_id",
        "fr",
        0.9,
        re.compile(r"[12](?<!\w.) ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d\b(?![.:-]\d)"),
        checksums.is_nir,
    ),
    ("national_id", "es", 0.4, re.compile(r"[XYZ\d](?<!\w.)-?\d{7}-?[A-HJ-NP-TV-Z]\b"), checksums.is_dni),
    (
        "national_id",
        "gb",
        0.7,
        re.compile(r"[A-CEGHJ-PR-TW-Z](?<!\w.)[A-CEGHJ-NPR-TW-Z](?<!BG|GB|NK|KN|TN|NT|ZZ)(?: ?\d\d){3} ?[A-D]\b"),
        bool,
    ),
    (
        "passport",
        "",
        0.99,
        re.compile(r"[A-Z\d](?<!\w.)[A-Z\d<]{8}\d[A-Z<]{3}\d{7}[MFX<]\d{7}[A-Z\d<]{14}[\d<]\d\b"),
        checksums.is_machine_readable,
    ),
    ("vat", "", 0.8, re.compile(r"DE(?<!\w..) ?\d{9}\b"), lambda number: checksums.is_german_vat(number[2:])),
)


@dataclass(frozen=True, kw_only=True)
class _Announced:
    kind: MentionKind
    words: tuple[str, ...]
    shape: re.Pattern[str]
    score: float
    country: str
    proof: Callable[[str], bool] | None


def announced(text: str, lowered: str) -> Iterator[Mention]:
    """Numbers after the words that announce them. lowered: the text in lower case, of the same length."""
    for number in _table():
        for at in after(lowered, number.words):
            mention = _first(text, at, number)
            if mention is not None:
                yield mention


def unmistakable(text: str, _: str) -> Iterator[Mention]:
    """Numbers that need no words around them, because few other things have their shape."""
    for kind, country, score, shape, is_proved in _ALONE:
        for found in shape.finditer(text):
            value = _bare(found[0])
            if is_proved(value):
                yield Mention(kind=kind, start=found.start(), end=found.end(), value=_of(country, value), score=score)


def _first(text: str, at: int, number: _Announced) -> Mention | None:
    if number.proof is None:
        found = number.shape.match(text, at)
        return _mention(found, number) if found else None
    end = text.find("\n\n", at, at + _REACH)
    for found in number.shape.finditer(text, at, at + _REACH if end < 0 else end):
        if number.proof(_bare(found["number"])):
            return _mention(found, number)
    return None


def _mention(found: re.Match[str], number: _Announced) -> Mention:
    start, end = found.span("number")
    value = _of(number.country, _bare(found["number"]))
    return Mention(kind=number.kind, start=start, end=end, value=value, score=number.score)


def after(lowered: str, words: tuple[str, ...]) -> Iterator[int]:
    """Where each of the words ends, as a whole word."""
    for word in words:
        at = lowered.find(word)
        while at >= 0:
            end = at + len(word)
            if not lowered[at - 1 : at].isalnum() and not lowered[end : end + 1].isalpha():
                yield end
            at = lowered.find(word, end)


@cache
def _table() -> tuple[_Announced, ...]:
    rows = tomllib.loads(files("thruline.data").joinpath("identifiers.toml").read_text("utf-8"))["number"]
    return tuple(
        _Announced(
            kind=row["kind"],
            words=tuple(row["words"]),
            shape=_shape("|".join(row["shapes"]), proved="proof" in row),
            score=row["score"],
            country=row.get("country", ""),
            proof=getattr(checksums, row["proof"]) if "proof" in row else None,
        )
        for row in rows
    )


def _shape(number: str, *, proved: bool) -> re.Pattern[str]:
    before = r"(?<![\w.])" if proved else _LINKS
    return re.compile(rf"{before}(?P<number>{number})(?!\w|-\d)", re.IGNORECASE if proved else re.NOFLAG)


def _bare(number: str) -> str:
    return re.sub(r"[^\w<]", "", number).upper()


def _of(country: str, value: str) -> str:
    return f"{country}:{value}" if country else value

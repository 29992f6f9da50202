"""Names without a downloaded model: by the words around them, by the tagger, and by lists of names that are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from thruline.core.scanning import Scanned
from thruline.data.tagger import Judge, Tagged, is_full, tag
from thruline.ports.names import NameDetector, Span

_PART = r"(?<!\w)[A-ZÀ-ÖØ-ÞŁŚŠŽŻŹČĆÇĐŘŇŤĎĚİŞĞŐŰÓÁÉÍÚÝЀ-ЯΑ-Ω][\w'\u2019-]{0,40}\w\b"
_LINK = r"(?:de|da|di|do|dos|del|della|van|von|der|den|ter|la|le|bin|ibn|al|el|y|e|af|zu)"
_MORE = rf"(?:[ ]{_LINK}){{0,2}}[ ](?:[A-Z]\.?[ ])?{_PART}"
_NAME = rf"(?P<name>{_PART}(?:{_MORE}){{0,3}})"
_FULL = rf"(?P<name>{_PART}(?:{_MORE}){{1,3}})"


class _Rule(NamedTuple):
    """first, holds: as Scanned.finditer takes them."""

    score: float
    regex: re.Pattern[str]
    first: tuple[str, ...]
    holds: tuple[str, ...] = ()

    def finditer(self, text: Scanned) -> Iterator[re.Match[str]]:
        """All that regex.finditer gives."""
        return text.finditer(self.regex, first=self.first, holds=self.holds)


_RULES: tuple[_Rule, ...] = tuple(
    _Rule(score, re.compile(pattern, re.MULTILINE), tuple(first.split()), tuple(holds.split()))
    for score, first, holds, pattern in (
        (0.95, "", "@", rf"{_FULL}[ ]*[<(](?=[\w.+%-]+@)"),
        (
            0.9,
            "mr mrs ms miss mx dr prof professor herr frau mme madame señor señora sr sra",
            "",
            rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Herr|Frau|Mme|Madame|Señora?|Sra?)\.?[ ]+{_NAME}",
        ),
        (
            0.85,
            "",
            "regards sincerely cheers thank best grüße yours",
            r"(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Tt]hanks|[Tt]hank you|[Bb]est|Grüßen?"
            r"|[Yy]ours(?: truly| faithfully)?)"
            rf"[,!.]?[ \t]*\n\s*{_NAME}[ \t]*$",
        ),
        (
            0.85,
            "dear hi hello hey hallo liebe lieber",
            "",
            rf"\b(?:Dear|Hi|Hello|Hey|Hallo|Liebe|Lieber)[ ]+{_NAME}[ ]*(?=[,!:\n])",
        ),
        (
            0.85,
            "customer client full name patient employee applicant caller tenant account cardholder reporter requester"
            " assignee contact",
            "",
            r"\b(?:[Cc]ustomer|[Cc]lient|[Ff]ull[ ]name|[Nn]ame|[Pp]atient|[Ee]mployee|[Aa]pplicant|[Cc]aller"
            r"|[Tt]enant|[Aa]ccount[ ]holder|[Cc]ardholder|[Rr]eporter|[Rr]equester|[Aa]ssignee"
            r"|[Cc]ontact(?:[ ]person)?)(?:[ ]name)?"
            rf"[ \t]*:[ \t]*{_NAME}",
        ),
        (
            0.8,
            "user from to cc owner author agent manager attn billing directed signed",
            "",
            r"\b(?:[Uu]ser|[Ff]rom|[Tt]o|[Cc]c|[Oo]wner|[Aa]uthor|[Aa]gent|[Mm]anager|[Aa]ttn|[Bb]illing[ ]address"
            rf"|[Dd]irected[ ][Bb]y|[Ss]igned)[ \t]*:[ \t]*{_FULL}",
        ),
        (
            0.8,
            "reported signed written prepared approved requested submitted raised",
            "",
            r"\b(?:[Rr]eported|[Ss]igned|[Ww]ritten|[Pp]repared|[Aa]pproved|[Rr]equested|[Ss]ubmitted|[Rr]aised)"
            rf"[ ]by[ :]+{_FULL}",
        ),
        (0.8, "my", "", rf"\b[Mm]y[ ]name[ ]is[ ]{_NAME}"),
        (
            0.7,
            "i this named on spoke met",
            "",
            rf"\b(?:I[ ]am|I'm|I\u2019m|[Tt]his[ ]is|named|[Oo]n[ ]behalf[ ]of|spoke[ ](?:to|with)|met)[ ]{_FULL}",
        ),
    )
)
_LEAST = {"name": 0.35, "place": 0.35, "organisation": 0.35, "address": 0.5}
# Capitalised words that stand where names stand and are none.
# fmt: off
_NOT_NAMES = frozenset((
    "All", "Team", "Sir", "Madam", "Support", "Everyone", "Everybody", "World", "There", "The", "This",
    "That", "Friends", "Colleagues", "Customer", "Service", "Services", "Department", "Office", "Admin",
    "User", "Users", "Guest", "None", "True", "False", "Null", "Django", "Python", "Please", "Your", "Our",
    "Company", "Inc", "Ltd", "GmbH", "Re", "Subject", "Date", "I",
))
# fmt: on


class ContextNames:
    """Names that their surroundings give away (greetings, signatures, labels, titles), and what the tagger finds.

    Of the tagger only a full name with a listed given name is worth a link; its other names, places, organisations and
    addresses are worth a mask. judge: what the tagger goes by, with its version; the linear model when there is none.
    """

    def __init__(self, judge: Judge | None = None, version: str = "context 3") -> None:
        self._judge = judge
        self.version = version

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans; a surname alone counts once its full name was found in the same text."""
        return [
            _best([*_with_surnames(text, _best(_in_context(text))), *_in_prose(text, self._judge)]) for text in texts
        ]


class KnownNames:
    """Names of a list, as whole words and in their own case; a surname alone after its full name."""

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted({" ".join(name.split()) for name in names} - {""}, key=lambda n: (-len(n), n))
        self.version = f"known {len(known)}"
        self._pattern = _any_of(known)

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans."""
        return [
            _with_surnames(text, [Span(m.start(), m.end(), 1.0) for m in self._pattern.finditer(text)])
            for text in texts
        ]


class AllNames:
    """What several detectors find; of spans that overlap the surest stays, of equally sure ones the longest."""

    def __init__(self, detectors: Sequence[NameDetector]) -> None:
        self._detectors = detectors
        self.version = " and ".join(detector.version for detector in detectors)

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans."""
        each = zip(*(detector.find(texts) for detector in self._detectors), strict=True)
        return [_best(span for spans in found for span in spans) for found in each]


def _in_context(text: str) -> Iterator[Span]:
    scanned = Scanned(text)
    for rule in _RULES:
        for found in rule.finditer(scanned):
            start, end = found.span("name")
            name = text[start:end]
            if name.endswith(("'s", "\u2019s")):
                end -= 2
            if _NOT_NAMES.isdisjoint(name.split()) and not name.isupper():
                yield Span(start, end, rule.score)


def _in_prose(text: str, judge: Judge | None) -> Iterator[Span]:
    for part in tag(text, judge):
        words = text[part.start : part.end]
        if part.probability >= _LEAST[part.label] and (part.label != "address" or _is_address(words)):
            yield Span(part.start, part.end, _worth(words, part), part.label)


def _worth(words: str, part: Tagged) -> float:
    """A link only for a listed given name with a surname behind it; everything else is masked and links nobody."""
    return 0.6 if part.label == "name" and part.probability > 0.8 and is_full(words) else 0.4


def _is_address(words: str) -> bool:
    return len(words) > 5 and any(c.isdigit() for c in words) and sum(c.isalpha() for c in words) > 3


def _best(spans: Iterable[Span]) -> list[Span]:
    """Spans in order; of overlapping ones the best, then the longest."""
    ranked = sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start))
    claimed = bytearray(max((s.end for s in ranked), default=0))
    kept: list[Span] = []
    for span in ranked:
        if claimed.find(1, span.start, span.end) < 0:
            claimed[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept)


def _with_surnames(text: str, spans: list[Span]) -> list[Span]:
    """The spans, and where else their full names or surnames stand after the first of them."""
    found = {" ".join(text[s.start : s.end].split()): s.score for s in spans}
    full = {name: score for name, score in found.items() if " " in name}
    if not full:
        return spans
    surnames = {name.rpartition(" ")[2] for name in full} - _NOT_NAMES
    again = _any_of(sorted(full.keys() | {s for s in surnames if len(s) > 2}, key=lambda n: (-len(n), n)))
    score = min(full.values()) - 0.1
    return _best([*spans, *(Span(m.start(), m.end(), score) for m in again.finditer(text, spans[0].end))])


def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    """Matches any of the names with any white space between their words; of no names, nothing."""
    words = (r"\s+".join(map(re.escape, name.split())) for name in names)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") if names else re.compile(r"(?!)")

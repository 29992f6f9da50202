"""What tells of somebody only beside other words: dates and web addresses, of which most texts are full.

Nobody is linked by them, contracts and scores do not count them, and a policy means them where it names them: rules
that want them gone (the Safe Harbor method of HIPAA, 45 CFR 164.514(b)(2)) name both.

| kind | proof | score |
|---|---|---|
| date | a day of a month, with its year and time or without; not a year alone | .4 |
| web | `https://` or `www.` and a host, or a host under a common domain; reserved and local hosts | .4, .2 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thruline.core.documents import Mention, MentionKind

MONTH = (
    r"(?:jan|feb|mar|mär|apr|avr|abr|may|mai|maj|mag|mei|jun|juin|jul|juil|aug|août|ago|sep|set|oct|okt|ott|out|nov"
    r"|dec|dez|déc|dic|gen|ene|giu|lug|fév|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru)[^\W\d_]{0,9}\.?"
)
# These begin with a digit or a letter and look behind it, not before it: so the engine skips what cannot begin one.
_YEAR = r"(?:19|20)\d\d"
_NUMERIC = re.compile(
    rf"\d(?<![\w.].)(?:(?<=[12])[09]\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d?[-/.]\s?\d{{1,2}}[-/.]\s?(?:{_YEAR}|\d\d))(?!\w|[.]\d)"
)
_DAY_FIRST = re.compile(
    rf"\d(?<![\w.].)\d?(?:st|nd|rd|th|\.|er)?\s(?:of\s|de\s)?{MONTH}(?:,?\s(?:de\s|del\s)?{_YEAR})?(?!\w)",
    re.IGNORECASE,
)
_AFTER_A_WORD = re.compile(rf"[ ]\d(?<=[^\W\d_]..|[.]..)\d?(?:st|nd|rd|th)?(?:,?[ ]{_YEAR})?(?![\w:]|[.,]\d)")
_ENDS_IN_MONTH = re.compile(rf"(?<!\w)(?=[^\W\da-z_]){MONTH.replace('(?:', '(?i:', 1)}$")
_TIME = re.compile(
    r"(?:T|,?[ ](?:at[ ])?)\d{1,2}:\d\d(?::\d\d)?(?:\.\d{1,6})?(?:[ ]?(?:[ap]\.?m\b\.?|Z\b|[+-]\d\d:?\d\d\b))?",
    re.IGNORECASE,
)
_LONGEST_MONTH = 14
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
_PATH = r"(?::\d{1,5})?(?:[/?#][^\s\"'<>\u0060]*[^\s\"'<>\u0060.,;:!?)\]])?/?"
_ADDRESS = re.compile(rf"[hw](?<!\w.)(?:ttps?://|ww\.)(?P<host>{_HOST}[a-z]{{2,24}})(?![\w-]){_PATH}", re.IGNORECASE)
_COMMON = re.compile(rf"\.(?:com|org|net|edu|gov|info|biz)(?![\w@-]|\.\w){_PATH}", re.IGNORECASE)
_TSOH = re.compile(r"[a-z0-9-]{1,63}+(?:\.[a-z0-9-]{1,63}+){0,6}+(?![\w@./-])", re.IGNORECASE)  # read backwards
_LONGEST_HOST = 253
_NOBODYS = re.compile(
    r"(?:.*\.)?(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|local|internal)", re.IGNORECASE
)


def dates(text: str, _: str) -> Iterator[Mention]:
    """Days of the calendar, with the time that follows."""
    spans = [found.span() for shape in (_NUMERIC, _DAY_FIRST) for found in shape.finditer(text)]
    for found in _AFTER_A_WORD.finditer(text):
        if month := _ENDS_IN_MONTH.search(text[max(0, found.start() - _LONGEST_MONTH) : found.start()]):
            spans.append((found.start() - len(month[0]), found.end()))
    for start, end in spans:
        time = _TIME.match(text, end)
        yield _mention("date", text, start, time.end() if time else end, 0.4)


def web_addresses(text: str, lowered: str) -> Iterator[Mention]:
    """Pages and sites."""
    for found in _ADDRESS.finditer(text) if "://" in text or "www." in lowered else ():
        yield _web(text, found.start(), found.end(), found["host"])
    for found in _COMMON.finditer(text):
        if before := _TSOH.match(text[max(0, found.start() - _LONGEST_HOST) : found.start()][::-1]):
            start = found.start() - len(before[0])
            yield _web(text, start, found.end(), text[start : found.end()].partition("/")[0])


def _web(text: str, start: int, end: int, host: str) -> Mention:
    return _mention("web", text, start, end, 0.2 if _NOBODYS.fullmatch(host) else 0.4)


def _mention(kind: MentionKind, text: str, start: int, end: int, score: float) -> Mention:
    value = " ".join(text[start:end].split()).casefold()
    return Mention(kind=kind, start=start, end=end, value=value, score=score)

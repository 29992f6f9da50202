"""What a sentence states, as far as it can be compared: its quantities with their units, whether it denies, what it is
about, and under which conditions.

Told by words, in English and for numbers and negation also in German, Spanish, French and Russian. What is not told
apart here is not compared: two sentences are alike until something says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from thruline.vectors.terms import stem, terms

_NUMBER_WORDS = {
    word: value
    for value, words in {
        2: "two zwei dos deux два две", 3: "three drei tres trois три", 4: "four vier cuatro quatre четыре",
        5: "five fünf cinco cinq пять", 6: "six sechs seis шесть", 7: "seven sieben siete sept семь",
        8: "eight acht ocho huit восемь", 9: "nine neun nueve neuf девять", 10: "ten zehn diez dix десять",
        11: "eleven elf onze", 12: "twelve zwölf doce douze", 13: "thirteen", 14: "fourteen", 15: "fifteen",
        16: "sixteen", 17: "seventeen", 18: "eighteen", 19: "nineteen", 20: "twenty zwanzig veinte vingt",
        30: "thirty dreißig treinta trente", 40: "forty vierzig", 50: "fifty fünfzig", 60: "sixty sechzig",
        70: "seventy", 80: "eighty", 90: "ninety neunzig", 100: "hundred hundert cien cent",
    }.items()
    for word in words.split()
}  # fmt: skip
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "tausend": 1e3, "millionen": 1e6}
_UNITS = {
    word: unit
    for unit, words in {
        "second": "s sec second seconds sekunde sekunden", "minute": "min minute minutes minuten",
        "hour": "h hr hrs hour hours stunde stunden", "day": "day days tag tage tagen día días jour jours",
        "week": "week weeks woche wochen", "month": "month months monat monate monaten mes meses mois",
        "year": "year years jahr jahre jahren año años an ans", "decade": "decade decades",
        "century": "century centuries", "metre": "m metre metres meter meters", "kilometre": "km kilometres kilometers",
        "centimetre": "cm centimetres", "millimetre": "mm", "mile": "mile miles mi", "foot": "ft foot feet",
        "inch": "inch inches", "kilogram": "kg kilograms", "gram": "g grams", "tonne": "t ton tons tonne tonnes",
        "pound weight": "lb lbs", "percent": "% percent prozent", "euro": "€ eur euro euros",
        "dollar": "$ usd dollar dollars",
        "sterling": "£ gbp", "kilobyte": "kb", "megabyte": "mb", "gigabyte": "gb", "terabyte": "tb",
        "degree": "° °c °f degrees", "litre": "l litre litres liter liters", "watt": "w kw mw watts",
    }.items()
    for word in words.split()
}  # fmt: skip
_MEASURES = frozenset(_UNITS.values())
_STEMS = {unit: frozenset(stem(word) for word, of in _UNITS.items() if of == unit) for unit in _MEASURES}
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = "|".join((*_MONTHS, *(f"{month[:3]}\\.?" for month in _MONTHS if month != "may")))
_DATE = re.compile(
    rf"\b(?:(?P<year>\d{{4}})-(?P<number>\d{{2}})-(?P<day>\d{{2}})"
    rf"|(?P<day_>\d{{1,2}})(?:st|nd|rd|th)? (?P<month_>{_MONTH})\b(?: (?P<year_>\d{{4}}))?"
    rf"|(?P<_month>{_MONTH}) (?P<_day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<_year>\d{{4}}))?)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d|2100")
_IN_A_YEAR = frozenset(("in", "since", "until", "by", "from", "year", "before", "after"))
_CURRENCIES = frozenset("€$£")
_TOKEN = re.compile(r"[€$£]|\d+(?:[.,:'\u00a0]\d+)*(?:st|nd|rd|th)?\b|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|%|°[CF]?|#|\S")
_NUMBER = re.compile(r"\d+(?:[.,:'\u00a0]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,'\u00a0]\d{3})+")
# A number after one of these names something; it measures nothing.
_LABEL_WORDS = """
version versions v release chapter section page figure table step part no number item article art rule issue bug ticket
port line appendix room building floor level phase type class model id rfc cve python django
"""
_NEGATION_WORDS = """
not no never none neither nor cannot without nobody nothing nowhere hardly prohibited forbidden impossible unable lack
lacks lacked fails failed denied refuses nicht kein keine keinen keiner keinem nie niemals ohne nunca jamás ni sin ne
pas
jamais sans не нет никогда без
"""
_SCOPE_WORDS = """
if when unless except only until before after while during least most more less than over under up above below within
minimum maximum otherwise either additional extra further each per first last another wenn falls außer nur bis vor nach
mindestens höchstens si sauf seulement
"""
_HEDGE_WORDS = "normal usual current now general typic always about approxim around also still then"
_BEHIND = frozenset(("prohibited", "forbidden", "impossible", "denied"))
_REACH = 5  # words that a denial is taken to be about
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LABELS, _NEGATIONS = frozenset(_LABEL_WORDS.split()), frozenset(_NEGATION_WORDS.split())
_SCOPES, _HEDGES = frozenset(_SCOPE_WORDS.split()), frozenset(_HEDGE_WORDS.split())
_NOT_ABOUT = _HEDGES | {stem(word) for word in (*_NEGATIONS, *_NUMBER_WORDS, *_SCALES)}


class _Amount(NamedTuple):
    dimension: str
    size: float


_SIZES = {
    "second": _Amount("time", 1), "minute": _Amount("time", 60), "hour": _Amount("time", 3600),
    "day": _Amount("time", 86_400), "week": _Amount("time", 604_800), "month": _Amount("time", 2_629_800),
    "year": _Amount("time", 31_557_600), "millimetre": _Amount("length", 1e-3), "centimetre": _Amount("length", 1e-2),
    "metre": _Amount("length", 1), "kilometre": _Amount("length", 1e3), "mile": _Amount("length", 1609),
    "gram": _Amount("mass", 1), "kilogram": _Amount("mass", 1e3), "tonne": _Amount("mass", 1e6),
    "kilobyte": _Amount("data", 1e3), "megabyte": _Amount("data", 1e6), "gigabyte": _Amount("data", 1e9),
    "terabyte": _Amount("data", 1e12),
}  # fmt: skip
ABOUT = 0.03  # a month of 30 days and one of 4 1/3 weeks are the same


class Quantity(NamedTuple):
    """A number and what it counts. units: what the words after it say; label: that it names and does not measure."""

    value: float | str
    units: frozenset[str]
    label: bool
    text: str

    def contradicts(self, other: Quantity) -> bool:
        """Whether both measure the same, as far as either says what it measures, and are not the same amount."""
        if self.label or other.label or (self.value == other.value and self.units == other.units):
            return False
        mine, theirs = self._amount, other._amount
        if mine is not None and theirs is not None:
            apart = abs(mine.size - theirs.size) > ABOUT * max(mine.size, theirs.size)
            return mine.dimension == theirs.dimension and apart
        return self.units == other.units or bool(self.units & other.units)

    def says(self, other: Quantity) -> bool:
        """Whether this is the other, as far as either says in units what it measures."""
        mine, theirs = self._amount, other._amount
        if mine is not None and theirs is not None and mine.dimension == theirs.dimension:
            return abs(mine.size - theirs.size) <= 1e-6 * mine.size
        known, known_other = self.units & _MEASURES, other.units & _MEASURES
        return self.value == other.value and (not known or not known_other or bool(known & known_other))

    @property
    def _amount(self) -> _Amount | None:
        unit = next((unit for unit in self.units if unit in _SIZES), None)
        if unit is None or isinstance(self.value, str):
            return None
        return _Amount(_SIZES[unit].dimension, self.value * _SIZES[unit].size)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """about: its terms, without numbers, units, negations and hedges. scope: words that set a condition or a bound."""

    text: str
    quantities: tuple[Quantity, ...]
    is_negated: bool
    scope: frozenset[str]
    about: frozenset[str]


def statement(text: str) -> Statement:
    """What a sentence states."""
    dates, rest = _dates(text)
    words = list(_TOKEN.finditer(rest))
    found = [*dates, *(q for at in range(len(words)) if (q := _quantity(rest, words, at)))]
    plain = {m[0].casefold().replace("\u2019", "'") for m in words}
    units = {unit for q in found for unit in q.units}
    counted = units.union(*(_STEMS.get(unit, ()) for unit in units))
    about = {term for term in terms(rest) if not term[0].isdigit()} - counted - _NOT_ABOUT
    return Statement(
        text=text, quantities=tuple(found), is_negated=bool(denials(text)), scope=_SCOPES & plain,
        about=frozenset(about),
    )  # fmt: skip


def denials(text: str) -> list[frozenset[str]]:
    """What each word that denies is said of: the terms after it; of those before it where it stands behind."""
    plain = text.casefold().replace("\u2019", "'").replace("not only", "").replace("no longer than", "")
    words = _WORD.findall(plain)
    found: list[frozenset[str]] = []
    for at, word in enumerate(words):
        if word in _NEGATIONS or word.endswith("n't"):
            after = [term for later in words[at + 1 : at + 1 + _REACH] for term in terms(later)]
            before = [term for earlier in words[max(0, at - _REACH) : at] for term in terms(earlier)]
            found.append(frozenset(after[:3] if after and word not in _BEHIND else before[-3:]))
    return found


def _dates(text: str) -> tuple[list[Quantity], str]:
    """The dates, and the text with nothing in their places."""
    found = [_date(m) for m in _DATE.finditer(text)]
    return found, _DATE.sub(" ", text)


def _date(m: re.Match[str]) -> Quantity:
    """2026-11-02, 2 November 2026 and November 2, 2026 are one; without a year it is another than with one."""
    month = m["month_"] or m["_month"]
    number = (
        next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(month[:3].lower()))
        if month
        else int(m["number"])
    )
    day, year = m["day"] or m["day_"] or m["_day"], m["year"] or m["year_"] or m["_year"] or ""
    return Quantity(f"{year}-{number:02}-{int(day):02}", frozenset(("date",)), False, m[0])


def _quantity(text: str, words: list[re.Match[str]], at: int) -> Quantity | None:
    word = words[at][0].casefold()
    value = _value(word)
    if value is None:
        return None
    before = words[at - 1][0] if at else ""
    after = words[at + 1 : at + 4]
    if isinstance(value, float) and after and after[0][0].casefold() in _SCALES:
        value *= _SCALES[after.pop(0)[0].casefold()]
    units, last = _units(before, after)
    if not units and _YEAR.fullmatch(word) and before.casefold() in _IN_A_YEAR:
        units = frozenset(("calendar year",))
    named = before[:1].isupper() and at > 1 and before.casefold() not in _UNITS
    label = word.count(".") > 1 or before == "#" or before.casefold() in _LABELS or named
    start = words[at - 1].start() if before in _CURRENCIES else words[at].start()
    return Quantity(value, units, label, text[start : last or words[at].end()])


def _value(word: str) -> float | str | None:
    if word in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[word])
    found = _NUMBER.match(word)
    if not found:
        return None
    digits = found[0]
    if _GROUPED.fullmatch(digits):
        return float(re.sub(r"\D", "", digits))
    whole, *parts = re.split(r"\D", digits)
    if len(parts) > 1:
        return digits
    return float(f"{whole}.{parts[0]}") if parts else float(whole)  # 9:30 and 9.30, 3.14 and 3,14 are one


def _units(before: str, after: list[re.Match[str]]) -> tuple[frozenset[str], int]:
    """What a number counts, and where in the text that ends: a unit that is known, else the word after it."""
    if before in _CURRENCIES:
        return frozenset((_UNITS[before],)), 0
    for word in after[:2]:
        if (unit := _UNITS.get(word[0].casefold())) and not (len(word[0]) == 1 and word is not after[0]):
            return frozenset((unit,)), word.end()
    noun = terms(after[0][0]) if after and after[0][0].isalpha() and after[0][0].islower() else []
    return frozenset(noun), after[0].end() if noun else 0

"""What describes one person without naming them: born when, how old, from where, living at which code, standing where.

| kind | proof | score |
|---|---|---|
| birth_date | a date (or `in` a year) after words | .9 (.6) |
| age | `34 years old`, `aged 34`, `just turned 34` in eight languages | .8 |
| origin | nationality, religion or descent after words, or before `citizen`, `refugee` and the like | .8, .6 |
| postcode | after words; after a city and an American state; the British, Canadian and Dutch shapes | .85, .75, .6 |
| geo | latitude and longitude with signs of the compass, or after words | .95, .9 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from thruline.core.documents import Mention, MentionKind
from thruline.data.identifiers import after
from thruline.data.indirect import MONTH

_BORN = (
    "date of birth", "dob", "d.o.b", "born", "birth date", "birthdate", "birthday", "birth", "geboren", "geburtsdatum",
    "geb.", "geb", "né le", "née le", "date de naissance", "fecha de nacimiento", "nacido", "nacida", "nato il",
    "nata il", "data di nascita", "geboortedatum", "data urodzenia", "urodzony", "urodzona", "född", "födelsedatum",
)  # fmt: skip
_DATE = re.compile(
    rf"(?<![\w.])(?:(?:19|20)\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?(?:(?:19|20)\d\d|\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.|er)?\s(?:of\s|de\s)?{MONTH},?\s(?:de\s|del\s)?(?:19|20)\d\d"
    rf"|{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d)(?!\w)",
    re.IGNORECASE,
)
_IN_YEAR = re.compile(r"[ ](?:in|im|en|nel|i|w)[ ](?P<year>(?:19|20)\d\d)(?!\w)")
_YEARS_OLD = re.compile(
    r"\d(?<![\w.,-].)\d{0,2}(?=(?:[- ]?years?[- ]old|[- ]?y/?o\b|[- ]?yr[- ]?old"
    r"|[ ]Jahre[ ]alt|-jährige?[rn]?|[ ]ans\b|[ ]años\b|[ ]anni\b|[ -]jarige|[ ]jaar[ ]oud|[ ]lat\b"
    r"|[ ]år[ ]gammal|[- ]years?[- ]of[- ]age))",
    re.IGNORECASE,
)
_SAYS_AGE = (
    "age",
    "aged",
    "turn",
    "turned",
    "turning",
    "alter",
    "âge",
    "âgé de",
    "edad",
    "età",
    "leeftijd",
    "wiek",
    "ålder",
)
_AGE = re.compile(
    r"(?:[ ]of|[ ]is)?[ ]?[:=]?[ ](?P<age>\d{1,3})"
    r"(?![\w%]|[.,:/-]\d|[ ](?:days?|hours?|minutes?|months?|weeks?|seconds?|percent))"
)
_DESCENT = ("nationality", "citizenship", "religion", "ethnicity", "ethnic origin", "denomination",
            "staatsangehörigkeit",
            "nationalité", "nacionalidad", "nazionalità", "religious belief")  # fmt: skip
_AFTER_DESCENT = re.compile(r"(?:[ ]is|[ ]ist|[ ]est)?[ ]?[:=]?[ ](?P<origin>[A-Z][^\W\d_]+(?:[ -][A-Z][^\W\d_]+)?)")
_CITIZEN = re.compile(
    r"\b(?P<origin>[A-Z][a-z]+(?:an|ish|ese|ch|ian|ic|i|im|tch|ek|ot|ist|ant|ew|ox))[ ]"
    r"(?:citizens?|nationals?|refugees?|immigrants?|descent|nationality|faith|passport holder)\b"
)
_SAYS_CITIZEN = ("citizen", " national", "refugee", "immigrant", " descent", " faith", "passport holder")
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|PR"
    r"|A[AEP])"
)
_AMERICAN = re.compile(rf"{_STATE}(?<!\w..)[ ]\d{{5}}(?:-\d{{4}})?(?![\w-])")
_CITY = re.compile(r"(?<!\w)[A-Z][\w.'-]*(?:[ ][A-Z][\w.'-]*){0,3},?[ ]$")
_POSTCODES = (
    re.compile(r"[A-PR-UWYZ](?<!\w.)[A-HK-Y]?\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}\b"),
    re.compile(r"[ABCEGHJ-NPRSTVXY](?<!\w.)\d[A-Z][ ]\d[A-Z]\d\b"),
    re.compile(r"[1-9](?<!\w.)\d{3}[ ](?!SA|SD|SS)[A-Z]{2}[ ]{1,2}[A-Z][a-z]{2,}\b"),
    re.compile(r"(?:D|A|CH|F|B|L|PL|SE|FI|DK|NO|CZ|SK)-(?<!\w..)(?<!\w...)\d{4,5}[ ][A-ZÄÖÜÅØ][^\W\d_]+"),
)
_SAYS_POSTCODE = ("zip", "zip code", "zipcode", "postcode", "post code", "postal code", "plz", "postleitzahl",
                  "code postal",
                  "código postal", "kod pocztowy", "postnummer")  # fmt: skip
_POSTCODE = re.compile(
    r"(?:[ ]is|[ ]ist)?[ ]?[:=]?\s(?P<code>(?=[A-Z -]{0,4}\d)[A-Z\d]{2,5}(?:[ -]?[A-Z\d]{2,4})?)(?!\w)"
)
_DEGREES = r"\d{0,2}(?:°[ ]?\d{1,2}['\u2032\u2019][ ]?(?:\d{1,2}(?:\.\d+)?[\"\u2033\u201d]|''))"
_COMPASS = re.compile(
    rf"\d(?<![\w.].)(?:{_DEGREES}|\d?\.\d{{2,8}}°?)[ ]?[NS][ ,;/]{{1,3}}"
    rf"(?:\d{_DEGREES}|\d{{1,3}}\.\d{{2,8}}°?)[ ]?[EWO]\b"
)
_SAYS_PLACE = (
    "lat",
    "latitude",
    "coordinates",
    "coords",
    "gps",
    "geo",
    "location",
    "position",
    "koordinaten",
    "standort",
)
_PAIR = re.compile(
    r"[^\d\n]{0,20}?(?P<pair>(?P<lat>[-+]?\d{1,2}\.\d{3,9})"
    r"°?[ ]?(?:[,;/ ]|\W{1,3}(?:lon|lng|long|longitude)\W{1,3})[ ]?"
    r"(?P<lon>[-+]?\d{1,3}\.\d{3,9}))(?![\w.])",
    re.IGNORECASE,
)


def birth_dates(text: str, lowered: str) -> Iterator[Mention]:
    """Dates after a word for birth."""
    for at in after(lowered, _BORN):
        if found := _DATE.search(text, at, at + 60):
            yield _mention("birth_date", found, 0, 0.9)
        elif found := _IN_YEAR.match(text, at):
            yield _mention("birth_date", found, "year", 0.6)


def ages(text: str, lowered: str) -> Iterator[Mention]:
    """The number of years that a person has lived."""
    said = (found for at in after(lowered, _SAYS_AGE) if (found := _AGE.match(text, at)))
    for group, found in chain(((0, m) for m in _YEARS_OLD.finditer(text)), (("age", m) for m in said)):
        if 0 < int(found[group]) < 120:
            yield _mention("age", found, group, 0.8)


def origins(text: str, lowered: str) -> Iterator[Mention]:
    """Nationality, religion, descent: what article 9 of the GDPR protects, and its neighbours."""
    for at in after(lowered, _DESCENT):
        if found := _AFTER_DESCENT.match(text, at):
            yield _mention("origin", found, "origin", 0.8)
    if any(word in lowered for word in _SAYS_CITIZEN):
        yield from (_mention("origin", m, "origin", 0.6) for m in _CITIZEN.finditer(text))


def postcodes(text: str, lowered: str) -> Iterator[Mention]:
    """Codes of the mail, with the city where it belongs to the proof."""
    for at in after(lowered, _SAYS_POSTCODE):
        if found := _POSTCODE.match(text, at):
            yield _mention("postcode", found, "code", 0.85)
    for shape in _POSTCODES:
        yield from (_mention("postcode", m, 0, 0.6) for m in shape.finditer(text))
    for found in _AMERICAN.finditer(text):
        if city := _CITY.search(text, max(0, found.start() - 48), found.start()):
            value = text[city.start() : found.end()].casefold()
            yield Mention(kind="postcode", start=city.start(), end=found.end(), value=value, score=0.75)


def positions(text: str, lowered: str) -> Iterator[Mention]:
    """Latitude and longitude."""
    yield from (_mention("geo", m, 0, 0.95) for m in _COMPASS.finditer(text))
    for at in after(lowered, _SAYS_PLACE):
        found = _PAIR.match(text, at)
        if found and abs(float(found["lat"])) <= 90 and abs(float(found["lon"])) <= 180:
            yield _mention("geo", found, "pair", 0.9)


def _mention(kind: MentionKind, found: re.Match[str], group: int | str, score: float) -> Mention:
    value = " ".join(found[group].split()).casefold()
    return Mention(kind=kind, start=found.start(group), end=found.end(group), value=value, score=score)

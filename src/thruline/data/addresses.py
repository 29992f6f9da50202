"""Postal addresses by their streets: a house number and a word for a street, then whatever of an address follows.

| found by | score |
|---|---|
| number + name + Street, Road, Ave and the like | .8 |
| rue, Via, Calle, ul. + name + number; -straße, -gatan, -laan + number | .8 |
| post box, military box | .8 |
| a flat or suite alone | .35 |

To a street belong the number before it, and the flat, town, region, country and postal code that follow at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thruline.core.documents import Mention

_WORD = r"(?:[^\W\d_a-zß-öø-ÿ][\w'\u2019.-]*)"
_SMALL = (
    r"(?:(?:of|the|de|du|des|da|do|dos|das|di|del|della|dei|la|le|les|las|los|el|y|e|van|der|den|von|am|an|zum|zur|im)"
    r"[ ]|[dl]['\u2019])"
)
_KIND = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Boulevard|Blvd|Way|Terrace|Close|Row"
    r"|Crescent|Highway|Hwy|Parkway|Pkwy|Walk|Gardens|Mews|Grove|Circle|Cir|Trail|Alley|Heights|Quay|Wharf)"
    r"(?:[ ](?:North|South|East|West|[NSEW]))?\b\.?"
)
_COMPOUND = (
    "straße", "strasse", "str.", "weg", "gasse", "platz", "allee", "ring", "damm", "ufer", "steig", "straat", "laan",
    "plein", "gracht", "kade", "dreef", "gatan", "gata", "vägen", "väg", "gränd", "stigen", "vej", "gade", "veien",
    "vegen", "gaten", "katu", "tie", "kuja", "polku",
)  # fmt: skip
_BEFORE = (
    r"(?:Rue|Avenue|Boulevard|Place|Quai|Impasse|Chemin|All[ée]e|Cours|Via|Viale|Piazza|Corso|Vicolo|Strada|Calle|C/"
    r"|Avenida|Avda?\.?|Plaza|Paseo|Carrer|Camino|R[uú]a|Pra[çc]a|Travessa|Largo|Estrada"
    r"|[Uu]l\.|[Uu]lica|[Aa]l\.|[Oo]s\.|Aleja)"
)
_STREETS = tuple(
    re.compile(shape)
    for shape in (
        rf"\d(?<![\w.,/-].)\d{{0,4}}[A-Za-z]?(?:[ ,/-]{{1,2}}\d{{1,5}}[a-z]?)?,?[ ]"
        rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,4}}{_KIND}",
        rf"{_BEFORE}[ ](?:{_SMALL}){{0,3}}(?:(?:{_SMALL}){{0,2}}{_WORD}[ ]?){{1,4}},?[ ]{{0,2}}"
        r"(?:n[°º.]?[ ]?)?\d{1,5}[a-zA-Z]?\b",
        r"\d(?<![\w.,/-].)\d{0,3}(?:[ ](?:bis|ter))?,?[ ]"
        rf"(?i:rue|avenue|boulevard|place|quai|impasse|chemin|all[ée]e)[ ]"
        rf"(?:{_SMALL}){{0,3}}{_WORD}(?:[ -](?:{_SMALL}){{0,2}}{_WORD}){{0,3}}",
        r"[PBACS](?:(?<=P)\.?[ ]?O\.?[ ]?Box|(?<=P)ost(?:box|fach|bus)|(?<=A)partado|(?<=B)o[îi]te postale"
        r"|(?<=C)asella postale|(?<=S)kr\.? poczt\.?)[ ]\d{1,6}",
        r"[PCU](?:(?<=P)SC|(?<=C)MR|(?<=U)nit)[ ]\d{1,5},?[ ]Box[ ]\d{1,5}(?:\s{1,2}(?:APO|FPO|DPO)[ ]A[AEP][ ]\d{5})?",
    )
)
_HOUSE = re.compile(r"\d{1,4}(?:[ ]?[a-zA-Z])?\b")
_STREET_BEFORE = re.compile(rf"(?<!\w)(?:{_WORD}[ ]){{0,2}}[A-ZÄÖÜÅØÆÞÖ]\w*\.?[ ]$")
_NUMBER_BEFORE = re.compile(r"(?<![\w.,/-])\d{1,5}[A-Za-z]?,?[ ]$")
_FLAT = r"(?:Apt|Apartment|Suite|Ste|Flat|Wohnung|Whg|Appartement|Lgh|Piso|Interno)\b\.?[ ]?#?\d{1,5}[A-Za-z]?\b"
_FLATS = re.compile(_FLAT)
_CODE = (
    r"(?:\d{5}(?:-\d{3,4})?|\d{4}(?:[ ][A-Z]{2}\b|-\d{3})?|\d{3}[ ]\d{2}|\d{2}-\d{3}|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}"
    r"|[A-Z]\d[A-Z][ ]\d[A-Z]\d)(?![\w-])"
)
_THEN = tuple(
    re.compile(shape)
    for shape in (
        rf"[,.]?\s{{1,8}}(?:{_FLAT}|(?:No|Nr|Floor|Room|Unit)\b\.?[ ]?\d{{1,5}})",
        rf"[,.]?(?:[,\s]{{1,8}}\(?{_WORD}\)?){{1,7}}[,\s]{{1,6}}{_CODE}",
        rf"[,.]?[,\s]{{1,4}}(?:[A-Z]{{1,2}}-)?{_CODE}[ ]{_WORD}(?:[ -]{_WORD}){{0,2}}",
        rf"[,.]?[,\s]{{1,4}}{_CODE}",
    )
)


_PIECES = 6  # flat, floor, town, region, country, code: a text of nothing but codes is no address


def addresses(text: str, lowered: str) -> Iterator[Mention]:
    """Streets with all that follows them, post boxes, flats."""
    for shape in _STREETS:
        for found in shape.finditer(text):
            if not text[found.start() - 1 : found.start()].isalnum():
                yield _mention(text, found.start(), found.end(), 0.8)
    yield from _compounds(text, lowered)
    yield from (_mention(text, m.start(), m.end(), 0.35) for m in _FLATS.finditer(text))


def _compounds(text: str, lowered: str) -> Iterator[Mention]:
    """Streets of one word, with the number behind them: Hauptstraße 5."""
    for house in _HOUSE.finditer(text):
        start = house.start()
        if lowered[max(0, start - 8) : start].rstrip(" ").endswith(_COMPOUND):
            street = _STREET_BEFORE.search(text, max(0, start - 60), start)
            if street is not None:
                yield _mention(text, street.start(), house.end(), 0.8)


def _mention(text: str, start: int, end: int, score: float) -> Mention:
    """The address around the street at start..end."""
    number = _NUMBER_BEFORE.search(text, max(0, start - 8), start)
    start = number.start() if number else start
    for _ in range(_PIECES):
        end = next((m.end() for shape in _THEN if (m := shape.match(text, end))), end)
    return Mention(
        kind="address", start=start, end=end, value=" ".join(text[start:end].split()).casefold(), score=score
    )

"""Postal addresses by their streets: a house number and a word for a street, then whatever of an address follows.

| found by | score |
|---|---|
| number + name + Street, Road, Ave and the like | .8 |
| rue, Via, Calle, ul. + name + number; -straße, -gatan, -laan + number | .8 |
| post box, military box, ship | .8 |
| name + number, or number + name, and a flat behind | .8 |
| number + name + number after words for a dwelling; the corner of two streets | .4 |
| a flat or suite alone | .35 |
| a word that ends as streets do and is none: Spring 2024 | .2 |

To a street belong the number before it, and the flat, town, region, country and postal code that follow at once.
A flat that touches a street is part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from thruline.core.documents import Mention

_COUNTRY = "|".join(
    re.escape(name)
    for name in files("thruline.data").joinpath("lists", "countries.txt").read_text("utf-8").splitlines()
)
_WORD = r"(?:[^\W\d_a-zß-öø-ÿ][\w'\u2019.-]*)"
_SMALL = (
    r"(?:(?:of|the|de|du|des|da|do|dos|das|di|del|della|dei|la|le|les|las|los|el|y|e|van|der|den|von|am|an|zum|zur|im|u|v"
    r"|z|na|nad|pod)"
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
    "vegen", "gaten", "katu", "tie", "kuja", "polku", "braut", "vegur", " utca", " út", " tér", " körút", " tänav",
)  # fmt: skip
_ALSO_ENGLISH = ("ring", "tie")  # During 1984, Katie 5
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
        rf"US(?:S|NS|NV|CGC)[ ](?:{_WORD}\s){{1,3}}(?:APO|FPO|DPO)[ ]A[AEP][ ]\d{{5}}",
    )
)
_NAMED = rf"(?:{_SMALL}){{0,2}}{_WORD}(?:[ ](?:{_SMALL}){{0,2}}{_WORD}){{0,4}}"
_DWELLING = re.compile(
    r"\b(?:address(?:es)?\b|resid\w+"
    r"|(?:live[sd]?|living|located|moved|office[ ]is|delivered|deliver|return|ship(?:ped)?|sen[dt]|taxi|arrived)\b"
    r"(?:[^.!?\n]{0,30}[ ])?(?:at|in|to)(?=[\s:]))[^.!?\n]{0,30}[\s:]$",
    re.IGNORECASE,
)
_DWELT_IN = re.compile(rf"\d(?<![\w.,/-].)\d{{0,4}}[ ](?:\d{{1,5}}[ ])?{_NAMED}[ ]\d{{1,5}}[a-z]?\b")
_SIDE = rf"(?:\d{{1,5}}[ ])?(?:(?:{_SMALL}){{0,2}}{_WORD}[ ]){{0,4}}"
_CORNER = re.compile(
    rf"[TtCc](?<!\w.)(?:(?<=[Tt])he[ ][Cc])?orner[ ]of[ ]{_SIDE}(?:{_WORD}|\d{{1,5}}\.?)[ ]and[ ]{_SIDE}"
    rf"(?:{_WORD}(?<![.,])|\d{{1,5}})"
)
_YEAR_LAST = re.compile(r"(?:19|20)\d\d$")
_HOUSE = re.compile(r"\d{1,4}(?:[ ]?[a-zA-Z])?\b")
_STREET_BEFORE = re.compile(rf"(?<!\w)(?:{_WORD}[ ]){{0,2}}[A-ZÄÖÜÅØÆÞÖ]\w*\.?[ ](?:(?:utca|út|tér|körút|tänav)[ ])?$")
_NUMBER_BEFORE = re.compile(r"(?<![\w.,/-])\d{1,5}[A-Za-z]?,?[ ]$")
_FLAT = r"(?:Apt|Apartment|Suite|Ste|Flat|Wohnung|Whg|Appartement|Lgh|Piso|Interno)\b\.?[ ]?#?\d{1,5}[A-Za-z]?\b"
_FLATS = re.compile(_FLAT)
_NUMBER_AND_MORE = rf"[ ]\d{{1,5}}[a-z]?\.?(?:[ ]{_NAMED})?"
_STREETS_BEFORE_FLAT = tuple(
    re.compile(rf"(?<![\w.,/-]){shape}[ ,]{{0,2}}\s{{0,6}}$")
    for shape in (rf"\d{{1,5}}[ ](?:\d{{1,5}}[ ])?{_NAMED}(?:{_NUMBER_AND_MORE})?", _NAMED + _NUMBER_AND_MORE)
)
_CODE = (
    r"(?:\d{5}(?:-\d{3,4})?|\d{4}(?:[ ][A-Z]{2}\b|-\d{3})?|\d{3}[ ]\d{2}|\d{2}-\d{3}|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}"
    r"|[A-Z]\d[A-Z][ ]\d[A-Z]\d)(?![\w-])"
)
_THEN = tuple(
    re.compile(shape)
    for shape in (
        rf"[,.]?[\s>]{{1,8}}(?:{_FLAT}|(?:No|Nr|Floor|Room|Unit)\b\.?[ ]?\d{{1,5}})",
        rf"[,.]?(?:[,\s>]{{1,8}}\(?{_WORD}\)?){{1,7}}[,\s>]{{1,6}}{_CODE}",
        rf"[,.]?[,\s>]{{1,4}}(?:[A-Z]{{1,2}}-)?{_CODE}[ ]{_WORD}(?:[ -]{_WORD}){{0,2}}",
        rf"[,.]?[,\s>]{{1,4}}{_CODE}",
        rf"[,.]?(?:[,\s>]{{1,8}}(?:{_SMALL}){{0,2}}\(?{_WORD}\)?){{0,6}}[,\s>]{{1,8}}(?:{_COUNTRY})(?!\w)"
        rf"(?:[ ]\({_WORD}\))?(?:\s{_CODE})?",
    )
)


_TOUCHING = re.compile(r"[,.]?[ ]{0,2}")
_FLAT_ALONE = 0.35
_LONGEST_STREET = 70
_PIECES = 6  # flat, floor, town, region, country, code: a text of nothing but codes is no address


class _Piece(NamedTuple):
    start: int
    end: int
    score: float


def addresses(text: str, lowered: str) -> Iterator[Mention]:
    """Streets with all that follows them, post boxes, flats."""
    last: _Piece | None = None
    for piece in sorted((*_streets(text), *_compounds(text, lowered), *_flats(text), *_said(text))):
        if last is not None and not _is_one(text, last, piece):
            yield _mention(text, last)
            last = None
        last = piece if last is None else _Piece(last.start, max(last.end, piece.end), max(last.score, piece.score))
    if last is not None:
        yield _mention(text, last)


def _is_one(text: str, left: _Piece, right: _Piece) -> bool:
    """Whether two pieces overlap, or one is a flat beside the other."""
    beside = min(left.score, right.score) == _FLAT_ALONE and _TOUCHING.fullmatch(text, left.end, right.start)
    return right.start < left.end or bool(beside)


def _streets(text: str) -> Iterator[_Piece]:
    for shape in _STREETS:
        for found in shape.finditer(text):
            if not text[found.start() - 1 : found.start()].isalnum():
                yield _whole(text, found.start(), found.end(), 0.8)


def _compounds(text: str, lowered: str) -> Iterator[_Piece]:
    """Streets of one word, with the number behind them: Hauptstraße 5."""
    for house in _HOUSE.finditer(text):
        start = house.start()
        word = lowered[max(0, start - 8) : start].rstrip(" ")
        if word.endswith(_COMPOUND):
            street = _STREET_BEFORE.search(text, max(0, start - 60), start)
            if street is not None:
                piece = _whole(text, street.start(), house.end(), 0.8)
                goes_on = piece.end > house.end() and not _YEAR_LAST.search(text, house.start(), piece.end)
                is_sure = not word.endswith(_ALSO_ENGLISH) or goes_on
                yield piece if is_sure else piece._replace(score=0.2)


def _flats(text: str) -> Iterator[_Piece]:
    """Flats, with the street before them."""
    for flat in _FLATS.finditer(text):
        at = max(0, flat.start() - _LONGEST_STREET)
        street = next((m for shape in _STREETS_BEFORE_FLAT if (m := shape.search(text, at, flat.start()))), None)
        piece = _whole(text, street.start() if street else flat.start(), flat.end(), 0.8)
        yield piece if street or piece.end > flat.end() else piece._replace(score=_FLAT_ALONE)


def _said(text: str) -> Iterator[_Piece]:
    """Streets that words announce: she lives at 33 Golfskálinn 78; at the corner of King Street and Mill Lane."""
    for found in _DWELT_IN.finditer(text):
        if _DWELLING.search(text, max(0, found.start() - 48), found.start()):
            yield _whole(text, found.start(), found.end(), 0.4)
    for found in _CORNER.finditer(text):
        yield _Piece(found.start(), found.end(), 0.4)


def _whole(text: str, start: int, end: int, score: float) -> _Piece:
    """The address around the street at start..end."""
    number = _NUMBER_BEFORE.search(text, max(0, start - 8), start)
    start = number.start() if number else start
    for _ in range(_PIECES):
        end = next((m.end() for shape in _THEN if (m := shape.match(text, end))), end)
    return _Piece(start, end, score)


def _mention(text: str, piece: _Piece) -> Mention:
    value = " ".join(text[piece.start : piece.end].split()).casefold()
    return Mention(kind="address", start=piece.start, end=piece.end, value=value, score=piece.score)

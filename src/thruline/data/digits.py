"""Numbers that prove themselves: Luhn (ISO/IEC 7812), IBAN (ISO 13616), and the shapes of telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Length by country, from the SWIFT IBAN registry.
_IBAN_LENGTHS: Mapping[str, int] = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_NETWORKS = (
    ("visa", re.compile(r"4(?:\d{12}|\d{15}|\d{18})")),
    ("mastercard", re.compile(r"(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}")),
    ("amex", re.compile(r"3[47]\d{13}")),
    ("diners", re.compile(r"3(?:0[0-5]|[689]\d)\d{11}")),
    ("discover", re.compile(r"6(?:011|5\d{2}|4[4-9]\d)\d{12}")),
    ("jcb", re.compile(r"(?:2131|1800)\d{11}|35\d{14}")),
    ("maestro", re.compile(r"(?:5[06-9]|6\d)\d{10,17}")),
)
_SAYS_PHONE = re.compile(
    r"\b(?:tele)?(?:phone|tel|call(?:ed|ing)?|mobile|cell|fax|whatsapp|sms|dial|ring|reach|texts?|messages?|handy|telefon|mobil)\b",
    re.IGNORECASE,
)
_SAYS_PHONE_AFTER = re.compile(r"-?\s*\(?(?:office|fax|mobile|cell|home|work)\b", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"(?:\+|00(?=[1-9]))[\d .\-/()]+")
_AMERICAN = re.compile(r"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}")
_FRENCH = re.compile(r"0[1-9](?:[ .]\d\d){4}")
_NATIONAL = re.compile(r"\(?0[1-9]\d{1,4}\)?[ /-]{1,2}\d{2,4}(?:[ -]?\d{2,6}){1,3}")
_NOT_A_PHONE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*|\d+(?:\.\d+)*|[01]+")


def is_luhn(digits: str) -> bool:
    """Whether the last digit checks the others."""
    doubled = (int(d) if i % 2 == 0 else int(d) * 2 for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def card_network(digits: str) -> str:
    """The network whose prefix and length fit, or nothing; `maestro` is so wide that it proves little."""
    return next((name for name, shape in _NETWORKS if shape.fullmatch(digits)), "") if len(set(digits)) > 1 else ""


def iban_at(text: str, start: int) -> int:
    """Where the valid IBAN that begins at start ends, 0 when there is none."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    kept: list[str] = []
    at = start
    while len(kept) < length and at < len(text) and (text[at].isalnum() or text[at] in " -"):
        if text[at].isalnum():
            kept.append(text[at].upper())
        at += 1
    whole = length > 0 and len(kept) == length and not text[at : at + 1].isalnum()
    return at if whole and _is_mod_97("".join(kept)) else 0


def phone_score(number: str, *, before: str, after: str) -> float:
    """How surely this is a telephone number, 0 for dates, versions, ids and bare digits that nobody calls one."""
    digits = sum(c.isdigit() for c in number)
    if not 7 <= digits <= 15:
        return 0.0
    said = _SAYS_PHONE.search(before) is not None or _SAYS_PHONE_AFTER.match(after) is not None
    if _INTERNATIONAL.fullmatch(number) and digits >= 9 and (said or number[0] == "+" or " " in number):
        return 0.95
    if _AMERICAN.fullmatch(number):
        return 0.95 if said else 0.8
    if _FRENCH.fullmatch(number):
        return 0.9 if said else 0.6
    if _NATIONAL.fullmatch(number) and digits >= 9:
        return 0.9 if said else 0.6
    if _NOT_A_PHONE.fullmatch(number) and not (said and digits >= 9 and "." not in number):
        return 0.0
    return 0.7 if said else 0.0


def _is_mod_97(iban: str) -> bool:
    return iban.isascii() and int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1

"""Fields: small typed facts about a document, such as its own date, a price or a department."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import exact, micros

FieldType = Literal["text", "number", "date", "flag", "list"]
Value = str | int | float | bool | tuple[str, ...]
TYPES: tuple[FieldType, ...] = get_args(FieldType)
DATE = "date"  # the field that every document has that says when it is from
LONGEST = 200  # characters of a text: what is longer is no small fact
MOST = 50  # words of a list
_DAY = 86_400_000_000
_WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{1,2}\.\d{1,2}\.\d{4}|[^:]*[A-Za-z][^:]*")
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_FORMS = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%Y/%m/%d")
_PDF = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?|Z)?.*")


class Field(NamedTuple):
    """A field of one document. value: of a date, microseconds since 1970.

    kinds: of personal data that stand in it, which not every reader is cleared for. A value that was not understood is
    None.
    """

    name: str
    type: FieldType
    value: Value | None
    kinds: tuple[str, ...] = ()

    def is_hidden(self, kinds: Collection[str]) -> bool:
        """Whether it holds something of these kinds."""
        return any(kind in kinds for kind in self.kinds)


def understood(kind: FieldType, texts: Sequence[str]) -> Value | None:
    """What words say as a value of this type; None where they say no such thing. Only a list has several texts."""
    if kind == "list":
        return _list(texts)
    return _ONE[kind](texts[-1].strip()) if texts else None


def moment(text: str) -> int | None:
    """Microseconds since 1970 of a date as documents write it, UTC unless it says otherwise.

    ISO 8601, also `2024` and `2024-05`, mail's and PDF's forms, `31.12.2024`, `7 May 2022`; not `3/4/2024`: two days.
    """
    try:
        found = _iso(text) or _pdf(text) or _mail(text) or _written_out(text)
        return micros(found) if found else None
    except (ValueError, OverflowError):
        return None


def span(text: str) -> tuple[int, int] | None:
    """From when on and before when a date as it is written means: a year, a month, a day, or one moment."""
    at = moment(text)
    if at is None:
        return None
    if month := _MONTH.fullmatch(text):
        year, number = int(month[1]), int(month[2] or 12)
        after = f"{year + number // 12:04}-{number % 12 + 1:02}"
        return at, moment(after) or at + 1
    return at, at + (_DAY if _WHOLE_DAY.fullmatch(text) else 1)


def words_of(field: Field) -> tuple[str, ...]:
    """A value in words that `understood` takes for the same; none where there is none."""
    match field.value:
        case None:
            return ()
        case tuple():
            return field.value
        case bool():
            return ("true" if field.value else "false",)
        case int() if field.type == "date":
            return (exact(field.value).removesuffix("T00:00:00Z"),)
        case float():
            return (repr(field.value).removesuffix(".0"),)
        case _:
            return (str(field.value),)


def _text(text: str) -> str | None:
    return text if 0 < len(text) <= LONGEST else None


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _flag(text: str) -> bool | None:
    return _FLAGS.get(text.casefold())


def _list(texts: Sequence[str]) -> tuple[str, ...] | None:
    words = [word for text in texts for word in (_json_list(text) or text.replace(";", ",").split(","))]
    kept = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    return kept if 0 < len(kept) <= MOST and all(len(word) <= LONGEST for word in kept) else None


def _json_list(text: str) -> list[str] | None:
    try:
        said = json.loads(text) if text.lstrip().startswith("[") else None
    except ValueError:
        return None
    return [str(word) for word in said] if isinstance(said, list) else None


def _iso(text: str) -> datetime | None:
    if month := _MONTH.fullmatch(text):
        return datetime(int(month[1]), int(month[2] or 1), 1, tzinfo=UTC)
    if day := _DAY_FIRST.fullmatch(text):
        return datetime(int(day[3]), int(day[2]), int(day[1]), tzinfo=UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _pdf(text: str) -> datetime | None:
    found = _PDF.fullmatch(text)
    if not found:
        return None
    year, *rest = (int(part) if part else None for part in found.groups()[:6])
    month, day, *time = rest
    zone = f"{found[7]}{found[8]}:{found[9] or '00'}" if found[7] else "+00:00"
    hour, minute, second = (part or 0 for part in time)
    return datetime.fromisoformat(f"{year:04}-{month or 1:02}-{day or 1:02}T{hour:02}:{minute:02}:{second:02}{zone}")


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None


def _written_out(text: str) -> datetime | None:
    for form in _FORMS:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=UTC)
    return None


_ONE: Mapping[FieldType, Callable[[str], Value | None]] = {
    "text": _text, "number": _number, "date": moment, "flag": _flag,
}  # fmt: skip

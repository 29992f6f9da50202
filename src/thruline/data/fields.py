"""Which fields of its documents a source keeps: those that its options name, and when each document is from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from thruline.core.documents import Mention
from thruline.core.errors import Invalid
from thruline.core.fields import DATE, TYPES, Field, FieldType, understood, words_of
from thruline.core.nearest import meant
from thruline.core.nouns import Source
from thruline.core.rows import values_in
from thruline.data.policies import SCORE, called

FIELDS: Mapping[str, str] = {
    "fields": "what its documents can be asked by: columns, keys of front matter, properties of files, what is sent "
    "with one, as `department,price:number,due:date`; types: text, number, date, flag, list",
    "dated": "the column or key that says when a document is from; `date` unless given",
}
ROWS = ("rows", "sql", "dlt")  # kinds of sources whose documents are rows
_TYPES: Mapping[str, FieldType] = {kind: kind for kind in TYPES}
_NAME = re.compile(r"[^\W\d][\w .-]{0,62}")


class Wanted(NamedTuple):
    """What to keep of a document. types: by name. dated: the name of its own date. is_row: its text is its columns.

    given: what came with it beside its bytes.
    """

    types: Mapping[str, FieldType] = {}
    dated: str = DATE
    is_row: bool = False
    given: tuple[tuple[str, str], ...] = ()


def wanted(source: Source, given: Iterable[tuple[str, str]] = ()) -> Wanted:
    """What a source keeps of its documents."""
    dated = source.options.get("dated", "").strip().casefold() or DATE
    return Wanted(declared(source.options), dated, source.kind in ROWS, tuple(given))


def declared(options: Mapping[str, str]) -> dict[str, FieldType]:
    """Field -> type, by name in small letters; raises Invalid for a name or a type that cannot be meant."""
    found: dict[str, FieldType] = {}
    for said in filter(None, map(str.strip, options.get("fields", "").split(","))):
        name, _, kind = (part.strip().casefold() for part in said.partition(":"))
        if not _NAME.fullmatch(name):
            raise Invalid(f"{name!r} cannot name a field", hint="letters, digits, dots, dashes and spaces, as due-date")
        if name in found:
            raise Invalid(f"the field {name!r} is named twice", hint="once, with one type")
        if kind and kind not in TYPES:
            raise Invalid(f"{kind!r} is no type of a field", hint=meant(kind, TYPES))
        if name == DATE and kind not in ("", DATE):
            raise Invalid(f"the field {DATE!r} is a date", hint="it says when a document is from; leave its type out")
        found[name] = "date" if name == DATE else _TYPES.get(kind, "text")
    return found


def given(source: Source, said: Sequence[str]) -> list[tuple[str, str]]:
    """What was sent with a document, `name=value`; raises Invalid for what its source does not keep, or cannot read."""
    keeps: dict[str, FieldType] = {DATE: "date", **declared(source.options)}
    pairs: dict[str, list[str]] = {}
    for pair in said:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not value:
            raise Invalid(f"{pair!r} is no field", hint="write name=value, as price=12.5")
        pairs.setdefault(name.casefold(), []).append(value)
    return [(name, word) for name in sorted(pairs) for word in _given(source, name, pairs[name], keeps)]


def _given(source: Source, name: str, texts: list[str], keeps: Mapping[str, FieldType]) -> tuple[str, ...]:
    if name not in keeps:
        raise Invalid(f"{source.name!r} keeps no field {name!r}", hint=meant(name, keeps))
    value = understood(keeps[name], texts)
    if value is None or (len(texts) > 1 and keeps[name] != "list"):
        raise Invalid(f"{name}={', '.join(texts)} is not of the type {keeps[name]!r}", hint="one value of that type")
    return words_of(Field(name, keeps[name], value))


def chosen(said: Sequence[tuple[str, str]], data: bytes, wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """Of all that a document says of itself what is to be kept, by our names."""
    columns = values_in(data).items() if wanted.is_row else ()
    found = ((name.casefold(), value) for name, value in (*said, *columns, *wanted.given))
    return tuple(_named(found, wanted))


def words(said: Sequence[tuple[str, str]], wanted: Wanted) -> list[str]:
    """What of the fields is read for personal data by itself; a date alone looks like many things."""
    return [value for name, value in said if wanted.types.get(name, DATE) not in ("date", "flag")]


def typed(said: Sequence[tuple[str, str]], wanted: Wanted, mentions: Sequence[Mention]) -> tuple[Field, ...]:
    """The fields, each once, by name; mentions: of personal data in the document."""
    texts: dict[str, list[str]] = {}
    for name, value in said:
        texts.setdefault(name, []).append(value)
    return tuple(_field(name, texts[name], wanted, mentions) for name in sorted(texts))


def _named(found: Iterable[tuple[str, str]], wanted: Wanted) -> Iterator[tuple[str, str]]:
    for name, value in found:
        if name in wanted.types and name != DATE:
            yield name, value
        if name == wanted.dated:
            yield DATE, value


def _field(name: str, texts: Sequence[str], wanted: Wanted, mentions: Sequence[Mention]) -> Field:
    kind = "date" if name == DATE else wanted.types[name]
    whole = "\n".join(texts).casefold()
    met = {m.kind for m in mentions if m.score >= SCORE and any(_stands(word, whole) for word in called(m))}
    return Field(name, kind, understood(kind, texts), tuple(sorted(met)))


def _stands(word: str, text: str) -> bool:
    return bool(word) and word.casefold() in text

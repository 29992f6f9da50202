"""Excel workbooks from their XML: the values of cells as a person sees them, never a formula's doing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.inlays import Inlays
from thruline.core.packages import Package, Relation, local, named, relation_id
from thruline.core.tables import pieces, row_line
from thruline.ports.parser import ReadsInside

_QUOTED = re.compile(r'"((?:[^"]|"")*[^\W\d_](?:[^"]|"")*)"')
_COLUMN = re.compile(r"[A-Z]+")
_MOST_COLUMNS = 16_384  # of the format
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_BUILT_IN_SPAN = 46
_NOT_A_FORMAT = re.compile(r'"[^"]*"|\\.|\[(?!(?:h+|m+|s+)\])[^\]]*\]|_.|\*.|;.*', re.IGNORECASE | re.DOTALL)
_DATE_LETTER = re.compile(r"[ymdhs]", re.IGNORECASE)
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a date on paper has no zone
_WORDS = {"b": {"1": "TRUE", "0": "FALSE"}}


_Time = Literal["", "date", "span"]


class _Look(NamedTuple):
    """What cells refer to: shared texts, what time a style shows, and the day that counts as zero."""

    texts: list[str]
    times: Mapping[str, _Time]
    epoch: datetime


class _Row(NamedTuple):
    """A row's cells from the first column on, those in hidden columns apart."""

    shown: list[str]
    hidden: list[str]


class XlsxParser:
    """Sheet by sheet, in pieces that begin with the header; hidden sheets, rows and columns as hidden text."""

    version = "xlsx 2"

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """The document; its title is the file's own, else its name."""
        package = Package(data, name)
        main = package.main()
        book = package.xml(main)
        related = package.relations(main)
        out = Composer(media_type, self.version, title=package.title() or name.rpartition("/")[2])
        for property_name, value in package.properties():
            out.note(property_name, value)
            out.field(property_name, value)
        out.field("date", package.dated())
        for relation in related.values():
            _note(package, relation, out)
        inlays = Inlays(out, read)
        look = _look(package, book, [r.part for r in related.values()])
        for sheet in named(book, "sheet"):
            if relation := related.get(relation_id(sheet)):
                _write(package, relation.part, sheet, look, out)
                _write_pictures(package, relation.part, sheet, inlays)
        return replace(out.done(), parser=", ".join((self.version, *sorted(inlays.parsers))))

    def rows(self, data: bytes, name: str) -> Iterator[list[str]]:
        """The rows that a person sees on the first sheet that shows."""
        package = Package(data, name)
        main = package.main()
        book = package.xml(main)
        related = package.relations(main)
        look = _look(package, book, [r.part for r in related.values()])
        shown = (sheet for sheet in named(book, "sheet") if sheet.get("state", "visible") == "visible")
        first = next((related[relation_id(sheet)].part for sheet in shown if relation_id(sheet) in related), "")
        return _rows(package, first, look, Composer("", self.version)) if first else iter(())


def _note(package: Package, relation: Relation, out: Composer) -> None:
    """Who commented, and what pivot tables keep of the data that they were made from."""
    if relation.kind == "person":
        for person in package.stream(relation.part, "person"):
            out.note("commenter", person.get("displayName"))
    elif relation.kind == "pivotCacheDefinition":
        kept = (item.get("v", "") for item in package.stream(relation.part, "s"))
        out.note("pivot_cache", ", ".join(dict.fromkeys(kept)))


def _write(package: Package, part: str, sheet: Element, look: _Look, out: Composer) -> None:
    rows = _rows(package, part, look, out)
    beside = (text for r in package.relations(part).values() for text in _beside(package, r, out))
    if sheet.get("state", "visible") != "visible":
        for text in (sheet.get("name", ""), *map(row_line, rows), *beside):
            out.hide(text)
        return
    out.heading(1, sheet.get("name", ""))
    for piece in pieces(rows):
        out.block(piece, kind="table")
    for text in beside:
        out.block(text)


def _write_pictures(package: Package, part: str, sheet: Element, inlays: Inlays) -> None:
    hidden = sheet.get("state", "visible") != "visible"
    for relation in package.relations(part).values():
        if relation.kind == "drawing":
            for picture in package.pictures(relation.part, package.xml(relation.part)):
                inlays.write(package.data(picture), picture, f"on sheet {sheet.get('name', '')}", hidden=hidden)


def _beside(package: Package, relation: Relation, out: Composer) -> Iterator[str]:
    """What is said on a sheet outside its cells: comments, and text in shapes."""
    if relation.kind in ("comments", "threadedComment"):
        for element in package.stream(relation.part, "author", "comment", "threadedComment"):
            if local(element) == "author":
                out.note("commenter", element.text)
            else:
                said = "".join(e.text or "" for e in named(element, "t", "text"))
                yield f"{element.get('ref', '')}: {said.strip()}"
    elif relation.kind == "drawing":
        for shape in package.stream(relation.part, "txBody"):
            yield "\n".join("".join(t.text or "" for t in named(line, "t")) for line in named(shape, "p"))


def _rows(package: Package, part: str, look: _Look, out: Composer) -> Iterator[list[str]]:
    """The rows that a person sees; the others are hidden on the way."""
    unseen: set[int] = set()
    first = 1
    for element in package.stream(part, "dimension", "col", "row"):
        match local(element):
            case "dimension":
                first = _column(element.get("ref", "")) or 1
            case "col":
                unseen |= _span(element) if _is_on(element.get("hidden")) else set()
            case _:
                row = _cells(element, look, unseen, first)
                for words in _quoted(element):
                    out.note("formula_text", words)
                out.hide(row_line(row.hidden))
                if _is_on(element.get("hidden")):
                    out.hide(row_line(row.shown))
                elif any(row.shown):
                    yield row.shown


def _cells(row: Element, look: _Look, unseen: set[int], first: int) -> _Row:
    texts: dict[int, str] = {}
    at = 0
    for cell in row:
        at = _column(cell.get("r", "")) or at + 1
        if at <= _MOST_COLUMNS and (text := _value(cell, look)):
            texts[at] = text
    columns = range(min(first, *texts), max(texts) + 1) if texts else range(0)
    return _Row(
        [texts.get(at, "") for at in columns if at not in unseen],
        [text for at, text in sorted(texts.items()) if at in unseen],
    )


def _quoted(row: Element) -> Iterator[str]:
    """Words that formulas hold, of which a sheet shows only what comes of them."""
    for cell in row:
        for part in cell:
            if part.text and '"' in part.text and local(part) == "f":
                yield from _QUOTED.findall(part.text)


def _value(cell: Element, look: _Look) -> str:
    """A cell's value; a formula that was never worked out stands for itself."""
    kind = cell.get("t", "n")
    raw = next((e.text or "" for e in cell if local(e) == "v"), "")
    if kind == "s":
        return look.texts[int(raw)] if raw.isdecimal() and int(raw) < len(look.texts) else ""
    if kind == "inlineStr":
        return _text(cell)
    if not raw:
        formula = next((e.text or "" for e in cell if local(e) == "f"), "")
        return f"={formula}" if formula else ""
    if kind == "n":
        return _shown(raw, look.times.get(cell.get("s", "0"), ""), look.epoch)
    return _WORDS.get(kind, {}).get(raw, raw)


def _number(raw: str) -> str:
    """The 15 digits that Excel keeps; 0.1 is stored as 0.10000000000000001."""
    try:
        return raw if len(raw) < 15 else f"{float(raw):.15g}"
    except ValueError:
        return raw


def _shown(raw: str, time: _Time, epoch: datetime) -> str:
    """A number, or a count of days as ISO 8601 has it: a date, a time of day, both, or hours that may pass a day."""
    if not time:
        return _number(raw)
    try:
        days = float(raw)
        minutes, seconds = divmod(round(days * 86_400), 60)
        moment = epoch + timedelta(minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return raw
    if time == "span" or 0 <= days < 1:
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return moment.isoformat(" ") if days != int(days) else moment.date().isoformat()


def _look(package: Package, book: Element, parts: list[str]) -> _Look:
    strings = next((part for part in parts if part.endswith("sharedStrings.xml")), "")
    styles = next((part for part in parts if part.endswith("styles.xml")), "")
    old = any(_is_on(e.get("date1904")) for e in named(book, "workbookPr"))
    return _Look(
        texts=[_text(item) for item in package.stream(strings, "si")] if strings else [],
        times=_times(package.xml(styles)) if styles else {},
        epoch=_EPOCH_1904 if old else _EPOCH,
    )


def _times(styles: Element) -> dict[str, _Time]:
    """The cell styles that show a number as a date, a time or a span of time."""
    custom = {e.get("numFmtId", ""): e.get("formatCode", "") for e in named(styles, "numFmt")}
    formats: list[Element] = next((list(e) for e in styles if local(e) == "cellXfs"), [])
    return {str(at): _time(style.get("numFmtId", "0"), custom) for at, style in enumerate(formats)}


def _time(number: str, custom: Mapping[str, str]) -> _Time:
    if number in custom:
        letters = _NOT_A_FORMAT.sub("", custom[number])
        return "span" if "[" in letters else "date" if _DATE_LETTER.search(letters) else ""
    if not number.isdecimal():
        return ""
    return "span" if int(number) == _BUILT_IN_SPAN else "date" if int(number) in _BUILT_IN_DATES else ""


def _text(item: Element) -> str:
    """The text of a string, plain or in runs; how it is spoken (rPh) is not part of it."""
    runs = (run for part in named(item, "si", "is", "r") for run in part if local(run) == "t")
    return "".join(run.text or "" for run in runs)


def _column(reference: str) -> int:
    """1 for A, 27 for AA; 0 where the cell does not say."""
    found = _COLUMN.match(reference)
    at = 0
    for letter in found[0][:4] if found else "":
        at = at * 26 + ord(letter) - 64
    return at


def _span(column: Element) -> set[int]:
    first, last = column.get("min", "0"), column.get("max", "0")
    if not (first.isdecimal() and last.isdecimal()):
        return set()
    return set(range(int(first), min(int(last), _MOST_COLUMNS) + 1))


def _is_on(flag: str | None) -> bool:
    return flag in ("1", "true")

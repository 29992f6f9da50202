"""Mail (RFC 5322, MIME) by the standard library: who wrote to whom, the text as it is read, and what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.policy import compat32, default
from typing import NamedTuple

from thruline.core.composing import Composer, flow
from thruline.core.decoding import decode
from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.core.units import show_size
from thruline.ports.parser import ReadsInside

_SHOWN = ("From", "To", "Cc", "Date")
_NOTED = ("Reply-To", "Sender", "Return-Path", "Organization", "Keywords")
_FIELDS = {"author": "From", "to": "To", "date": "Date", "keywords": "Keywords", "organization": "Organization"}
_ENDINGS = {"text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf", "text/markdown": ".md"}
_DEEPEST = 4  # messages in messages
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ADDRESS = re.compile(r"<?\w{1,12}://\S+")
# Mail programs put a word about MIME before the first part, for programs of before 1992.
_ABOUT_MIME = re.compile(r"\bmime\b", re.IGNORECASE)
_LONGEST_WORD_ABOUT_IT = 400
# Of a plain paragraph's words, in a message that is shown as HTML: fewer than these are on the page as it is shown.
_SHOWN_SHARE = 0.5
_FEWEST_WORDS = 4
# What the header parser of the standard library raises on headers that no mail program wrote.
_HEADER_FAILURES = (ValueError, LookupError, AttributeError, TypeError)


class EmailParser:
    """One message, forwarded messages and attachments below their own headings; other attachments by name and size."""

    version = "email 1"

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """The message, titled with its subject."""
        message = _message(data)
        out = Composer(media_type, self.version, title=_header(message, "Subject") or name.rpartition("/")[2])
        for field, header in _FIELDS.items():
            out.field(field, _header(message, header))
        writer = _Writer(out, read)
        writer.message(message, depth=0)
        used = (self.version, *sorted(writer.parsers))
        return replace(out.done(), parser=", ".join(used))


def _message(data: bytes) -> Message:
    try:
        return message_from_bytes(data, policy=default)
    except _HEADER_FAILURES:
        return message_from_bytes(data, policy=compat32)  # understands less, so that less goes wrong


class _Texts(NamedTuple):
    """The two ways in which one text is sent."""

    plain: str
    page: str


class _Writer:
    """Writes messages down; remembers which parsers read what is in them."""

    def __init__(self, out: Composer, read: ReadsInside) -> None:
        self.parsers: set[str] = set()
        self._out = out
        self._read = read

    def message(self, message: Message, *, depth: int) -> None:
        """Headers, texts, then attachments."""
        shown = (f"{name}: {said}" for name in (*_SHOWN, "Subject") if (said := _header(message, name)))
        self._out.block("\n".join(shown))
        for name in _NOTED:
            self._out.note(name, _header(message, name))
        for text in (_plain(message.preamble), _plain(message.epilogue)):
            if len(text) > _LONGEST_WORD_ABOUT_IT or not _ABOUT_MIME.search(text):
                self._out.hide(text)  # outside all parts, where no mail program looks
        attached: list[Message] = []
        self._part(message, depth, attached)
        for part in attached:
            self._attachment(part, depth)

    def _part(self, part: Message, depth: int, attached: list[Message]) -> None:
        kind = _kind(part)
        if kind == "multipart/alternative" and part.is_multipart():
            texts, others = _alternatives(part)
            self._text(texts, depth)
            attached += others
        elif kind.startswith("multipart/") and part.is_multipart():
            for inner in _inner(part):
                self._part(inner, depth, attached)
        elif _is_text(part):
            text = _text(part)
            self._text(_Texts("", text) if kind == "text/html" else _Texts(text, ""), depth)
        else:
            attached.append(part)

    def _text(self, texts: _Texts, depth: int) -> None:
        """The plain one, as far as it says what readers of the page see; else the page."""
        paragraphs = [p for p in _BLANK_LINES.split(texts.plain) if p.strip()]
        page = self._page(texts.page, or_else=bool(paragraphs)) if texts.page.strip() else None
        if page is None:
            seen = paragraphs
        else:
            known = set(_WORD.findall(page.text.lower()))
            seen = [p for p in paragraphs if _is_shown(p, known)]
            for hidden in (*page.hidden, *(p for p in paragraphs if not _is_shown(p, known))):
                self._out.hide(hidden)
        for paragraph in seen:
            self._out.block(paragraph)
        if page is not None and not seen:
            self._document(page, depth + 1)

    def _page(self, text: str, *, or_else: bool) -> Parsed | None:
        """The text of a page; where it cannot be read and nothing else says the same, that is told."""
        try:
            # The mark tells the encoding: what the page itself says of it was true before the part was decoded.
            page = self._read(f"\ufeff{text}".encode(), "message.html")
        except Refused as refusal:
            if not or_else:
                self._out.block(f"The text of this message was not read: {_said(refusal)}")
            return None
        self.parsers.add(page.parser)
        return page

    def _attachment(self, part: Message, depth: int) -> None:
        inner = next(_inner(part), None) if _kind(part) == "message/rfc822" else None
        if inner is not None and depth < _DEEPEST:
            self._out.heading(depth + 1, f"Message: {_header(inner, 'Subject') or 'without a subject'}")
            self.message(inner, depth=depth + 1)
            return
        data = _payload(part)
        name = _name(part)
        self._out.heading(depth + 1, f"Attachment: {name}")
        try:
            document = self._read(data, name)
        except Refused as refusal:
            self._out.block(f"{name}, {_kind(part)}, {show_size(len(data))}; not read: {_said(refusal)}")
            if refusal.reason == "needs_ocr":
                self._out.skip(0)
            return
        self.parsers.add(document.parser)
        for hidden in document.hidden:
            self._out.hide(hidden)
        for said in document.properties:
            self._out.note(*said.split(": ", 1))
        self._document(document, depth + 2)

    def _document(self, document: Parsed, level: int) -> None:
        """Its blocks, with its headings below the ones that stand."""
        for block in document.blocks:
            text = document.text[block.start : block.end]
            if block.headings and text == block.headings[-1]:
                self._out.heading(level + len(block.headings) - 1, text, page=block.page)
            else:
                self._out.block(text, kind=block.kind, page=block.page)


def _alternatives(part: Message) -> tuple[_Texts, list[Message]]:
    """The first plain text and the first page in it, and everything else."""
    plain, page = "", ""
    others: list[Message] = []
    for leaf in _leaves(part):
        kind = _kind(leaf)
        if kind == "text/plain" and _is_text(leaf) and not plain:
            plain = _text(leaf)
        elif kind == "text/html" and _is_text(leaf) and not page:
            page = _text(leaf)
        else:
            others.append(leaf)
    return _Texts(plain, page), others


def _leaves(part: Message) -> Iterator[Message]:
    for inner in _inner(part):
        if inner.is_multipart() and _kind(inner).startswith("multipart/"):
            yield from _leaves(inner)
        else:
            yield inner


def _inner(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    return iter(payload if isinstance(payload, list) else ())  # type: ignore[arg-type]


def _is_text(part: Message) -> bool:
    """Whether a mail program shows the part as text of the message; also one that has parts and lost where they end."""
    as_text = _kind(part) in ("text/plain", "text/html") or _kind(part).startswith("multipart/")
    return as_text and not _filename(part) and not _header(part, "Content-Disposition").startswith("attachment")


def _is_shown(paragraph: str, known: set[str]) -> bool:
    """Whether a plain paragraph says what the page says too; addresses and a few words may differ."""
    words = _WORD.findall(_ADDRESS.sub(" ", paragraph).lower())
    return len(words) < _FEWEST_WORDS or sum(word in known for word in words) >= len(words) * _SHOWN_SHARE


def _text(part: Message) -> str:
    data = _payload(part)
    try:
        return decode(data.decode(part.get_content_charset("utf-8")).encode())
    except _HEADER_FAILURES:  # an encoding that nobody knows, or another one than was said
        return decode(data)


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    reports = ("\n".join(f"{key}: {said}" for key, said in inner.raw_items()) for inner in _inner(part))
    return _plain("\n\n".join(reports)).encode()


def _name(part: Message) -> str:
    """What the file is called, with an ending that its type has where it has none."""
    name = _filename(part).replace("/", "_") or "without a name"
    return name if "." in name else name + _ENDINGS.get(_kind(part), "")


def _filename(part: Message) -> str:
    try:
        return flow(_plain(part.get_filename()))
    except _HEADER_FAILURES:
        return ""


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except _HEADER_FAILURES:
        return "text/plain"


def _header(message: Message, name: str) -> str:
    """A header as people read it; as it came where it is past understanding."""
    try:
        return flow(_plain(message.get(name)))
    except _HEADER_FAILURES:
        return flow(_plain(next((said for key, said in message.raw_items() if key.lower() == name.lower()), "")))


def _plain(said: object) -> str:
    """Text without what is left in it of bytes that are no ASCII."""
    text = str(said or "")
    try:
        return decode(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return decode(text.encode("utf-8", "replace"))


def _said(refusal: Refused) -> str:
    return refusal.reason.replace("_", " ")

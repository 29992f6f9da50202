"""What a file becomes: parsed text, chunks, mentions of people, risks. Plain values that cross process borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from thruline.core.pages import Span

BlockKind = Literal["text", "code", "list", "table"]
MentionKind = Literal[
    "email", "phone", "iban", "card", "ssn", "ip", "name", "declared", "place", "organisation", "address", "postcode",
    "birth_date", "age", "origin", "national_id", "tax_id", "passport", "licence", "plate", "health_id", "vat", "bic",
    "account", "wallet", "imei", "mac", "url", "secret", "geo", "date", "web",
]  # fmt: skip
RiskKind = Literal["hidden_text", "injection", "poison"]
# Per cent: of the words below it nine in ten are wrong, of the others one in 185; a higher one doubts more that is
# right than it finds wrong (bench/ocr.py).
DOUBTFUL = 70


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, list, table or code block at characters start..end of the document's text.

    headings: the titles above it, outermost first. page: from 1, 0 where the format has no pages.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    kind: BlockKind = "text"
    page: int = 0


class Spot(NamedTuple):
    """A word that was read off a picture: characters start..end of the document's text, and its frame on the page.

    The frame is in ten-thousandths of the page's width and height, from above. sure: of its least certain letter, in
    per cent.
    """

    start: int
    end: int
    page: int
    left: int
    top: int
    right: int
    bottom: int
    sure: int


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A document as text. `hidden` holds text that a program reads and a person does not see.

    properties: what the file says of itself beside its text, as its author. spots: of words read off a picture.
    unread: pages that are pictures, where nobody could read them. fields: (name, value) of what might be a field of it.
    """

    text: str
    title: str
    blocks: tuple[Block, ...]
    hidden: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    media_type: str = "text/plain"
    parser: str = ""
    spots: tuple[Spot, ...] = ()
    unread: tuple[int, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Characters start..end of a document: the unit that is embedded, found and cited.

    language: ISO 639-1, nothing where the text is too short to say, or code. spots: of words read off a picture.
    """

    text: str
    title: str
    start: int
    end: int
    page: int = 0
    language: str = ""
    spots: tuple[Spot, ...] = ()

    @property
    def doubtful(self) -> tuple[Span, ...]:
        """Characters of its text that are words read off a picture with little certainty."""
        return tuple((s.start - self.start, s.end - self.start) for s in self.spots if s.sure < DOUBTFUL)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Personal data at characters start..end of a text. `value` is normalised: equal values are one person's."""

    kind: MentionKind
    start: int
    end: int
    value: str
    score: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Risk:
    """Why a text deserves distrust, 0..1, and the characters that say so (evidence is personal data: a payload)."""

    kind: RiskKind
    score: float
    evidence: str = ""

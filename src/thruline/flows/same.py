"""Documents that say the same, word for word: one class for a quarantine, whatever record, path or source they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from thruline.data import duplicates
from thruline.data.records import Record
from thruline.flows.documents import Document, pages_of, read_documents

if TYPE_CHECKING:
    from thruline.flows.line import Line

_WORD = re.compile(r"\w+")


def text_digest(line: Line, document: Document) -> str:
    """Keyed digest of its words in order; equal for texts that differ only in case, spacing and punctuation."""
    return line.ids.digest("text", " ".join(_WORD.findall(document.text.lower())) or document.text)


def digests(line: Line, records: Sequence[Record]) -> set[str]:
    """What these records say."""
    return set(line.records.texts([r.id for r in records]).values())


def note_unread(line: Line) -> None:
    """Note what the records say that an earlier version took in."""
    unread = line.records.unread()
    for page in pages_of(line, unread):
        line.records.put_texts({record.id: text_digest(line, document) for record, document in page})


def near_copies(line: Line, records: Sequence[Record]) -> list[Record]:
    """Live records that say nearly the same as one of these, and are none of them."""
    ours = {r.id: r for r in records}
    pairs = [(other, one) for other, one in line.records.near_pairs(list(ours)) if other not in ours]
    others = {id: r for id, r in line.records.get_many([other for other, _ in pairs]).items() if r.state == "live"}
    documents = read_documents(line, [r.document for r in (*others.values(), *(ours[one] for _, one in pairs))])
    text = {r.id: documents[r.document].text for r in (*others.values(), *records) if r.document in documents}
    near = {
        other: others[other]
        for other, one in pairs
        if other in text and one in text and duplicates.jaccard(text[other], text[one]) >= duplicates.THRESHOLD
    }
    return list(near.values())

"""Tellings: somebody as documents tell of them, with the words around their name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from thruline.data.identities import Identity
from thruline.flows.documents import path_names, read_documents
from thruline.flows.reports import Telling

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHOWN = 3  # documents, with the words around the name
AROUND = 60  # characters on each side of a name


def telling(line: Line, identity: Identity) -> Telling:
    """Who it is: the name, what identifies them, some of the documents and what these say."""
    shown = line.records.get_many(identity.records[:SHOWN])
    documents = read_documents(line, [r.document for r in shown.values()])
    paths = path_names(line, list(shown))
    sources = {s.id: s.name for s in line.records.sources()}
    said = {f"{sources.get(r.source, '')}/{paths.get(id, '')}": documents[r.document].text for id, r in shown.items()}
    return Telling(
        name=identity.told.name, identifiers=tuple(value for _, value in sorted(identity.told.ids)),
        documents=tuple(said), records=len(identity.records),
        words=tuple(_around(text, identity.told.name) for text in said.values()),
    )  # fmt: skip


def _around(text: str, name: str) -> str:
    """The words around a name, on one line."""
    found = re.search(r"\s+".join(map(re.escape, name.split())), text, re.IGNORECASE)
    start = found.start() if found else 0
    end = found.end() if found else 0
    return " ".join(text[max(start - AROUND, 0) : end + AROUND].split())

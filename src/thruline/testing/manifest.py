"""What a home holds, as bytes that two homes with one key can be compared by: content, and no time or random id."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from thruline.flows import INDEX

if TYPE_CHECKING:
    from thruline.flows.line import Line


def manifest(line: Line) -> bytes:
    """A line of JSON for what serves, and one for each record: ids, state, and digests of its document and vectors."""
    records = sorted(line.records.list(limit=1_000_000), key=lambda r: r.id)
    kept = line.payloads.get_many([id for r in records for id in (r.document, r.vectors)])
    alike = line.alike.of([r.id for r in records])
    rows = [
        {
            "record": r.id, "state": r.state, "reason": r.reason, "canonical": r.canonical, "chunks": r.chunks,
            "size": r.size, "document": r.document, "said": _digest(kept, r.document), "vectors": r.vectors,
            "meant": _digest(kept, r.vectors), "alike": alike.get(r.id),
        }
        for r in records
    ]  # fmt: skip
    return b"\n".join(map(msgspec.json.encode, [{"serving": line.generations.active(INDEX)}, *rows]))


def _digest(kept: dict[str, bytes], id: str) -> str:
    return hashlib.sha256(kept.get(id, b"")).hexdigest()

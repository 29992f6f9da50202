"""Packing: the copy that a person takes along (GDPR article 20), for them to read and for another system to take in."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId
from thruline.data import copies
from thruline.flows.documents import pages_of
from thruline.flows.informed import letter
from thruline.flows.reach import Reach
from thruline.flows.reports import PersonReport

if TYPE_CHECKING:
    from thruline.flows.line import Line

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: a copy of the same things is the same bytes
_SAYS = {
    "id": "names the document here", "source": "where it came from", "path": "its name there",
    "title": "its title, or empty", "received": "when it came in, ISO 8601 in UTC",
    "language": "of most of it, ISO 639-1, or empty", "text": "what was read of it",
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "a line of records.jsonl: a document that holds the person",
    "type": "object", "required": list(_SAYS), "additionalProperties": False,
    "properties": {name: {"type": "string", "description": says} for name, says in _SAYS.items()},
}  # fmt: skip
README = """# Your copy

- `letter.md`: what is held of you, where from, what for, who was told, and your rights.
- `records.jsonl`: the documents for another program, one JSON object a line in UTF-8, as `records.schema.json` says.
- `documents/`: the same documents as they came in. What was put right is there as text.
- `answers/`: answers that were given out of them, one JSON object a file: `question`, `answer`, `asked`.
- `report.json`: everything that the letter is made of.

Documents name other people, too.
"""


def pack(line: Line, path: Path, report: PersonReport, reach: Reach) -> None:
    """Write the copy; nobody but the home's owner may read the file."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        made = iso(line.clock.now())
        archive.writestr(_entry("README.md"), README)
        archive.writestr(_entry("letter.md"), letter(report, made))
        archive.writestr(
            _entry("report.json"), json.dumps({"made": made, **asdict(report)}, indent=1, ensure_ascii=False)
        )
        archive.writestr(_entry("records.schema.json"), json.dumps(SCHEMA, indent=1))
        with archive.open(_entry("records.jsonl"), "w") as rows:
            for row in _rows(line, report, reach):
                rows.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        written: set[str] = set()
        for document in report.documents:
            raw = line.payloads.get_many([document.record]).get(document.record, b"")
            copy = copies.opened(line.ids, raw)
            name = f"documents/{document.source}/{document.path or document.record}{'.txt' if copy else ''}"
            archive.writestr(_entry(name, written, document.record), copy.text if copy else raw)
        for id, answer in line.answers.read([ArtifactId(a) for a in reach.answers]).items():
            said = {"question": answer.question, "answer": answer.text, "asked": answer.asked}
            text = json.dumps(said, indent=1, ensure_ascii=False)
            archive.writestr(_entry(f"answers/{id.partition(':')[2]}.json"), text)


def _rows(line: Line, report: PersonReport, reach: Reach) -> Iterator[dict[str, str]]:
    """Each document as a row, with its text."""
    held = {d.record: d for d in report.documents}
    for page in pages_of(line, [r for r in reach.records if r.id in held]):
        for record, document in page:
            d = held[record.id]
            yield {"id": record.id, "source": d.source, "path": d.path, "title": d.title, "received": d.seen,
                   "language": document.language, "text": document.text}  # fmt: skip


def _entry(name: str, taken: set[str] | None = None, record: str = "") -> zipfile.ZipInfo:
    """Names come from sources: none may climb out of where it is unpacked, and of two versions each has its own."""
    safe = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    if taken is not None:
        safe = f"versions/{record.partition(':')[2][:12]}/{safe}" if safe in taken else safe
        taken.add(safe)
    entry = zipfile.ZipInfo(safe, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry

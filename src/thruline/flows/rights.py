"""Rights of a person: what is held of them, by store, and a copy of it to take along (GDPR articles 15 and 20)."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft
from thruline.data import copies
from thruline.flows import corrections
from thruline.flows.consent import views as consents
from thruline.flows.learned import shards_of
from thruline.flows.matches import open_matches
from thruline.flows.reach import Reach, find
from thruline.flows.reports import HeldDocument, PersonExport, PersonReport
from thruline.flows.touched import written

if TYPE_CHECKING:
    from pathlib import Path

    from thruline.flows.line import Line

FOLDER = "exports"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: a copy of the same things is the same bytes


def person(line: Line, identifiers: Sequence[str], actor: str) -> PersonReport:
    """Everything that holds whoever is known by these identifiers: what an erasure would take, and who saw it.

    Raises NotFound when nothing holds them, Invalid for a word that is too short.
    """
    report = _report(line, find(line, identifiers))
    facts = {"records": len(report.documents), "answers": len(report.answers)}
    line.ledger.append([Draft(verb="person.reported", facts=facts, actor=actor)])
    return report


def export(line: Line, identifiers: Sequence[str], actor: str) -> PersonExport:
    """A zip in the home with the report, the documents as they came in, and the answers; an erasure takes it too.

    Documents name other people as well: read them before they are given away.
    """
    reach = find(line, identifiers)
    report = _report(line, reach)
    if not (report.documents or report.answers):
        raise NotFound(f"nothing to hand over of {', '.join(map(repr, identifiers))}", hint="give every name of theirs")
    id = random_id("export")
    path = line.home / FOLDER / f"person-{id.partition(':')[2][:12]}.zip"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    facts = {"records": len(report.documents), "answers": len(report.answers)}
    with line.database.transaction():  # noted before it is written: killed in between, an erasure still finds it
        line.payloads.put(id, json.dumps({"file": path.name, "called": reach.called}).encode(), id)
        made_of = tuple(ArtifactId(d.record) for d in report.documents)
        given = Draft(
            verb="person.exported", inputs=(*made_of, *reach.answers), outputs=(id,), facts=facts, actor=actor
        )
        line.ledger.append([given])
    _write(line, path, report, reach)
    if not line.payloads.exists(id):
        path.unlink(missing_ok=True)
        raise Conflict("somebody in it was erased while the copy was written", hint="export again")
    return PersonExport(file=str(path), size=path.stat().st_size, **facts)


def drop_exports(line: Line, exports: Sequence[str]) -> None:
    """Delete the files of these exports, by what their payloads say; before the payloads go."""
    for data in line.payloads.get_many(exports).values():
        (line.home / FOLDER / json.loads(data)["file"]).unlink(missing_ok=True)


def _report(line: Line, reach: Reach) -> PersonReport:
    sources = {s.name: s for s in line.records.sources()}
    answers = line.answers.lines(line.answers.rows(reach.answers))
    return PersonReport(
        called=reach.called, people=len(reach.subjects), also_seen=reach.also_seen,
        documents=tuple(
            HeldDocument(
                record=d.record, source=d.source, path=d.path, title=d.title, state=d.state, seen=d.seen, size=d.size,
                groups=sources[d.source].groups if d.source in sources else (), chunks=d.chunks,
                reason="" if d.reason == "none" else d.reason,
            )
            for d in reach.shown
        ),
        answers=answers, recipients=tuple(sorted({a.asker for a in answers if a.asker})),
        datasets=reach.datasets, models=reach.models, jobs=reach.jobs, users=reach.users,
        consents=consents(line, line.consents.of(reach.subjects)),
        shards=shards_of(line, reach.record_ids),
        sets=written(line, reach.corpora), open_matches=open_matches(line, reach.identifiers),
        corrections=corrections.views(line, set(reach.texts)),
    )  # fmt: skip


def _write(line: Line, path: Path, report: PersonReport, reach: Reach) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        made = {"made": iso(line.clock.now()), **asdict(report)}
        archive.writestr(_entry("report.json"), json.dumps(made, indent=1, ensure_ascii=False))
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

"""Rights of a person: what is held of them, by store, and a copy of it to take along (GDPR articles 15 and 20)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import ArtifactId, kind_of, random_id
from thruline.core.nouns import Draft
from thruline.flows import corrections
from thruline.flows.consent import views as consents
from thruline.flows.informed import origins
from thruline.flows.learned import shards_of
from thruline.flows.matches import open_matches
from thruline.flows.packing import pack
from thruline.flows.reach import Reach, find
from thruline.flows.reports import HeldDocument, PersonExport, PersonReport
from thruline.flows.touched import written
from thruline.vectors import judged

if TYPE_CHECKING:
    from thruline.flows.line import Line

FOLDER = "exports"


def person(line: Line, identifiers: Sequence[str], outside: Sequence[str], actor: str) -> PersonReport:
    """Everything that holds whoever is known by these identifiers: what an erasure would take, and who saw it.

    outside: services that questions, texts or notices are sent to, by setting. Raises NotFound when nothing holds them,
    Invalid for a word that is too short.
    """
    report = _report(line, find(line, identifiers), outside)
    facts = {"records": len(report.documents), "answers": len(report.answers)}
    line.ledger.append([Draft(verb="person.reported", facts=facts, actor=actor)])
    return report


def export(line: Line, identifiers: Sequence[str], outside: Sequence[str], actor: str) -> PersonExport:
    """A zip in the home: a letter, the documents as they came in and as rows for a program; an erasure takes it too.

    Documents name other people as well: read them before they are given away.
    """
    reach = find(line, identifiers)
    report = _report(line, reach, outside)
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
    pack(line, path, report, reach)
    if not line.payloads.exists(id):
        path.unlink(missing_ok=True)
        raise Conflict("somebody in it was erased while the copy was written", hint="export again")
    return PersonExport(file=str(path), size=path.stat().st_size, **facts)


def drop_exports(line: Line, exports: Sequence[str]) -> None:
    """Delete the files of these exports, by what their payloads say; before the payloads go."""
    for data in line.payloads.get_many(exports).values():
        (line.home / FOLDER / json.loads(data)["file"]).unlink(missing_ok=True)


def _report(line: Line, reach: Reach, outside: Sequence[str]) -> PersonReport:
    sources = {s.name: s for s in line.records.sources()}
    answers = line.answers.lines(line.answers.rows(reach.answers))
    return PersonReport(
        called=reach.called, people=len(reach.subjects), also_seen=reach.also_seen,
        documents=tuple(
            HeldDocument(
                record=d.record, source=d.source, path=d.path, title=d.title, state=d.state, seen=d.seen, size=d.size,
                groups=sources[d.source].groups if d.source in sources else (), chunks=d.chunks,
                reason="" if d.reason == "none" else d.reason, kept_out=d.kept_out,
                fields=d.fields,
            )
            for d in reach.shown
        ),
        answers=answers, recipients=tuple(sorted({a.asker for a in answers if a.asker})),
        datasets=reach.datasets, models=reach.models, jobs=reach.jobs, users=reach.users,
        consents=consents(line, line.consents.of(reach.subjects)),
        shards=shards_of(line, reach.record_ids),
        sets=written(line, reach.corpora), open_matches=open_matches(line, reach.identifiers),
        corrections=corrections.views(line, set(reach.texts)),
        origins=origins(line, {d.source for d in reach.shown}), outside=tuple(outside),
        searches=line.searches.lines([*reach.texts, *_made(line, reach)]),
        judged=tuple(t for t in reach.texts if kind_of(t) == judged.KIND),
        kinds=tuple(sorted({x.how for x in line.subjects.linked(reach.subjects)})),
    )  # fmt: skip


def _made(line: Line, reach: Reach) -> list[ArtifactId]:
    """Searches that they made themselves."""
    return line.searches.of([line.access.actor(user).id for user in reach.users])

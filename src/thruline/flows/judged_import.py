"""Judged questions that a file brings: its documents are found by path, by id or by name, or nothing is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nearest import meant
from thruline.flows.documents import path_names
from thruline.flows.find import check_question
from thruline.flows.judged import keep
from thruline.flows.reports import MadeReport
from thruline.vectors.judged import Judged
from thruline.vectors.judged_files import Stated, read

if TYPE_CHECKING:
    from thruline.flows.line import Line

COMPARED = 5000  # names that are looked through for the one that was meant
Names = Mapping[str, Sequence[ArtifactId]]


def bring(line: Line, file: str, *, dry_run: bool, actor: str) -> MadeReport:
    """Keep the questions of a file; one that is there already is judged as the file says now.

    Raises NotFound for a document that does not serve, Invalid for one that could be several or a line that cannot be
    meant: nothing is kept then.
    """
    stated = read(Path(file).expanduser())
    names = _names(line)
    questions = [_judged(line, names, one) for one in stated]
    added = len({q.id: q for q in questions})
    if not dry_run:
        with line.database.transaction():
            added = keep(line, [(q, ()) for q in {q.id: q for q in questions}.values()], actor)
    return MadeReport(added=added, origin="file", unread=len(questions) - added, dry_run=dry_run)


def _judged(line: Line, names: Names, stated: Stated) -> Judged:
    check_question(line, stated.question)
    grades: dict[str, int] = {_record(names, n, stated.where): grade for n, grade in stated.documents.items()}
    return Judged(
        id=line.judged.id("file", stated.question), question=stated.question, grades=grades, origin="file",
        at=line.clock.now(), reference=stated.reference,
    )  # fmt: skip


def _record(names: Names, name: str, where: str) -> ArtifactId:
    found = names.get(name, ())
    if not found:
        hint = meant(name, names) if len(names) <= COMPARED else "`thruline documents` lists them"
        raise NotFound(f"{where} names a document {name!r} that does not serve", hint=hint)
    if len(found) > 1:
        raise Invalid(f"{where} names {name!r}, which {len(found)} documents are called", hint="write `source/path`")
    return found[0]


def _names(line: Line) -> Names:
    """Whatever a document may be called: its id, `source/path`, its path, and its name with and without an ending."""
    records = sorted(line.shelf.serving().records)
    sources = {s.id: s.name for s in line.records.sources()}
    known = line.records.get_many(records)
    found: dict[str, dict[ArtifactId, None]] = defaultdict(dict)
    for id, path in path_names(line, records).items():
        record, name = ArtifactId(id), PurePosixPath(path)
        for called in (id, f"{sources.get(known[id].source, '')}/{path}", path, name.name, name.stem):
            found[called][record] = None
    return {called: tuple(ids) for called, ids in found.items()}

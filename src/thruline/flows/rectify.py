"""Rectify: wrong words of somebody -> the right ones in every record concerned (GDPR article 16).

Each record gives its place to another with the right words, and leaves as in an erasure: bytes, chunks, vectors, the
answers that held the words, the models that learned them. A correction stays behind, so that no sync brings the words
back. Killed at any point and started again with the same words, it ends in the same place.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.nouns import Draft
from thruline.data.called import words_of
from thruline.data.mending import Fix
from thruline.flows import elsewhere
from thruline.flows.corrections import in_force
from thruline.flows.documents import PAGE, views
from thruline.flows.holds import refusing
from thruline.flows.misstated import Misstated, made_of, misstated
from thruline.flows.rebuild import finish, foresee, view
from thruline.flows.removal import Said, residue, scrub, signed, since_last
from thruline.flows.replacing import anew, give_way
from thruline.flows.reports import RectifyReport, Refusal
from thruline.flows.touched import written
from thruline.ledger.residue import OUT_OF_SIGHT
from thruline.models.rebuilds import Rebuild
from thruline.runs.runner import Progress, Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHORTEST = 4  # characters: what is shorter stands in too much that is right
LONGEST = 400
MANY = 100  # documents: more than somebody reads before saying yes
STAGES = ("finding", "correcting", "scrubbing", "rebuilding", "looking for residue", "signing")
GONE = ("record", "answer", "model")
DONE = "rectify.done"
OUT_OF_SCOPE = (
    "the files in your own source folders, and their names: correct them there; until then each sync puts them right",
    "backups made before: destroy their keys file, or restore and correct again",
    "copies that people or other systems made of answers",
    OUT_OF_SIGHT,
    "what only pictures show",
)


class Wanted(NamedTuple):
    """What is wrong, what is right, and where. person: only in what holds them. many: also more than MANY documents."""

    fix: Fix
    what: str
    person: Sequence[str]
    many: bool


def rectify(
    line: Line, wanted: Wanted, *, dry_run: bool, actor: str, progress: Progress | None = None
) -> RectifyReport:
    """Put the wrong words right; raises NotFound where nothing meant says them, Conflict for what a hold keeps.

    Also while a source concerned is being read: what it brings must not pass by the correction.
    """
    began = time.monotonic()
    _check(wanted.fix)
    found = misstated(line, wanted.fix, wanted.what, wanted.person)
    unfinished = any(since_last(line, "rectify.began", DONE, GONE).values())
    if not found.records and not unfinished:
        raise _nothing(wanted, found)
    if len(found.meant) > MANY and not (wanted.many or dry_run):
        raise Conflict(
            f"{len(found.meant)} documents say {wanted.fix.wrong!r}",
            hint="name a document, a source or a --person; or read what --dry-run lists, and say --many",
        )
    report = _planned(line, wanted, found)
    if dry_run:
        return replace(report, seconds=time.monotonic() - began)
    with line.runs.start("rectify", only="home", actor=actor, progress=progress) as run, ExitStack() as alone:
        for source in sorted({r.source for r in found.records}):
            alone.enter_context(line.runs.start("sync", only=source, actor=actor))
        refused = tuple(_correct(line, run, wanted.fix, found))
        return replace(
            _finished(line, run, wanted.fix, report, actor), refused=refused, seconds=time.monotonic() - began
        )


def _check(fix: Fix) -> None:
    for name, words in (("wrong", fix.wrong), ("right", fix.right)):
        if not words_of(words) or len(words) > LONGEST or not words.isprintable():
            raise Invalid(
                f"{words[:80]!r} cannot be the {name} words", hint=f"letters or digits on one line, at most {LONGEST}"
            )
    if len(fix.wrong.strip()) < SHORTEST:
        raise Invalid(f"{fix.wrong!r} is too short to be put right", hint="give the words around it, too")
    if fix.wrong == fix.right:
        raise Invalid(f"{fix.wrong!r} is what is there", hint="give other words as --right")


def _nothing(wanted: Wanted, found: Misstated) -> NotFound:
    if found.elsewhere:
        count = f"{len(found.elsewhere)} other document{'s' * (len(found.elsewhere) > 1)}"
        hint = f"{count} say it: name them, or nothing but the words"
    else:
        hint = "give the words as a document has them; `thruline person` lists what is held of somebody"
    return NotFound(f"nothing that is meant says {wanted.fix.wrong!r}", hint=hint)


def _planned(line: Line, wanted: Wanted, found: Misstated) -> RectifyReport:
    """What is concerned, as it is now, and what forbids it."""
    made = made_of(line, wanted.fix, found.records)
    shown = tuple(sorted(views(line, found.meant), key=lambda v: (v.source, v.path)))
    answers = line.answers.lines(line.answers.rows(made.answers))
    return RectifyReport(
        documents=shown, older=len(found.older), chunks=len(made.chunks),
        vectors=sum(bool(r.vectors) for r in found.records), answers=answers,
        askers=tuple(sorted({a.asker for a in answers if a.asker})), models=made.models, datasets=len(made.datasets),
        exports=len(made.exports), sets=written(line, made.corpora), elsewhere=views(line, found.elsewhere),
        dry_run=True, refused_by=refusing(line, views(line, found.records), restricted=False),
        rebuilds=foresee(line, made),
    )  # fmt: skip


def _correct(line: Line, run: Run, fix: Fix, found: Misstated) -> Iterator[Refusal]:
    """Document after document, so many in a transaction; what could not be read again stays as it is, and is named."""
    sources = {s.id: s for s in line.records.sources()}
    done = 0
    for id in sorted({r.source for r in found.records}):
        mine = [r for r in found.meant if r.source == id]
        older = [r for r in found.older if r.source == id]
        known = in_force(line, id)
        for start in range(0, max(len(mine), 1), PAGE):
            page = mine[start : start + PAGE]
            prepared = list(
                run.map(lambda r, s=sources[id], k=known: anew(line, run, s, k, r, fix), page, workers=line.hands)
            )
            group = [a for a in prepared if a.prepared.document is not None]
            give_way(line, run, sources[id], group, older if not start else (), fix)
            yield from (
                Refusal(path=a.prepared.raw.path, reason=a.prepared.refused) for a in prepared if a not in group
            )
            done += len(page)
            run.tell(STAGES[1], done, len(found.meant))


def _finished(line: Line, run: Run, fix: Fix, report: RectifyReport, actor: str) -> RectifyReport:
    """Scrubbed, rebuilt, looked for and signed."""
    run.tell(STAGES[2], 2, len(STAGES))
    keys = scrub(line)
    run.tell(STAGES[3], 3, len(STAGES))
    finish(line, actor, None)
    rebuilt = line.registry.rebuilds.untold()
    run.tell(STAGES[4], 4, len(STAGES))
    left = residue(line, [fix.wrong])
    run.tell(STAGES[5], 5, len(STAGES))
    receipt = _sign(line, run, keys, left, rebuilt)
    return replace(
        report, dry_run=False, keys=keys, residue=len(left), residue_places=left, receipt=receipt,
        rebuilds=tuple(map(view, rebuilt)),
    )  # fmt: skip


def _sign(line: Line, run: Run, keys: int, left: Sequence[str], rebuilt: Sequence[Rebuild]) -> str:
    went = since_last(line, "rectify.began", DONE, GONE)
    facts = {
        "records": len(went["records"]), "answers": len(went["answers"]), "models": len(went["models"]),
        "rebuilt": sum(r.state == "serves" for r in rebuilt), "keys": keys, "residue": len(left),
        "ms": round((time.monotonic() - run.began) * 1000),
    }  # fmt: skip
    said = Said(
        what="rectification",
        went=went,
        counts=facts,
        out_of_scope=(*OUT_OF_SCOPE, *line.database.out_of_scope, *elsewhere.out_of_scope(line)),
    )
    return signed(line, run, said, Draft(verb=DONE, facts=facts), rebuilt)

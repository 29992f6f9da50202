"""Erase: a person -> everything derived of them -> gone, looked for in every byte, and proved.

What holds them is deleted as whole records; their keys are shredded; each store runs its recipe; every byte of the
home is searched for what was asked to go; the receipt is signed. Killed at any point and started again with the
same words, it ends in the same place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thruline.core.errors import Conflict, Invalid
from thruline.core.ids import kind_of
from thruline.core.nouns import Draft
from thruline.flows import corrections, elsewhere
from thruline.flows.documents import documents_of, read_documents
from thruline.flows.expected import expected_s
from thruline.flows.holds import check, refusing
from thruline.flows.line import Line
from thruline.flows.matches import open_matches
from thruline.flows.publish import publish_without
from thruline.flows.reach import Reach, find, is_one_word
from thruline.flows.rebuild import cut, finish, foresee, view
from thruline.flows.removal import Said, residue, scrub, signed, since_last
from thruline.flows.reports import EraseReport, RebuildView
from thruline.flows.rights import drop_exports
from thruline.flows.touched import written
from thruline.ledger.residue import OUT_OF_SIGHT
from thruline.models.rebuilds import Rebuild
from thruline.runs.runner import Progress, Run

ROUNDS = 5
STAGES = ("finding", "deleting", "scrubbing", "rebuilding", "looking for residue", "signing")
ERASED = ("subject", "record", "answer", "model")  # whose ids a receipt lists
OUT_OF_SCOPE = (
    "the files in your own source folders: delete them there, a sync will not take them in again",
    "backups made before: destroy their keys file, or restore and erase again",
    "copies that people or other systems made of answers",
    OUT_OF_SIGHT,
    "what a file holds and its parser does not read: revisions, annotations and custom properties of office files and "
    "PDFs, encoded headers and attachments of mail",
    "the person by other words: initials, nicknames, inflected or misspelt names, and what only pictures show",
)
TOLD = "aggregates that were told with noise: hardly any would differ if the person had never been in their rows"


def erase(
    line: Line, identifiers: Sequence[str], *, one_word: bool = False, dry_run: bool, actor: str,
    progress: Progress | None = None,
) -> EraseReport:  # fmt: skip
    """Erase whoever is known by these identifiers; the report's `residue` is what the byte scan found afterwards.

    Raises NotFound when nothing holds them and they were never erased, Invalid for a word that is too short, or that
    stands alone while one_word does not allow it: `Mark` would take every page with a mark on it, now and later.
    """
    began = time.monotonic()
    reach = find(line, identifiers)
    alone = [text for text in identifiers if is_one_word(text)]
    if alone and not (one_word or dry_run):
        raise Invalid(
            f"{alone[0]!r} is one word, which may stand for others too: {len(reach.records)} documents hold it",
            hint="give the full name; or read what --dry-run lists, and say --one-word",
        )
    if reach.kin.unclear and not dry_run:
        raise Conflict(
            f"more than one person is called {reach.kin.unclear!r}",
            hint="add an e-mail address or a number of the one that is meant",
        )
    if dry_run:
        return _planned(line, reach, began)
    elsewhere.check(line)
    with line.runs.start("erase", only="home", actor=actor, progress=progress) as run:
        run.tell(STAGES[1], 1, len(STAGES))
        _delete(line, run, reach)
        for _ in range(ROUNDS):  # what came in while we looked; from the first deletion on, nothing new does
            late = find(line, reach.called, but=reach.spared)
            if late.is_empty:
                break
            _delete(line, run, late)
            reach = reach.and_also(late)
        run.tell(STAGES[2], 2, len(STAGES))
        keys = scrub(line)
        run.tell(STAGES[3], 3, len(STAGES))
        finish(line, actor, progress)
        rebuilt = line.registry.rebuilds.untold()
        run.tell(STAGES[4], 4, len(STAGES))
        left = residue(line, reach.called)
        run.tell(STAGES[5], 5, len(STAGES))
        receipt = _sign(line, run, reach, keys, left, rebuilt)
        run.tell(STAGES[5], len(STAGES), len(STAGES))
    return _report(
        line, reach, began, dry_run=False, keys=keys, residue=left, receipt=receipt, rebuilds=tuple(map(view, rebuilt))
    )


def _planned(line: Line, reach: Reach, began: float) -> EraseReport:
    """What would go, what forbids it, and how long it would take."""
    expected = expected_s(line.home, reach.called, time.monotonic() - began)
    rules = refusing(line, reach.shown)
    report = _report(line, reach, began, dry_run=True, rebuilds=foresee(line, reach))
    waiting = open_matches(line, reach.identifiers)
    return replace(report, refused_by=rules, expected_s=round(expected, 2), open_matches=waiting)


def _delete(line: Line, run: Run, reach: Reach) -> None:
    """Out of every table and out of what serves, in one transaction."""
    records = reach.record_ids
    paths = [p for places in line.records.paths(records).values() for p in places]
    parts = [*records, *documents_of(line, reach.records), *line.generations.sets_of(records)]
    with run.commit():
        check(line, records)  # in here: a hold that was placed before this moment counts
        run.append(Draft(verb="erase.began", inputs=(*reach.subjects, *records, *reach.answers, *reach.models)))
        as_they_came = corrections.as_they_came(line, reach.texts)
        planned = cut(line, run, reach)
        for model in reach.models:
            line.registry.remove(model)
        line.searches.delete([*reach.texts, *line.searches.of([line.access.actor(user).id for user in reach.users])])
        for user in reach.users:
            line.access.remove_user(user, actor=run.actor)
        remembered = line.runs.forget([*records, *reach.texts])
        of_jobs = [part for job in reach.jobs for part in line.jobs.texts_of(job)]
        exports = {*reach.exports, *(t for t in reach.texts if kind_of(t) == "export")}
        drop_exports(line, sorted(exports))
        consents = [consent.id for consent in line.consents.of(reach.subjects)]
        line.consents.forget(reach.subjects)
        datasets = [dataset for dataset in reach.datasets if dataset != planned]
        line.payloads.delete([*consents, *parts, *paths, *remembered, *reach.texts, *datasets, *of_jobs, *exports])
        line.answers.delete(reach.answers)
        line.subjects.unlink([*records, *reach.chunks, *reach.answers, *reach.texts])
        line.records.delete(records)
        line.tokens.forget([t for t in reach.texts if kind_of(t) == "token"])
        line.tokens.release(records)
        line.records.drop_nameless([t for t in reach.texts if kind_of(t) == "path"])
        theirs = [pair for side, _ in reach.kin.apart for pair in side.told.ids]
        suppressed = _suppressed(reach, as_they_came)
        line.subjects.forget(reach.subjects, suppressed, reach.called, line.clock.now(), but=theirs)
        _spare(line, reach)
        publish_without(line, run, "erase", set(records))


def _suppressed(reach: Reach, as_they_came: Sequence[str]) -> list[tuple[str, str]]:
    """What is not to come in again: the identifiers, and the very bytes, which may call them by an initial alone.

    as_they_came: what was corrected, as its source still has it.
    """
    return [*reach.identifiers, *(("record", record) for record in (*reach.record_ids, *as_they_came))]


def _spare(line: Line, reach: Reach) -> None:
    """Who bears the same name and was told apart keeps a pseudonym, and the decision that says so."""
    for side, decision in reach.kin.apart:
        gone = next(other for other in decision.sides if other is not side)
        line.payloads.put(decision.id, decision.without(gone).payload, decision.id)
    records = line.records.get_many(sorted(reach.spared))
    for id, document in ((r.id, r.document) for r in records.values()):
        for held in read_documents(line, [document]).values():
            line.subjects.meet(held.mentions, id)


def _sign(line: Line, run: Run, reach: Reach, keys: int, left: Sequence[str], rebuilt: Sequence[Rebuild]) -> str:
    """What the receipt says: what a killed erasure took out is on the receipt of the next one."""
    erased = since_last(line, "erase.began", "erase.done", ERASED)
    facts = {
        "records": len(erased["records"]), "chunks": len(reach.chunks), "vectors": len(reach.vectors),
        "answers": len(erased["answers"]), "models": len(erased["models"]),
        "rebuilt": sum(r.state == "serves" for r in rebuilt),
        "jobs": len(reach.jobs), "users": len(reach.users),
        "keys": keys, "residue": len(left),
        "ms": round((time.monotonic() - run.began) * 1000),
    }  # fmt: skip
    said = Said(what="erasure", went=erased, counts=facts, out_of_scope=_out_of_scope(line))
    return signed(line, run, said, Draft(verb="erase.done", inputs=erased["subjects"], facts=facts), rebuilt)


def _out_of_scope(line: Line) -> tuple[str, ...]:
    """What no erasure of ours reaches, that of the database included."""
    told = (TOLD,) if any(any(budget.spent) for budget in line.budgets.all()) else ()
    return (*OUT_OF_SCOPE, *told, *line.database.out_of_scope, *elsewhere.out_of_scope(line))


def _written(line: Line, reach: Reach) -> tuple[str, ...]:
    """Sets for training that hold them; named to who erases, and not on the receipt: a path may be personal."""
    return tuple(f"the set {place}: write it again, and delete it" for place in written(line, reach.corpora))


def _report(
    line: Line, reach: Reach, began: float, *, dry_run: bool, keys: int = 0, residue: tuple[str, ...] | None = None,
    receipt: str | Path = "", rebuilds: tuple[RebuildView, ...] = (),
) -> EraseReport:  # fmt: skip
    return EraseReport(
        subjects=reach.subjects, records=reach.shown, chunks=len(reach.chunks), vectors=len(reach.vectors),
        answers=len(reach.answers), models=reach.models, keys=keys, residue=-1 if residue is None else len(residue),
        residue_places=residue or (), out_of_scope=(*_written(line, reach), *_out_of_scope(line)),
        receipt=str(receipt), dry_run=dry_run,
        seconds=time.monotonic() - began, also_seen=reach.also_seen, jobs=len(reach.jobs), users=len(reach.users),
        rebuilds=rebuilds,
    )  # fmt: skip

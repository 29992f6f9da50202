"""Erase: a person -> everything derived of them -> gone, looked for in every byte, and proved.

What holds them is deleted as whole records; their keys are shredded; each store runs its recipe; every byte of the
home is searched for what was asked to go; the receipt is signed. Killed at any point and started again with the
same words, it ends in the same place.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thruline.core.clock import iso
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId, kind_of, random_id
from thruline.core.nouns import Draft
from thruline.data import privacy
from thruline.data.records import Record
from thruline.flows.documents import read_documents, views
from thruline.flows.line import Line
from thruline.flows.publish import publish_without
from thruline.flows.reports import DocumentView, EraseReport
from thruline.ledger.proof import seal, sign_document
from thruline.ledger.residue import residue
from thruline.runs.runner import Progress, Run

STAGES = ("finding", "deleting", "scrubbing", "looking for residue", "signing")
SHORTEST = 4  # characters: a shorter word stands in too much that is not the person's
OUT_OF_SCOPE = (
    "the files in your own source folders: delete them there, a sync will not take them in again",
    "backups made before: destroy their keys file, or restore and erase again",
    "file-system journals and snapshots, SSD spare blocks",
    "copies that people or other systems made of answers",
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """All that holds a person."""

    identifiers: tuple[tuple[str, str], ...]
    subjects: tuple[ArtifactId, ...]
    records: tuple[Record, ...]
    shown: tuple[DocumentView, ...]
    chunks: tuple[ArtifactId, ...]
    vectors: tuple[ArtifactId, ...]
    answers: tuple[ArtifactId, ...]
    datasets: tuple[ArtifactId, ...]
    models: tuple[ArtifactId, ...]
    also_seen: tuple[str, ...]

    @property
    def record_ids(self) -> list[ArtifactId]:
        """Ids of the records."""
        return [r.id for r in self.records]


def erase(
    line: Line, identifiers: Sequence[str], dry_run: bool, actor: str, progress: Progress | None = None
) -> EraseReport:
    """Erase whoever is known by these identifiers; the report's `residue` is what the byte scan found afterwards.

    Raises NotFound when nothing holds them and they were never erased, Invalid for a word that is too short.
    """
    began = time.monotonic()
    reach = find(line, identifiers)
    if dry_run:
        return _report(reach, began, dry_run=True)
    with line.runs.start("erase", only="home", actor=actor, progress=progress) as run:
        run.tell(STAGES[1], 1, len(STAGES))
        keys = _delete(line, run, reach)
        run.tell(STAGES[2], 2, len(STAGES))
        _scrub(line)
        run.tell(STAGES[3], 3, len(STAGES))
        left = _residue(line, identifiers)
        run.tell(STAGES[4], 4, len(STAGES))
        receipt = _sign(line, run, reach, keys, left, began)
        run.tell(STAGES[4], len(STAGES), len(STAGES))
    return _report(reach, began, dry_run=False, keys=keys, residue=left, receipt=receipt)


def find(line: Line, identifiers: Sequence[str]) -> Reach:
    """All that holds a person: by their links, and by reading every text, since a name can have gone undetected."""
    pairs = tuple(pair for text in identifiers for pair in classify(text))
    subjects = line.subjects.find(pairs)
    linked = {x.artifact for x in line.subjects.linked(subjects)}
    met = _texts_with(line, identifiers) | linked
    records = [r for _, r in sorted(line.records.get_many([i for i in met if kind_of(i) == "record"]).items())]
    chunks = [p.chunk for p in line.records.chunks_of([r.id for r in records])]
    below = {e.child for e in line.ledger.edges([*(r.id for r in records), *chunks], "down")} | met
    reached = {kind: tuple(sorted(i for i in below if kind_of(i) == kind)) for kind in ("answer", "dataset", "model")}
    if not records and not reached["answer"] and not subjects and not line.subjects.was_erased(pairs):
        raise NotFound(
            f"nothing here holds {', '.join(map(repr, identifiers))}", hint="give every name, address and number"
        )
    return Reach(
        identifiers=pairs, subjects=tuple(subjects), records=tuple(records), shown=views(line, records),
        chunks=tuple(chunks), vectors=tuple(ArtifactId(r.vectors) for r in records if r.vectors),
        answers=reached["answer"], datasets=reached["dataset"], models=reached["model"],
        also_seen=_also_seen(line, records, identifiers),
    )  # fmt: skip


def classify(text: str) -> list[tuple[str, str]]:
    """(kind, normalised value) pairs that an identifier as a person writes it may be known by."""
    if len(text.strip()) < SHORTEST:
        raise Invalid(f"{text!r} is too short to identify a person", hint="give a full name, e-mail or number")
    found = [(m.kind, m.value) for m in privacy.find_mentions(text) if m.kind != "name"]
    return found or [("name", " ".join(text.split()))]


def _texts_with(line: Line, identifiers: Sequence[str]) -> set[ArtifactId]:
    """Records and answers whose text says one of the identifiers, whatever was detected in them."""
    wanted = re.compile("|".join(_loosely(i) for i in identifiers), re.IGNORECASE)
    met: set[ArtifactId] = set()
    for page in _pages(line.records.list(limit=1 << 31)):
        documents = read_documents(line, [r.document for r in page if r.document])
        met |= {r.id for r in page if r.document in documents and wanted.search(documents[r.document].searchable)}
    answers = line.answers.all()
    for start in range(0, len(answers), 500):
        for id, said in line.answers.read(answers[start : start + 500]).items():
            texts = (said.question, said.text, said.asker, *(p.text for p in said.passages))
            if any(wanted.search(text) for text in texts):
                met.add(ArtifactId(id))
    return met


def _loosely(identifier: str) -> str:
    """A pattern for the identifier with any white space where it has some."""
    return r"\s+".join(map(re.escape, identifier.split()))


def _pages(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + 256] for start in range(0, len(records), 256))


def _also_seen(line: Line, records: Sequence[Record], identifiers: Sequence[str]) -> tuple[str, ...]:
    """Identifiers met beside these that may be the same person's: an address or name that shares a word with them."""
    words = {w.casefold() for i in identifiers for w in re.findall(r"[^\W\d_]{3,}", i)}
    named = " ".join(identifiers).casefold()
    seen: set[str] = set()
    for document in read_documents(line, [r.document for r in records]).values():
        for mention in document.mentions:
            shared = words & {w.casefold() for w in re.findall(r"[^\W\d_]{3,}", mention.value)}
            if mention.kind in ("name", "email") and shared and mention.value.casefold() not in named:
                seen.add(mention.value)
    return tuple(sorted(seen))


def _delete(line: Line, run: Run, reach: Reach) -> int:
    """Take everything out of the serving index, then out of every table, in transactions; the number of keys."""
    publish_without(line, run, "erase", set(reach.record_ids))
    records, now = reach.record_ids, line.clock.now()
    paths = [p for places in line.records.paths(records).values() for p in places]
    documents = [r.document for r in reach.records if r.document]
    owned = line.payloads.owners([*records, *documents, *reach.vectors])
    shredded = [o for o in owned if kind_of(o) in ("record", "subject")]
    with run.commit():
        for model in reach.models:
            line.registry.remove(model)
        remembered = line.runs.forget(records)
        line.payloads.delete([*records, *documents, *reach.vectors, *paths, *remembered, *reach.datasets])
        line.answers.delete(reach.answers)
        line.subjects.unlink([*records, *reach.chunks, *reach.answers])
        line.records.delete(records)
        line.subjects.forget(reach.subjects, reach.identifiers, now)
    return line.vault.shred(shredded)


def _scrub(line: Line) -> None:
    """Each store's own recipe, after which deleted bytes are in none of its files."""
    line.payloads.sweep()
    line.database.scrub()
    line.key_database.scrub()


def _residue(line: Line, identifiers: Sequence[str]) -> tuple[str, ...]:
    """Where a byte of them is left: `file at offset`."""
    hits = residue(line.home, [i.encode() for i in identifiers])
    return tuple(
        f"{hit.path.relative_to(line.home) if hit.path.is_absolute() else hit.path} at {hit.offset}" for hit in hits
    )


def _sign(line: Line, run: Run, reach: Reach, keys: int, left: Sequence[str], began: float) -> str:
    """The receipt: ids and numbers only, the head of the ledger, what was out of scope; a file and an event."""
    facts = {
        "records": len(reach.records), "chunks": len(reach.chunks), "vectors": len(reach.vectors),
        "answers": len(reach.answers), "models": len(reach.models), "keys": keys, "residue": len(left),
        "ms": round((time.monotonic() - began) * 1000),
    }  # fmt: skip
    receipt = random_id("receipt")
    run.append(Draft(verb="erase.done", inputs=reach.subjects, outputs=(receipt,), facts=facts))
    seal(line.ledger, line.signer)
    head = line.ledger.head()
    body = {
        "what": "erasure", "id": receipt, "at": iso(line.clock.now()), "subjects": list(reach.subjects),
        "records": reach.record_ids, "answers": list(reach.answers), "models": list(reach.models), **facts,
        "out_of_scope": list(OUT_OF_SCOPE), "ledger": {"seq": head.seq, "hash": head.hash},
    }  # fmt: skip
    path = line.home / "receipts" / f"erasure-{receipt.partition(':')[2][:12]}.json"
    path.write_text(json.dumps(sign_document(line.signer, body), indent=1) + "\n", "utf-8")
    return str(path)


def _report(
    reach: Reach, began: float, *, dry_run: bool, keys: int = 0, residue: tuple[str, ...] | None = None,
    receipt: str | Path = "",
) -> EraseReport:  # fmt: skip
    return EraseReport(
        subjects=reach.subjects, records=reach.shown, chunks=len(reach.chunks), vectors=len(reach.vectors),
        answers=len(reach.answers), models=reach.models, keys=keys, residue=-1 if residue is None else len(residue),
        residue_places=residue or (), out_of_scope=OUT_OF_SCOPE, receipt=str(receipt), dry_run=dry_run,
        seconds=time.monotonic() - began, also_seen=reach.also_seen,
    )  # fmt: skip

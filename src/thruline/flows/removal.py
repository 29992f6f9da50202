"""Removal: what follows a deletion - stores scrubbed, keys shredded, bytes looked for, a receipt signed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.files import write_whole
from thruline.core.ids import ArtifactId, kind_of, random_id
from thruline.core.nouns import Draft, Event
from thruline.flows import elsewhere, kept
from thruline.flows.rebuild import as_proof
from thruline.ledger.proof import seal, sign_document
from thruline.ledger.residue import residue_apart
from thruline.models.rebuilds import Rebuild
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


DELETED = "deleted: out of every table, and the stores' files rewritten"
UNREADABLE = "shredded: keys that open nothing else were destroyed; what they opened is noise, also where it still lies"
SEARCHED = "looked for: the words, plain, as UTF-16, hexadecimal, Base64 and URL, also inside what was compressed"
TAKEN_OUT = "withdrawn with the deletion; where made again, exact: trained without the rows, see `rebuilds`"


class Said(NamedTuple):
    """What a receipt says of a removal: ids by kind, and numbers."""

    what: str
    went: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]
    out_of_scope: Sequence[str]

    @property
    def proof(self) -> list[dict[str, str | int]]:
        """How surely each sort of thing is gone, the surest last."""
        counts = self.counts
        found: list[dict[str, str | int]] = [
            {"of": "documents, passages, vectors, answers, jobs", "level": DELETED},
            {"of": "what is left of them in copies of this home's files", "level": UNREADABLE, "keys": counts["keys"]},
            {"of": "every byte of this home", "level": SEARCHED, "places": counts["residue"]},
        ]
        if counts["models"]:
            models = {"models": counts["models"], "made_again": counts["rebuilt"]}
            found.append({"of": "models that learnt from them", "level": TAKEN_OUT, **models})
        return found


def scrub(line: Line) -> int:
    """Each store's own recipe, after which deleted bytes are in none of its files; the number of keys destroyed.

    Keys go by what they still open, not by what was found: started again after a kill, no key is forgotten.
    """
    _drop_trainings(line)
    kept.drop(line)
    line.payloads.sweep()
    keys = line.payloads.shred_unused()
    line.database.scrub()
    line.key_database.scrub()
    elsewhere.scrub(line)
    return keys


def residue(line: Line, words: Sequence[str]) -> tuple[str, ...]:
    """Where a byte of these words is left: `file at offset`."""
    hits = residue_apart(line.home, [w.encode() for w in words])
    return tuple(
        f"{hit.path.relative_to(line.home) if hit.path.is_absolute() else hit.path} at {hit.offset}" for hit in hits
    )


def since_last(line: Line, began: str, done: str, kinds: Sequence[str]) -> dict[str, tuple[ArtifactId, ...]]:
    """What went since the last receipt of its sort, by kind: one that was killed is on the receipt of the next.

    Also one that was killed between its last event and its file, of which no receipt tells.
    """
    told = (event for event in line.ledger.read(verbs=(done,), limit=sys.maxsize) if _is_told(line, event))
    ended = [event.seq for event in told]
    events = line.ledger.read(verbs=(began,), after=ended[-1] if ended else 0, limit=sys.maxsize)
    gone = {id: None for event in events for id in event.inputs}
    return {f"{kind}s": tuple(id for id in gone if kind_of(id) == kind) for kind in kinds}


def signed(line: Line, run: Run, said: Said, done: Draft, rebuilt: Sequence[Rebuild]) -> str:
    """The receipt: ids and numbers only, the head of the ledger, what was out of scope; a file, and an event."""
    receipt = random_id("receipt")
    run.append(replace(done, outputs=(receipt,)))
    seal(line.ledger, line.signer)
    head = line.ledger.head()
    body = {
        "what": said.what, "id": receipt, "at": iso(line.clock.now()), **said.went, "counts": said.counts,
        "proof": said.proof,
        "rebuilds": [as_proof(r) for r in rebuilt],
        "out_of_scope": said.out_of_scope, "head": {"seq": head.seq, "hash": head.hash},
    }  # fmt: skip
    path = line.home / "receipts" / f"{said.what}-{_short(receipt)}.json"
    write_whole(path, (json.dumps(sign_document(line.signer, body), indent=1) + "\n").encode())
    line.registry.rebuilds.told([r.id for r in rebuilt if r.state != "pending"], receipt)
    return str(path)


def _is_told(line: Line, done: Event) -> bool:
    return any((line.home / "receipts").glob(f"*-{_short(done.outputs[0])}.json"))


def _short(receipt: str) -> str:
    return receipt.partition(":")[2][:12]


def _drop_trainings(line: Line) -> None:
    """The rows that killed trainings left as files, `train-<run>-…`; one that runs drops its own."""
    for folder in (line.home / "jobs").glob("train-*"):
        if not _is_running(line, f"run:{folder.name.split('-')[1]}"):
            shutil.rmtree(folder)


def _is_running(line: Line, run: str) -> bool:
    try:
        return line.runs.get(run).state == "running"
    except NotFound:
        return False

"""Proof that the ledger is as it was written: seals, verification, signed documents.

The hash chain shows a change to anybody who knows a later hash. A seal makes the home's key say which hash that is,
and a signed receipt carries it out of the house. `thruline_verify` checks the same without a line of this package.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thruline.core.errors import Corrupt, Denied
from thruline.core.nouns import Draft, Event, Head
from thruline.ledger.ledger import GENESIS, SqlLedger
from thruline.ports.ledger import Ledger
from thruline.ports.signer import Signer

SEAL = b"thruline ledger seal v1\n"
DOCUMENT = b"thruline document v1\n"


class Problem(NamedTuple):
    """Event seq, and what was done to it."""

    seq: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a verification found. sealed: the last event that a valid seal covers, 0 without one.

    keys: the public keys (hex) whose seals are valid; without trusted keys they vouch only for themselves.
    """

    events: int
    head: Head
    seals: int
    sealed: int
    keys: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was done to the ledger that its hashes, seals and projections would show."""
        return not self.problems


def seal(ledger: Ledger, signer: Signer) -> Event:
    """Sign the head and append the signature: a later change to anything under it shows to whoever has the key."""
    head = ledger.head()
    facts = {
        "upto": head.seq,
        "head": head.hash,
        "public_key": signer.public_key.hex(),
        "signature": signer.sign(_seal_message(head.seq, head.hash)).hex(),
    }
    return ledger.append([Draft(verb="ledger.sealed", facts=facts)])[0]


def verify(ledger: SqlLedger, trusted_keys: Sequence[bytes] = (), anchors: Sequence[Head] = ()) -> Verification:
    """Every event, seal and projection, checked against the chain; it goes on after a problem.

    anchors: heads that receipts remember; without one nobody can see that the end of a chain was cut off.
    Events that are appended meanwhile do not disturb it.
    """
    sealed = ledger.read(verbs=["ledger.sealed"], limit=1 << 31)
    wanted = {int(seal.facts.get("upto", 0)) for seal in sealed} | {anchor.seq for anchor in anchors}
    walk = _Walk(wanted=wanted)
    for row in ledger.rows():
        walk.take(*row)
    walk.end()
    seals = _check_seals(walk, {key.hex() for key in trusted_keys})
    _check_anchors(walk, anchors)
    _check_projection(walk, "artifact", walk.artifacts, ledger.stored_artifacts())
    _check_projection(walk, "edge", walk.edges, ledger.stored_edges())
    return Verification(
        events=walk.events,
        head=Head(seq=walk.seq, hash=walk.hash),
        seals=len(seals),
        sealed=max((seal.upto for seal in seals), default=0),
        keys=tuple(sorted({seal.public_key for seal in seals})),
        problems=tuple(sorted(walk.problems)),
    )


def export(ledger: SqlLedger) -> Iterator[str]:
    """The chain as JSON lines that `thruline-verify` reads, each with its line end."""
    for seq, _, _, body, hash_ in ledger.rows():
        yield json.dumps({"seq": seq, "body": body, "hash": hash_}) + "\n"


def sign_document(signer: Signer, body: Mapping[str, Any]) -> dict[str, Any]:
    """A receipt that stands alone: body, public key and a signature over the body's canonical JSON."""
    signature = signer.sign(DOCUMENT + _canonical(body))
    return {"body": dict(body), "public_key": signer.public_key.hex(), "signature": signature.hex()}


def check_document(document: Mapping[str, Any], trusted_keys: Sequence[bytes] = ()) -> dict[str, Any]:
    """The body of a signed document.

    Raises Corrupt when it is not as it was signed, Denied when it was signed by a key that is not trusted.
    """
    try:
        key, signature, body = document["public_key"], document["signature"], document["body"]
        signed = _is_signed(key, signature, DOCUMENT + _canonical(body))
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(
            f"this is not a signed document: {error}", hint="it has body, public_key and signature"
        ) from error
    if not signed:
        raise Corrupt("the document is not as it was signed", hint="ask for a fresh copy of it")
    if trusted_keys and key not in {trusted.hex() for trusted in trusted_keys}:
        raise Denied(f"the document was signed by another key, {key!r}", hint="check which home it came from")
    return dict(body)


def remembered(receipts: Path, trusted_keys: Sequence[bytes]) -> tuple[list[Head], list[Problem]]:
    """The heads that the signed receipts in a folder remember, and a problem for each that is not as it was signed."""
    heads: list[Head] = []
    problems: list[Problem] = []
    for path in sorted(receipts.glob("*.json")):
        try:
            head = check_document(msgspec.json.decode(path.read_bytes()), trusted_keys).get("head")
            heads += [msgspec.convert(head, Head)] if head else []
        except (Corrupt, Denied, msgspec.MsgspecError) as error:
            problems.append(Problem(0, f"the receipt {path.name!r} does not hold: {error}"))
    return heads, problems


class _Body(msgspec.Struct, gc=False):
    seq: int
    verb: str
    run: str
    inputs: list[str]
    outputs: list[str]
    via: list[str]
    facts: dict[str, Any]
    prev: str


class _Seal(msgspec.Struct):
    upto: int
    head: str
    public_key: str
    signature: str


_decode = msgspec.json.Decoder(_Body).decode


@dataclass
class _Walk:
    """One pass over the chain in order. wanted: the places whose digests seals and anchors ask for."""

    wanted: set[int]
    events: int = 0
    seq: int = 0
    hash: str = GENESIS.hash
    digest: str = GENESIS.hash
    digests: dict[int, str] = field(default_factory=lambda: {0: GENESIS.hash})
    artifacts: dict[str, int] = field(default_factory=dict)
    edges: dict[str, int] = field(default_factory=dict)  # by text: a million tuples would keep the collector busy
    seals: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, seq: int, verb: str, run: str, body: str, hash_: str) -> None:
        """Check one stored row against all before it."""
        raw = body.encode()
        digest = hashlib.sha256(raw).hexdigest()
        try:
            event = _decode(raw)
        except msgspec.DecodeError:
            event = None
            self.problem(seq, "its body is not an event any more")
        if event is not None:
            self._project(seq, event)
        if event is None or not self._follows(seq, verb, run, event):
            self._explain_link(seq, event)
            self._explain_columns(seq, verb, run, event)
        self.events, self.seq, self.hash, self.digest = self.events + 1, seq, hash_, digest
        if seq in self.wanted:
            self.digests[seq] = digest

    def end(self) -> None:
        """Judge the last event, which no other follows."""
        if self.hash != self.digest:
            self.problem(self.seq, "its body or its hash was changed: they do not belong together")

    def problem(self, seq: int, what: str) -> None:
        """Note it and go on."""
        self.problems.append(Problem(seq, what))

    def _follows(self, seq: int, verb: str, run: str, event: _Body) -> bool:
        return (
            event.seq == seq == self.seq + 1
            and event.prev == self.hash == self.digest
            and event.verb == verb
            and event.run == run
        )

    def _explain_link(self, seq: int, event: _Body | None) -> None:
        before = self.seq
        if seq != before + 1:
            missing = f"event {before + 1} is" if seq == before + 2 else f"events {before + 1} to {seq - 1} are"
            self.problem(before + 1, f"{missing} missing: deleted")
        prev = event.prev if event is not None else ""
        if self.hash != self.digest:
            # the event after it remembers which of the two was there first
            changed = {self.hash: "its body was changed", self.digest: "its hash was changed"}
            self.problem(before, changed.get(prev, "its body or its hash was changed") + " after it was written")
        elif event is not None and prev != self.hash and seq == before + 1:
            self.problem(before, f"it was replaced by another: event {seq} follows one with a different hash")

    def _explain_columns(self, seq: int, verb: str, run: str, event: _Body | None) -> None:
        if event is None:
            return
        if event.seq != seq:
            self.problem(seq, f"another event stands in its place: that of place {event.seq}")
        if event.verb != verb or event.run != run:
            self.problem(seq, "its columns were changed: verb or run differ from its body")

    def _project(self, seq: int, event: _Body) -> None:
        if event.verb == "ledger.sealed":
            self.seals.append((seq, event.facts))
        artifacts, edges = self.artifacts, self.edges
        for named in (event.inputs, event.via, event.outputs):
            for artifact in named:
                artifacts.setdefault(artifact, seq)
        for child in event.outputs:
            for parent in event.inputs:
                edges.setdefault(f"{parent} -> {child} (from)", seq)
            for parent in event.via:
                edges.setdefault(f"{parent} -> {child} (via)", seq)


def _check_seals(walk: _Walk, trusted: set[str]) -> list[_Seal]:
    valid: list[_Seal] = []
    for seq, facts in walk.seals:
        try:
            found = msgspec.convert(facts, _Seal)
        except msgspec.ValidationError:
            walk.problem(seq, "its seal is not one")
            continue
        if trusted and found.public_key not in trusted:
            walk.problem(seq, f"it was sealed by a key that is not trusted: {found.public_key}")
        elif not _is_signed(found.public_key, found.signature, _seal_message(found.upto, found.head)):
            walk.problem(seq, "its seal is forged: the signature is not of this key and head")
        elif found.upto >= seq or walk.digests.get(found.upto) != found.head:
            walk.problem(
                seq, f"its seal was made over another chain: event {found.upto} is not the one that was signed"
            )
        else:
            valid.append(found)
    return valid


def _check_anchors(walk: _Walk, anchors: Sequence[Head]) -> None:
    for anchor in anchors:
        if anchor.seq > walk.seq:
            walk.problem(walk.seq + 1, f"events {walk.seq + 1} to {anchor.seq} were cut off: a receipt remembers them")
        elif walk.digests.get(anchor.seq) != anchor.hash:
            walk.problem(anchor.seq, "it is not the event that a receipt remembers at this place")


def _check_projection(walk: _Walk, what: str, said: Mapping[str, int], stored: Mapping[str, int]) -> None:
    if said == stored:
        return
    for key, seq in said.items():
        if key not in stored:
            walk.problem(seq, f"the {what} {key} that it made was removed from the table")
        elif stored[key] != seq:
            walk.problem(seq, f"the {what} {key} that it made is put down to event {stored[key]}")
    for key, seq in stored.items():
        if key not in said and seq <= walk.seq:
            walk.problem(seq, f"the {what} {key} was added to the table: no event made it")


def _seal_message(upto: int, head: str) -> bytes:
    return SEAL + f"{upto}\n{head}".encode()


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _is_signed(public_key: str, signature: str, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True

"""Checks that each event hashes to its hash, follows the one before it, and made the edges that stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from thruline_verify.reading import Ledger, Row
from thruline_verify.signatures import seal_is_signed

ZEROS = "0" * 64


class Problem(NamedTuple):
    """Event seq, and what was done to it."""

    seq: int
    what: str


@dataclass(kw_only=True)
class Findings:
    """What was found so far. sealed: the last event under a valid seal; keys: who sealed, in hex."""

    events: int = 0
    sealed: int = 0
    keys: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def check(ledger: Ledger, trusted: frozenset[str], receipts: Iterable[tuple[int, str]]) -> Findings:
    """Every event, seal and projection; it goes on after a problem.

    trusted: public keys in hex, none means any. receipts: (seq, hash) of heads that signed receipts remember.
    """
    findings = Findings()
    links: dict[int, str] = {0: ZEROS}
    edges: dict[tuple[str, str, str], int] = {}
    artifacts: dict[str, int] = {}
    for seq, event in _walk(ledger.rows, links, findings.problems):
        _project(seq, event, edges, artifacts)
        if event["verb"] == "ledger.sealed":
            _check_seal(seq, event["facts"], links, trusted, findings)
    last = max(links)
    findings.events = len(links) - 1
    _check_receipts(receipts, links, last, findings.problems)
    _compare("edge", edges, ledger.edges, findings.problems)
    _compare("artifact", artifacts, ledger.artifacts, findings.problems)
    findings.problems.sort()
    return findings


def _walk(rows: Iterable[Row], links: dict[int, str], problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Events whose body can be read, in order; fills links with what each body really hashes to."""
    seq, stored, digest = 0, ZEROS, ZEROS
    for row in rows:
        event = _parse(row.body)
        prev = "" if event is None else event["prev"]
        if row.seq != seq + 1:
            problems.append(Problem(seq + 1, f"events {seq + 1} to {row.seq - 1} are missing: deleted"))
        if stored != digest:
            # the event after it remembers which of the two was there first
            which = {stored: "its body was changed", digest: "its hash was changed"}
            problems.append(Problem(seq, which.get(prev, "its body or its hash was changed") + " after it was written"))
        elif event is not None and prev != stored and row.seq == seq + 1:
            what = f"it was replaced by another: event {row.seq} follows one with a different hash"
            problems.append(Problem(seq, what))
        seq, stored, digest = row.seq, row.hash, hashlib.sha256(row.body.encode()).hexdigest()
        links[seq] = digest
        problems += _check_place(row, event)
        if event is not None:
            yield seq, event
    if stored != digest:
        problems.append(Problem(seq, "its body or its hash was changed: they do not belong together"))


def _parse(body: str) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
        ids = [*event["inputs"], *event["outputs"], *event["via"]]
        texts = [*ids, event["verb"], event["run"], event["prev"]]
        whole = isinstance(event["seq"], int) and isinstance(event["facts"], dict)
    except (ValueError, KeyError, TypeError):
        return None
    return event if whole and all(isinstance(text, str) for text in texts) else None


def _check_place(row: Row, event: dict[str, Any] | None) -> Iterator[Problem]:
    if event is None:
        yield Problem(row.seq, "its body is not an event any more")
        return
    if event["seq"] != row.seq:
        yield Problem(row.seq, f"another event stands in its place: that of place {event['seq']}")
    if row.verb is not None and (row.verb, row.run) != (event["verb"], event["run"]):
        yield Problem(row.seq, "its columns were changed: verb or run differ from its body")


def _project(
    seq: int, event: dict[str, Any], edges: dict[tuple[str, str, str], int], artifacts: dict[str, int]
) -> None:
    for artifact in (*event["inputs"], *event["via"], *event["outputs"]):
        artifacts.setdefault(artifact, seq)
    for child in event["outputs"]:
        for parent in event["inputs"]:
            edges.setdefault((parent, child, "from"), seq)
        for parent in event["via"]:
            edges.setdefault((parent, child, "via"), seq)


def _check_seal(
    seq: int, seal: dict[str, Any], links: dict[int, str], trusted: frozenset[str], findings: Findings
) -> None:
    key, upto = str(seal.get("public_key")), seal.get("upto")
    if trusted and key not in trusted:
        findings.problems.append(Problem(seq, f"it was sealed by a key that is not trusted: {key}"))
    elif not isinstance(upto, int) or not seal_is_signed(seal):
        findings.problems.append(Problem(seq, "its seal is forged: the signature is not of this key and head"))
    elif upto >= seq or links.get(upto) != seal.get("head"):
        what = f"its seal was made over another chain: event {upto} is not the one that was signed"
        findings.problems.append(Problem(seq, what))
    else:
        findings.sealed = max(findings.sealed, upto)
        findings.keys.add(key)


def _check_receipts(
    receipts: Iterable[tuple[int, str]], links: dict[int, str], last: int, problems: list[Problem]
) -> None:
    for seq, hash_ in receipts:
        if seq > last:
            problems.append(Problem(last + 1, f"events {last + 1} to {seq} were cut off: a receipt remembers them"))
        elif links.get(seq) != hash_:
            problems.append(Problem(seq, "it is not the event that a receipt remembers at this place"))


def _compare(what: str, said: Mapping[Any, int], stored: Mapping[Any, int] | None, problems: list[Problem]) -> None:
    if stored is None or said == stored:
        return
    for key in said.keys() - stored.keys():
        problems.append(Problem(said[key], f"the {what} {_show(key)} that it made was removed from the table"))
    for key in stored.keys() - said.keys():
        problems.append(Problem(stored[key], f"the {what} {_show(key)} was added to the table: no event made it"))
    for key in said.keys() & stored.keys():
        if said[key] != stored[key]:
            where = f"the {what} {_show(key)} that it made is put down to event {stored[key]}"
            problems.append(Problem(said[key], where))


def _show(key: str | tuple[str, str, str]) -> str:
    return key if isinstance(key, str) else f"{key[0]} -> {key[1]} ({key[2]})"

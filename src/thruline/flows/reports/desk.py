"""What is out of answers and waits for a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DeskItem:
    """A document that is out of answers, or a file that was refused.

    id: of the record, or of the path. rules: those of the source's contract that it breaks. preview: the text around
    what was found; empty for who may not release it. owner: who is to decide. expires: when it is deleted undecided.
    decision: `kept` by a person; empty while it waits.
    """

    id: str
    source: str
    path: str
    title: str
    state: str
    reason: str
    rules: tuple[str, ...]
    preview: str
    since: str
    owner: str
    expires: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class DeskReport:
    """What was done to cases of the desk: how many, and those of them that are out of answers still.

    unread: refused records that were sent to us, whose bytes nobody kept; their program has to send them again.
    """

    action: str
    cases: int
    left: tuple[DeskItem, ...]
    dry_run: bool = False
    unread: int = 0

"""Users, keys, screening and the audit trail, as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from thruline.app.results import AuditLine, Clearance, IssuedKey, KeyView, ScreenView, UserView
from thruline.core.clock import iso
from thruline.data.policies import kinds_named
from thruline.flows.line import Line
from thruline.guard.access import OPERATOR, User

PSEUDONYM = len("user:") + 8


def users(line: Line) -> tuple[UserView, ...]:
    """All users by name."""
    return tuple(_user(u) for u in line.access.users())


def set_user(line: Line, name: str, groups: Sequence[str], role: str, actor: str) -> UserView:
    """Add or change one."""
    return _user(line.access.set_user(name, groups, role=role, actor=actor))  # type: ignore[arg-type]


def keys(line: Line) -> tuple[KeyView, ...]:
    """All keys, the latest first."""
    names = {u.id: u.name for u in line.access.users()}
    made = line.access.keys()
    return tuple(KeyView(id=k.id, public=k.public, user=names.get(k.user, ""), made=iso(k.made)) for k in made)


def create_key(line: Line, user: str, actor: str) -> IssuedKey:
    """A new key."""
    made = line.access.create_key(user, actor=actor)
    return IssuedKey(id=made.id, user=user, secret=made.secret)


def clearances(line: Line) -> tuple[Clearance, ...]:
    """By group."""
    return tuple(Clearance(group=g, kinds=tuple(sorted(kinds))) for g, kinds in line.access.clearances().items())


def set_clearance(line: Line, group: str, kinds: Sequence[str], actor: str) -> tuple[Clearance, ...]:
    """Set what one group sees; raises Invalid for a kind that is not known."""
    line.access.set_clearance(group, kinds_named(",".join(kinds)), actor=actor)
    return clearances(line)


def screen(line: Line, text: str) -> ScreenView:
    """Judge a text."""
    judged = line.screen.prompt(text)
    return ScreenView(
        outcome=judged.outcome, score=round(judged.score, 4), threshold=round(judged.threshold, 4),
        detector=line.registry.serving("detector") or "rules only",
    )  # fmt: skip


def audit(line: Line, limit: int, operation: str) -> tuple[AuditLine, ...]:
    """Calls of operations, the latest first; who has been removed or erased is told by the first digits of their id."""
    names: dict[str, str] = {line.ids.artifact("user", OPERATOR): OPERATOR}
    names |= {u.id: u.name for u in line.access.users()}
    head = line.ledger.head().seq
    found: list[AuditLine] = []
    before, window = head, max(limit * 4, 200)
    while before > 0 and len(found) < limit:
        start = max(0, before - window)
        page = [e for e in line.ledger.read(after=start, verbs=["operation.called"], limit=window) if e.seq <= before]
        for event in reversed(page):
            f = event.facts
            if operation in ("", f["operation"]):
                found.append(
                    AuditLine(
                        seq=event.seq, at=iso(event.at), actor=names.get(event.actor, event.actor[:PSEUDONYM]),
                        operation=str(f["operation"]), outcome=str(f["outcome"]), error=str(f["error"]),
                        ms=int(f["ms"]), via=str(f["via"]),
                    )
                )  # fmt: skip
        before = start
    return tuple(found[:limit])


def _user(user: User) -> UserView:
    return UserView(id=user.id, name=user.name, role=user.role, groups=user.groups)

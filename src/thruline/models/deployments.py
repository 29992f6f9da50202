"""What serves: every change is kept, and the way back is the order of the promotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args

from thruline.core.clock import Clock, Micros
from thruline.core.errors import Conflict, Denied
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger

ModelRole = Literal["detector", "embedder", "llm", "reranker"]
Why = Literal["promoted", "rolled_back", "erased"]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A change of what serves. model: for `promoted` what began to serve, otherwise what ceased to."""

    id: ArtifactId
    role: ModelRole
    model: ArtifactId
    why: Why
    forced: bool
    changed: Micros


def line_of_succession(history: Sequence[Deployment]) -> list[ArtifactId]:
    """The models that serve one after another when each is rolled back; the last one serves now."""
    line: list[ArtifactId] = []
    for change in history:
        if change.why == "promoted":
            line.append(change.model)
        elif change.why == "rolled_back":
            line.pop()
        else:
            line = [model for model, _ in groupby(model for model in line if model != change.model)]
    return line


class Deployments:
    """The history of each role; each change and its event commit together."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._db = database
        self._ledger = ledger
        self._clock = clock
        self._q = load_queries("thruline.models", database.dialect)

    def history(self, role: ModelRole) -> list[Deployment]:
        """Every change of a role, the latest last."""
        rows = self._db.query(self._q.deployments, {"role": role})
        return [
            Deployment(id=ArtifactId(i), role=r, model=ArtifactId(m), why=why, forced=bool(forced), changed=at)
            for i, r, m, why, forced, at in rows
        ]

    def serving(self, role: ModelRole) -> ArtifactId | None:
        """The model that serves now."""
        line = line_of_succession(self.history(role))
        return line[-1] if line else None

    def roles_of(self, model: ArtifactId) -> tuple[ModelRole, ...]:
        """The roles in which a model serves now."""
        return tuple(role for role in get_args(ModelRole) if self.serving(role) == model)

    def promote(
        self, role: ModelRole, model: ArtifactId, *, passed: bool, force: bool = False, run: str = "", actor: str = ""
    ) -> Deployment:
        """Let a model serve; raises Denied when it has not passed its gate, unless forced."""
        if not (passed or force):
            raise Denied(
                f"model {model!r} has not passed its gate", hint="train a better one, or force it: that stays on record"
            )
        with self._db.transaction():
            if self.serving(role) == model:
                raise Conflict(f"model {model!r} serves already", hint="there is nothing to do")
            return self._change(role, model, "promoted", forced=not passed, run=run, actor=actor)

    def rollback(self, role: ModelRole, *, run: str = "", actor: str = "") -> Deployment:
        """Back to what served before; raises Conflict when there is nothing before it."""
        with self._db.transaction():
            line = line_of_succession(self.history(role))
            if len(line) < 2:
                raise Conflict(f"no {role!r} served before this one", hint="promote another model instead")
            return self._change(role, line[-1], "rolled_back", run=run, actor=actor)

    def withdraw(self, model: ArtifactId) -> None:
        """Take a model out of every line of succession, because it is erased."""
        with self._db.transaction():
            for role in get_args(ModelRole):
                if model in line_of_succession(self.history(role)):
                    self._change(role, model, "erased")

    def _change(
        self, role: ModelRole, model: ArtifactId, why: Why, *, forced: bool = False, run: str = "", actor: str = ""
    ) -> Deployment:
        change = Deployment(
            id=random_id("deployment"), role=role, model=model, why=why, forced=forced, changed=self._clock.now()
        )
        facts: dict[str, Any] = {"role": role, "why": why, "forced": forced}
        draft = Draft(
            verb="deployment.changed", inputs=(model,), outputs=(change.id,), facts=facts, run=run, actor=actor
        )
        event = self._ledger.append([draft])[0]
        row = {"id": change.id, "role": role, "model": model, "why": why, "changed": change.changed}
        self._db.execute(self._q.insert_deployment, row | {"seq": event.seq, "forced": int(forced)})
        return change

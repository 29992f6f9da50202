"""The shelf of models, as people see it: promote, roll back, list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.app.results import ModelView
from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId

if TYPE_CHECKING:
    from thruline.app.platform import Platform
    from thruline.models.deployments import ModelRole

ROLE = "detector"


def promote(p: Platform, model: str, force: bool) -> tuple[ModelView, ...]:
    """Let a model serve."""
    id = named(p, model)
    info = next(m for m in p.line.registry.models() if m.id == id)
    p.line.registry.deploy(info.role, id, force=force, actor=p.actor.id)
    return listing(p)


def rollback(p: Platform, role: ModelRole) -> tuple[ModelView, ...]:
    """Let the one before serve."""
    p.line.registry.rollback(role, actor=p.actor.id)
    return listing(p)


def listing(p: Platform) -> tuple[ModelView, ...]:
    """All on the shelf, the latest first."""
    return tuple(
        ModelView(
            id=m.id, role=m.role, made=iso(m.made), gate=m.outcome,
            auroc=round(m.report.auroc.value, 4) if m.report else None,
            recall_at_1pct=round(m.report.recall_at_1pct.value, 4) if m.report else None, serves=m.serves,
            sha256=m.sha256,
        )
        for m in p.line.registry.models()
    )  # fmt: skip


def named(p: Platform, model: str) -> ArtifactId:
    """The id of a model on the shelf, the serving one when model is empty; raises NotFound."""
    id = model or p.line.registry.serving(ROLE)
    if id not in {m.id for m in p.line.registry.models()}:
        raise NotFound(
            f"no model {id or 'is serving'!r}", hint="`thruline models` lists them; `thruline train` makes one"
        )
    return ArtifactId(str(id))

"""Papers, with what the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.flows import paper
from thruline.flows.paper import PaperKind
from thruline.flows.paper_facts import Settings
from thruline.flows.reports import PaperReport

if TYPE_CHECKING:
    from thruline.app.platform import Platform


def outside(p: Platform) -> list[str]:
    """Services outside that questions, texts or notices are sent to."""
    told = {"notices to": p.config.notify.webhook, "run events to": p.config.notify.openlineage}
    parts = (f"{part.name}, {part.region or 'region not stated'}" for part in p.line.parts)
    return sorted([*parts, *(f"{what} {url}" for what, url in told.items() if url)])


def write(p: Platform, kind: PaperKind, about: str) -> PaperReport:
    """A paper of this moment."""
    config = p.config
    settings = Settings(
        outside=outside(p), hidden_text=config.guard.hidden_text, names=config.guard.names, host=config.server.host
    )
    return paper.write(p.line, kind, about, settings, p.actor.id)

"""data: what a person may ask for beside being told and erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.ops.data import DryRun, Identifiers
from thruline.app.platform import Platform
from thruline.core.lazy import lazy
from thruline.flows.reports import RestrictionReport, RestrictionView

if TYPE_CHECKING:
    from thruline.flows import restrict as restricting
else:
    restricting = lazy("thruline.flows.restrict")


@operation(role="operator", cli="restrict", positional=("identifiers",))
def restrict(p: Platform, *, identifiers: Identifiers, dry_run: DryRun = False) -> RestrictionReport:
    """Keep a person's records out of every answer, search and training set, without deleting them (GDPR art. 18)."""
    return restricting.restrict(p.line, identifiers, dry_run, p.actor.id)


@operation(role="operator", cli="unrestrict", positional=("who",))
def unrestrict(
    p: Platform, *,
    who: Annotated[tuple[str, ...], "the restriction's id, or how the person is called"],
    dry_run: DryRun = False,
) -> RestrictionReport:  # fmt: skip
    """End a restriction: the person's records answer again."""
    return restricting.unrestrict(p.line, who, dry_run, p.actor.id)


@operation(role="operator", cli="restrictions", reads=True)
def restrictions(p: Platform) -> tuple[RestrictionView, ...]:
    """List whose records are restricted, and since when."""
    return restricting.listing(p.line)

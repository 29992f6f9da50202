"""vectors: what is chosen by measurement on judged questions, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import choices, collections, reports
    from thruline.flows import weigh as weighing
else:
    reports = lazy("thruline.flows.reports")
    choices = lazy("thruline.flows.choices")
    collections = lazy("thruline.flows.collections")
    weighing = lazy("thruline.flows.weigh")

Collection = Annotated[str, "the collection"]


@operation(role="operator", cli="index weigh", positional=("collection",))
def weigh(
    p: Platform, *, collection: Collection = "main", dry_run: Annotated[bool, "measure, and change nothing"] = False
) -> reports.WeighReport:
    """Measure how much words and meaning should count on your judged questions, and take what ranks better."""
    collections.check_collection(collection)
    return weighing.weigh(p.line, p.actor, dry_run=dry_run, progress=p.progress)


@operation(role="operator", cli="index choices", positional=("collection",), reads=True)
def index_choices(p: Platform, *, collection: Collection = "main") -> tuple[reports.ChoiceView, ...]:
    """How rankings are joined and from where on there is an answer, now and before, the latest first."""
    collections.check_collection(collection)
    return choices.listing(p.line)


@operation(role="operator", cli="index rollback-choice", positional=("what", "collection"))
def rollback_choice(
    p: Platform, *, what: Annotated[Literal["fusion", "sureness"], "which choice"], collection: Collection = "main"
) -> tuple[reports.ChoiceView, ...]:
    """Let what was in force before the last measurement be in force again."""
    collections.check_collection(collection)
    return choices.rollback(p.line, what, p.actor.id)

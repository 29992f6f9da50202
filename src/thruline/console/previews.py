"""What a form would do that can be taken back again: shown before its button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thruline.console.visit import Platform
from thruline.core.errors import Conflict, NotFound
from thruline.flows.reports import GenerationView, PlanView
from thruline.vectors.history import standing


class Change(NamedTuple):
    """What is in force now, and what would be."""

    now: GenerationView | PlanView
    then: GenerationView | PlanView


def switching(platform: Platform, form: Mapping[str, str]) -> Change:
    """To another generation; raises NotFound for one that never served."""
    views: Sequence[GenerationView] = platform.vectors.generations()
    then = next((view for view in views if view.id == form["generation"]), None)
    if then is None:
        raise NotFound(f"no generation {form['generation']!r} has served", hint="choose one of the list")
    return Change(views[0], then)


def rolling_back(platform: Platform, form: Mapping[str, str]) -> Change:
    """To the generation before; raises Conflict where there is none."""
    del form
    views = platform.vectors.generations()
    before = next((view for view in views if view.back), None)
    if before is None:
        raise Conflict("There is no earlier version", hint="nothing was changed")
    return Change(views[0], before)


def replanning(platform: Platform, form: Mapping[str, str]) -> Change:
    """To the plan before; raises Conflict where there is none."""
    del form
    views = platform.vectors.plans()
    left = _standing(views)
    if len(left) < 2:
        raise Conflict("The index was never searched in another way", hint="nothing was changed")
    return Change(views[0], next(view for view in views if view.plan == left[-2]))


def can_roll_back(plans: Sequence[PlanView]) -> bool:
    """Whether another plan was in force before the one that is."""
    return len(_standing(plans)) > 1


def _standing(plans: Sequence[PlanView]) -> list[str]:
    return standing((view.plan, view.why) for view in reversed(plans))

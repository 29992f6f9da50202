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
    return Change(*_last_two(platform.vectors.generations(), "id", "There is no earlier version"))


def replanning(platform: Platform, form: Mapping[str, str]) -> Change:
    """To the plan before; raises Conflict where there is none."""
    del form
    return Change(*_last_two(platform.vectors.plans(), "plan", "The index was never searched in another way"))


def can_roll_back(views: Sequence[GenerationView | PlanView], name: str) -> bool:
    """Whether something was in force before what is; name: of the field that tells them apart."""
    return len(standing((getattr(view, name), view.why) for view in reversed(views))) > 1


def _last_two(
    views: Sequence[GenerationView | PlanView], name: str, none: str
) -> tuple[GenerationView | PlanView, GenerationView | PlanView]:
    left = standing((getattr(view, name), view.why) for view in reversed(views))
    if len(left) < 2:
        raise Conflict(none, hint="nothing was changed")
    return views[0], next(view for view in views if getattr(view, name) == left[-2])

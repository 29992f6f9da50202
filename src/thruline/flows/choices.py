"""What was chosen by measurement, as people see it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.flows.reports import ChoiceView, Measure
from thruline.runs.runner import Run
from thruline.vectors.choices import What
from thruline.vectors.fusion import Fusion
from thruline.vectors.sureness import Curve

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Judgement(NamedTuple):
    """A choice that was measured on a generation: what its questions gain by it, and whether that is sure."""

    what: What
    rule: str
    generation: str
    gain: Measure
    value: str
    ok: bool


def judge_choice(line: Line, run: Run, of: Judgement) -> None:
    """The verdict, and the choice where it gains, in one transaction."""
    facts = {
        "rule": of.rule, "outcome": "passed" if of.ok else "failed", "score": of.gain.value, "low": of.gain.low,
        "high": of.gain.high, "threshold": 0.0,
    }  # fmt: skip
    with run.commit():
        run.append(Draft(verb="verdict.given", inputs=(ArtifactId(of.generation),), facts=facts))
        if of.ok:
            line.choices.choose(of.what, of.value, run=run.id, actor=run.actor)


def listing(line: Line) -> tuple[ChoiceView, ...]:
    """Every choice of each kind, the latest first; the one at the top of its kind is in force."""
    return tuple(view for what in get_args(What) for view in _of(line, what))


def rollback(line: Line, what: What, actor: str) -> tuple[ChoiceView, ...]:
    """Let the one before be in force again; raises Conflict where there is none."""
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        line.choices.rollback(what, run=run.id, actor=run.actor)
    return listing(line)


def _of(line: Line, what: What) -> list[ChoiceView]:
    history = line.choices.history(what)[::-1]
    views = [
        ChoiceView(what=what, value=_text(what, c.value), in_force=n == 0, since=iso(c.at), why=c.why)
        for n, c in enumerate(history)
    ]
    return [*views, ChoiceView(what=what, value=_text(what, ""), in_force=not history, since="", why="first")]


def _text(what: What, value: str) -> str:
    return Fusion.read(value).text if what == "fusion" else Curve.read(value).text

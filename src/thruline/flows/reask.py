"""Re-ask: answers that a bad record touched are given again, from what is there now, to who asked them then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline.core.errors import NotFound
from thruline.core.nouns import Actor
from thruline.flows.answer import ask
from thruline.flows.blast import answers_of
from thruline.flows.named import Window
from thruline.flows.reports import AnswerReport, ReaskedAnswer

if TYPE_CHECKING:
    from thruline.flows.line import Line

MOST = 500  # questions: what a person can look through in a day


def reask(line: Line, what: str, when: Window, limit: int, operator: Actor) -> tuple[ReaskedAnswer, ...]:
    """Every answer that was made of what is named, the latest first, beside the one that is given now.

    Each is asked with the rights that its asker has today; answers of people who are gone, and of the gateway's own
    model, are left out.
    """
    touched = [row.id for row in answers_of(line, what, when)]
    before = line.answers.read(touched)
    known = (before[id] for id in touched if id in before and before[id].mode != "passthrough")
    return tuple(_again(line, known, min(limit, MOST), operator))


def _again(line: Line, answers: Iterator[AnswerReport], limit: int, operator: Actor) -> Iterator[ReaskedAnswer]:
    for before in answers:
        if limit <= 0:
            return
        if (asker := _asker(line, before.asker, operator)) is not None:
            limit -= 1
            now = ask(line, asker, before.question, purpose=before.purpose, filters=replace(before.filters, as_of=""))
            yield ReaskedAnswer(
                before=before.id, now=now.id, asker=before.asker, question=before.question,
                changed=now.text != before.text, outcome=now.outcome, text=now.text,
            )  # fmt: skip


def _asker(line: Line, name: str, operator: Actor) -> Actor | None:
    if name == operator.name:
        return operator
    try:
        return line.access.actor(name)
    except NotFound:
        return None

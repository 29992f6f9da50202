"""Restrict: somebody's records leave every answer, search and training set, and are kept, until it is lifted.

The same way out as a quarantine's, for another reason: it is about a person, an erasure is refused while it lasts, and
nothing that is restricted goes with its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.ids import random_id
from thruline.core.nouns import Draft
from thruline.data.records import Record
from thruline.flows.documents import views
from thruline.flows.quarantine import let_in, may_answer, take_out
from thruline.flows.reach import Reach, find
from thruline.flows.reports import RestrictionReport, RestrictionView
from thruline.flows.restrictions import KIND, RESTRICTED, Restriction, among, covers, in_force
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


def restrict(line: Line, identifiers: Sequence[str], dry_run: bool, actor: str) -> RestrictionReport:
    """Keep whoever is known by these identifiers out of every use; also what names them and comes in later.

    Raises NotFound when nothing holds them. Said again, the restriction that is there is brought up to date.
    """
    reach = find(line, identifiers)
    known = next((r for r in in_force(line) if set(r.called) & set(identifiers)), None)
    ours = known or Restriction(id=random_id(KIND), called=(), since=iso(line.clock.now()), records=())
    going = _going(reach)
    if not dry_run:
        with line.runs.start("quarantine", only="records", actor=actor) as run:
            ours = _place(line, run, ours, reach)
            late = find(line, identifiers)  # what came in while we looked; from now on it comes in restricted
            if missed := _going(late):
                going += missed
                _place(line, run, ours, late)
    return _report(line, "restricted", ours, going, reach.answers, dry_run)


def unrestrict(line: Line, who: Sequence[str], dry_run: bool, actor: str) -> RestrictionReport:
    """End the restriction of this id, or of who is called so: their records answer again.

    What an operator quarantined, and what another restriction is about, stays out.
    """
    every = in_force(line)
    ended = [each for each in every if covers(each, who)]
    if not ended:
        raise NotFound(f"no restriction of {', '.join(map(repr, who))}", hint="`thruline restrictions` lists them")
    staying = among(line, line.records.with_reason(RESTRICTED), [each for each in every if each not in ended])
    back = [r for r in line.records.with_reason(RESTRICTED) if r.id not in staying]
    if not dry_run:
        with line.runs.start("release", only="records", actor=actor) as run, run.commit():
            line.payloads.delete([each.id for each in ended])
            let_in(line, run, back, RESTRICTED)
            ids = tuple(each.id for each in ended)
            run.append(Draft(verb="person.unrestricted", inputs=ids, facts={"records": len(back)}))
    return _report(line, "unrestricted", ended[0], back, (), dry_run)


def listing(line: Line) -> tuple[RestrictionView, ...]:
    """Every restriction in force, the oldest first."""
    every = in_force(line)
    out = line.records.with_reason(RESTRICTED)
    return tuple(
        RestrictionView(id=r.id, called=r.called, since=r.since, documents=len(among(line, out, [r]))) for r in every
    )


def _going(reach: Reach) -> list[Record]:
    return [r for r in reach.records if may_answer(r)]


def _place(line: Line, run: Run, ours: Restriction, reach: Reach) -> Restriction:
    """The restriction as it stands now, noted together with what it takes out of answers."""
    with run.commit():
        met = [r.id for r in reach.records if r.state != "deleted"]
        ours = replace(
            ours, called=tuple(dict.fromkeys((*ours.called, *reach.called))),
            records=tuple(dict.fromkeys((*ours.records, *met))),
        )  # fmt: skip
        line.payloads.put(ours.id, ours.payload, ours.id)
        going = [r for r in line.records.get_many([r.id for r in _going(reach)]).values() if may_answer(r)]
        take_out(line, run, going, RESTRICTED)
        placed = Draft(verb="person.restricted", outputs=(ours.id,), facts={"records": len(going)})
        run.append(placed)
    return ours


def _report(
    line: Line,
    action: Literal["restricted", "unrestricted"],
    ours: Restriction,
    records: Sequence[Record],
    answers: Sequence[str],
    dry_run: bool,
) -> RestrictionReport:
    return RestrictionReport(
        id=ours.id, action=action, called=ours.called, documents=views(line, records),
        answers=line.answers.lines(line.answers.rows(answers)), dry_run=dry_run,
    )  # fmt: skip

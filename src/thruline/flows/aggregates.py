"""Aggregates: what is asked of a source's rows, told with noise to whoever may not see one of them, and paid for.

Each costs a part of the budget of the place that the rows are read from. What it costs is written down together with
its numbers and its event, before anything is shown: a kill shows nothing that was not paid for, and what was paid for
is shown when it is asked again. Needs the extra `dp`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from thruline.core.errors import Conflict, Invalid, Unsupported
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.aggregates import MOST_ROWS, Asked, check, measures_of, values_of
from thruline.data.budgets import KIND, Budget, Cost, Told, cost
from thruline.data.policies import policy
from thruline.flows.budgets import place_of
from thruline.flows.contracts import contract_of, is_table
from thruline.flows.reports import AggregateNumber, AggregateReport
from thruline.flows.sources import named
from thruline.flows.table_rows import ENDINGS, Opened, open_table

if TYPE_CHECKING:
    from thruline.data.tables import Scan
    from thruline.flows.line import Line


@dataclass(frozen=True, kw_only=True)
class Question:
    """As somebody put it. sums, means: `column:low:high`, or `column` where the source's contract has the bounds.

    person: `column`, or `column:rows` of one person that count at most.
    """

    count: bool
    sums: tuple[str, ...]
    means: tuple[str, ...]
    by: str
    values: tuple[str, ...]
    person: str
    epsilon: float
    delta: float


def tell(line: Line, actor: Actor, what: str, question: Question, *, use: str, dry_run: bool) -> AggregateReport:
    """The numbers; those that were told before where the same is asked of the same rows, which costs nothing.

    Raises Conflict where the budget does not cover them or the source may not be used so, Invalid for bounds or values
    that nobody gave, NotFound for a source that is not there.
    """
    aggregating = _engine()
    source = _source(line, actor, what)
    asked = _asked(source, question)
    budget = _budget(line, source)
    opened = open_table(line, actor, source.name, use)
    scan = _scan(opened, asked)
    digest = _digest(line, source, opened, asked)
    if before := _told(line, digest):
        return replace(before, dry_run=dry_run, told_before=True, **_account(line, budget.place))
    due = cost(asked.epsilon, asked.delta)
    if dry_run:
        numbers = aggregating.foretell(asked)
        foretold = _report(source, asked, numbers, aggregating.threshold(asked), id="", dry_run=True)
        return replace(foretold, typical=aggregating.TYPICAL, **_account(line, budget.place))
    _covered(source, budget, due)
    seed = int.from_bytes(line.ids.digest_bytes("rows of a person", source.id)[:8], "little")
    numbers = aggregating.tell(scan, asked, seed)
    report = _report(source, asked, numbers, aggregating.threshold(asked), id=random_id(KIND), dry_run=False)
    return _paid(line, actor, source, report, digest, due)


def _engine() -> Any:
    try:
        from thruline.data import aggregating
    except ModuleNotFoundError as error:
        raise Unsupported(f"noise is drawn with {error.name!r}", hint="pip install 'thruline[dp]'") from error
    return aggregating


def _source(line: Line, actor: Actor, what: str) -> Source:
    if what.lower().endswith(ENDINGS):
        raise Invalid(
            f"{what!r} is a file, which has no budget: its copy would have another",
            hint="`thruline add` it, and ask for the source",
        )
    source = named(line, actor, what)
    if not is_table(source):
        raise Invalid(f"{source.name!r} holds documents, not rows", hint="aggregates are told of tables")
    return source


def _asked(source: Source, q: Question) -> Asked:
    """The question, with bounds and values that the source's contract promises where it does not give them."""
    contract = contract_of(source)
    measures = measures_of(count=q.count or bool(q.delta), sums=q.sums, means=q.means, contract=contract)
    values = q.values or (() if q.delta else values_of(q.by, contract))
    person, _, rows = q.person.partition(":")
    if rows and not (rows.isdecimal() and 1 <= int(rows) <= MOST_ROWS):
        raise Invalid(f"{rows!r} rows of one person cannot count", hint=f"1 to {MOST_ROWS}, as --person {person}:3")
    return check(
        Asked(
            measures=tuple(measures), by=q.by, values=tuple(dict.fromkeys(values)), person=person,
            rows=int(rows or 1), epsilon=q.epsilon, delta=q.delta,
        )
    )  # fmt: skip


def _budget(line: Line, source: Source) -> Budget:
    budget = line.budgets.get(place_of(line, source))
    if budget is None:
        raise Conflict(
            f"nobody said how much may be told of {source.name!r}",
            hint=f"`thruline budget {source.name} 1` allows an epsilon of 1 in all",
        )
    return budget


def _covered(source: Source, budget: Budget, due: Cost) -> None:
    if not budget.covers(due):
        name = "epsilon" if due.epsilon > budget.left.epsilon else "delta"
        asked, left = (dict(zip(("epsilon", "delta"), c.told, strict=True))[name] for c in (due, budget.left))
        raise Conflict(
            f"{name} {asked:g} is more than the {left:g} that is left of {source.name!r}",
            hint="`thruline aggregates` lists what was told; a larger budget protects everybody in it less",
        )


def _digest(line: Line, source: Source, opened: Opened, asked: Asked) -> str:
    """Of the question and of all that decides what the rows say."""
    hidden = sorted(policy(source.options).hidden)
    return line.ids.digest("aggregate", asked.canonical, *hidden, *sorted(opened.records))


def _told(line: Line, digest: str) -> AggregateReport | None:
    """What was told when the same was asked; None where it never was, or named somebody who was erased since."""
    found = line.payloads.get_many([told.id for told in line.budgets.same(digest)])
    return next((msgspec.json.decode(data, type=AggregateReport) for data in found.values()), None)


def _scan(opened: Opened, asked: Asked) -> Scan:
    """The rows; raises Invalid for a column that is not there."""
    from thruline.data.cells import check_columns
    from thruline.data.tables import scan

    found = scan(opened.table)
    check_columns(found, asked.columns)
    return found


def _report(source: Source, asked: Asked, numbers: Any, threshold: int, *, id: str, dry_run: bool) -> AggregateReport:
    return AggregateReport(
        id=id, source=source.name, asked=asked.sentence, by=asked.by, person=asked.person, rows=asked.rows,
        numbers=tuple(AggregateNumber(**number._asdict()) for number in numbers), threshold=threshold,
        epsilon=asked.epsilon, delta=asked.delta, spent_epsilon=0.0, spent_delta=0.0, left_epsilon=0.0, left_delta=0.0,
        told_before=False, dry_run=dry_run, typical=0,
    )  # fmt: skip


def _paid(line: Line, actor: Actor, source: Source, report: AggregateReport, digest: str, due: Cost) -> AggregateReport:
    """The report, after what it costs is on record; what somebody else was told of it meanwhile, instead."""
    place, id = place_of(line, source), ArtifactId(report.id)
    facts = {
        "epsilon": report.epsilon, "delta": report.delta, "numbers": len(report.numbers), "rows": report.rows,
        "unit": "person" if report.person else "row",
    }  # fmt: skip
    with line.database.transaction():
        line.budgets.hold(place)
        if before := _told(line, digest):
            return replace(before, told_before=True, **_account(line, place))
        told = Told(id, place, digest, *due, line.clock.now())
        if not line.budgets.spend(told):
            _covered(source, _budget(line, source), due)
        line.payloads.put(id, msgspec.json.encode(report), id)
        event = Draft(verb="aggregate.told", inputs=(source.id,), outputs=(id,), facts=facts, actor=actor.id)
        line.ledger.append([event])
    return replace(report, spent_epsilon=due.told[0], spent_delta=due.told[1], **_account(line, place))


def _account(line: Line, place: str) -> dict[str, float]:
    budget = line.budgets.get(place)
    assert budget is not None
    return dict(zip(("left_epsilon", "left_delta"), budget.left.told, strict=True))

"""A list of consents: a CSV file as forms, shops and newsletter tools write it, one person in each row.

Read again when it has grown, it records what is new alone: a row that says what was said last changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.decoding import decode
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import kind_of
from thruline.data.consents import State
from thruline.flows.consent import Saying, check_names, consent, keep, record, still_waiting
from thruline.flows.reach import classify
from thruline.flows.reports import ConsentReport

if TYPE_CHECKING:
    from thruline.flows.line import Line

TOGETHER = 500  # rows that commit together
_PERSON = ("name", "full name", "email", "e-mail", "mail", "email address", "phone", "telephone", "mobile", "number")
_GIVEN, _FAMILY = ("first name", "given name"), ("last name", "family name", "surname")
_SAYS = ("purpose", "state", "until", "evidence")
_STATES: Mapping[str, State] = {
    "given": "given", "yes": "given", "true": "given", "1": "given",
    "withdrawn": "withdrawn", "no": "withdrawn", "false": "withdrawn", "0": "withdrawn",
}  # fmt: skip


class _Row(NamedTuple):
    identifiers: tuple[str, ...]
    said: Saying


def record_list(line: Line, table: str, purpose: str, state: State, evidence: str, until: str, *, dry_run: bool,
                actor: str) -> ConsentReport:  # fmt: skip
    """Note what each row says; purpose, state, evidence and until hold for rows that have no such column, or leave it.

    Raises NotFound for a file that is not there, Invalid for one without a column that names a person, and for the
    first row that cannot be meant: nothing is recorded then.
    """
    heading, cells = _read(Path(table).expanduser())
    ignored = tuple(h for h in heading if h and h not in (*_PERSON, *_GIVEN, *_FAMILY, *_SAYS))
    given = Saying(purpose=purpose, state=state, evidence=evidence)
    rows = [_row(line, number, dict(zip(heading, row, strict=False)), given, until)
            for number, row in enumerate(cells, 2)]  # fmt: skip
    new = [row for row in rows if not _is_said(line, row)]
    report = ConsentReport(
        purpose=purpose, state=state, people=len(rows), documents=0, sets=(), models=(), dry_run=dry_run,
        unchanged=len(rows) - len(new), ignored=ignored,
    )  # fmt: skip
    return report if dry_run else _kept(line, new, actor, report)


def _kept(line: Line, rows: list[_Row], actor: str, report: ConsentReport) -> ConsentReport:
    """The report, with the documents that name somebody who said something, after all of it is on record.

    A withdrawal is looked for in every text, each by itself.
    """
    refused = [row for row in rows if row.said.state == "withdrawn"]
    documents = sum(record(line, r.identifiers, r.said, dry_run=False, actor=actor).documents for r in refused)
    allowed = [row for row in rows if row.said.state == "given"]
    for start in range(0, len(allowed), TOGETHER):
        with line.database.transaction():
            for row in allowed[start : start + TOGETHER]:
                keep(line, row.identifiers, row.said, (), actor)
    people = line.subjects.find(pair for row in allowed for text in row.identifiers for pair in classify(text))
    theirs = {x.artifact for x in line.subjects.linked(people) if kind_of(x.artifact) == "record"}
    waiting = still_waiting(line, theirs, {row.said.purpose for row in allowed})
    return replace(report, documents=documents + len(theirs), waiting=waiting)


def _is_said(line: Line, row: _Row) -> bool:
    """Whether this is what each of the person's identifiers stands for having said last."""
    pairs = [pair for text in row.identifiers for pair in classify(text)]
    found = [line.subjects.find([pair]) for pair in pairs]
    if not all(found):
        return False
    last: dict[str, tuple[str, int]] = {}
    for said in line.consents.of([subject for subjects in found for subject in subjects]):
        if said.purpose == row.said.purpose and said.state in _STATES.values():
            last.setdefault(said.subject, (said.state, said.until))
    wanted = (row.said.state, row.said.until)
    return all(last.get(subject) == wanted for subjects in found for subject in subjects)


def _row(line: Line, number: int, cells: Mapping[str, str], given: Saying, until: str) -> _Row:
    said = cells.get("state", "").casefold()
    try:
        if said and said not in _STATES:
            raise Invalid(f"{said!r} is no state", hint=f"one of {', '.join(_STATES)}")
        identifiers = tuple(_identifiers(cells))
        check_names(identifiers)
        state = _STATES[said] if said else given.state
        ends = cells.get("until") or (until if state == "given" else "")
        found = consent(line, cells.get("purpose") or given.purpose, "withdrawn" if state == "withdrawn" else "given",
                        cells.get("evidence") or given.evidence, ends)  # fmt: skip
        for text in identifiers:
            classify(text)
    except Invalid as wrong:
        raise Invalid(f"row {number}: {wrong.message}", hint=wrong.hint) from wrong
    return _Row(identifiers, found)


def _identifiers(cells: Mapping[str, str]) -> Iterator[str]:
    yield from (cells[name] for name in _PERSON if cells.get(name))
    parts = [next((cells[name] for name in names if cells.get(name)), "") for names in (_GIVEN, _FAMILY)]
    if all(parts):
        yield " ".join(parts)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Its headings as they are compared, and the rows below that say something."""
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="give a CSV file with one person in each row")
    text = decode(path.read_bytes())
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), _dialect(text))]
    except csv.Error as error:
        raise Invalid(f"{path.name!r} is no CSV file: {error}", hint="one person in each row") from error
    heading = [" ".join(cell.casefold().replace("_", " ").split()) for cell in rows[0]] if rows else []
    if not {*_PERSON, *_FAMILY} & {*heading}:
        raise Invalid(f"no column of {path.name!r} names a person", hint="a heading line with name, email or phone")
    return heading, [row for row in rows[1:] if any(row)]


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.partition("\n")[0]
    most = max(",;\t", key=first.count)

    class Separated(csv.excel):
        delimiter = most

    return Separated

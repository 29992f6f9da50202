"""Declared people: what an organisation knows to be one person's, an employee number beside an e-mail and two names."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from thruline.core.decoding import decode
from thruline.core.errors import Invalid, NotFound
from thruline.flows.matches import declare as keep
from thruline.flows.reach import classify
from thruline.flows.reports import Declared

if TYPE_CHECKING:
    from thruline.flows.line import Line


def declare(line: Line, identifiers: Sequence[str], table: str, actor: str) -> Declared:
    """Keep who is one person: these identifiers, and each row of a CSV file with a heading line.

    Raises Invalid for a person without a name or with one identifier alone, NotFound for a file that is not there.
    """
    people = [tuple(identifiers)] if identifiers else []
    people += _rows(Path(table).expanduser()) if table else []
    if not people:
        raise Invalid("nobody is declared", hint="give names and numbers of one person, or --table FILE.csv")
    told = [_person(person) for person in people]
    keep(line, told, actor)
    return Declared(people=len(told), identifiers=sum(map(len, told)))


def _person(identifiers: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [pair for text in identifiers for pair in classify(text)]
    if len(pairs) < 2 or not any(kind == "name" for kind, _ in pairs):
        raise Invalid(
            f"{', '.join(map(repr, identifiers))[:80]} is not enough to declare a person",
            hint="give a name, or a number of yours, and what else identifies them",
        )
    return pairs


def _rows(path: Path) -> list[tuple[str, ...]]:
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="give a CSV file with one person in each row")
    text = decode(path.read_bytes())
    try:
        rows = list(csv.reader(text.splitlines(), csv.Sniffer().sniff(text[:4096], ",;\t")))[1:]
    except csv.Error as error:
        raise Invalid(f"{path.name!r} is no CSV file: {error}", hint="one person in each row") from error
    return [tuple(cell.strip() for cell in row if cell.strip()) for row in rows if any(map(str.strip, row))]

"""Results as text for a terminal: a table for lists, aligned pairs for one thing, a tree for a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

from thruline.app.render import (
    aggregates,
    answers,
    changes,
    choices,
    documents,
    evaluation,
    indexes,
    lineage,
    papers,
    removal,
    rights,
    tables,
)
from thruline.app.render.words import pairs, table

_FORMS = aggregates.FORMS | answers.FORMS | documents.FORMS | lineage.FORMS | papers.FORMS | removal.FORMS
_FORMS = _FORMS | choices.FORMS | changes.FORMS | evaluation.FORMS | indexes.FORMS | rights.FORMS | tables.FORMS
_ROWS = aggregates.ROWS | answers.ROWS | choices.ROWS | documents.ROWS | indexes.ROWS | removal.ROWS | rights.ROWS


def render(result: Any) -> str:
    """What a person reads; special forms for answers, trees and reports, a generic one for the rest."""
    special = _FORMS.get(type(result))
    if special:
        return "\n".join(special(result))
    if isinstance(result, str):
        return result
    if isinstance(result, tuple | list):
        return "\n".join(_listed(result)) if result else "nothing yet"
    if is_dataclass(result):
        return "\n".join(pairs(result))
    return str(result)


def _listed(rows: Sequence[Any]) -> Iterator[str]:
    each = _ROWS.get(type(rows[0]))
    if each is None:
        yield from table(rows)
    else:
        for row in rows:
            yield from each(row)

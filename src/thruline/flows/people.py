"""People: how many are known here, and what was decided about them or waits to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.flows import corrections, restrictions
from thruline.flows.kinship import decisions
from thruline.flows.matches import waiting
from thruline.flows.reports import PeopleReport

if TYPE_CHECKING:
    from thruline.flows.line import Line

COUNTED = 300  # records with people that are read for a count: more would hold up the page that shows it


def people(line: Line) -> PeopleReport:
    """Everybody at a glance."""
    few = len(line.subjects.kin_records()) <= COUNTED
    return PeopleReport(
        known=line.subjects.count(), doubtful=waiting(line) if few else -1, decided=len(decisions(line)),
        restricted=len(restrictions.in_force(line)), corrected=len(line.payloads.ids(corrections.KIND)),
    )  # fmt: skip

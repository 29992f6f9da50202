"""Papers as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.flows import reports


def _paper(report: reports.PaperReport) -> Iterator[str]:
    from thruline.flows.paper import markdown  # it brings the ledger along, which other commands do without

    yield markdown(report).rstrip()


FORMS: dict[type, Any] = {reports.PaperReport: _paper}

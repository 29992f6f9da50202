"""The line around a thing, from its sources down to the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.flows import reports


def _lineage(report: reports.LineageReport) -> Iterator[str]:
    used = {e.parent for e in report.edges if e.role == "from"}
    for node in report.nodes:
        step = "here" if node.key == report.id else f"{node.step:+d}"
        through = "by way of " if node.step < 0 and node.key not in used else ""
        yield f"{step:>4}  {through}{node.kind} {_said(node)}"


def _said(node: reports.LineNode) -> str:
    if not node.id:
        return f"x {'more than ' if node.at_least else ''}{node.count:,}  (--open {node.key})"
    detail = f"  {node.detail}" if node.detail else ""
    return f"{node.label}{detail}  {node.id}"


FORMS: dict[type, Any] = {reports.LineageReport: _lineage}

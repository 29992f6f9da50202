"""Results as text for a terminal: a table for lists, aligned pairs for one thing, a tree for a line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from thruline.flows import reports

WIDTH = 100


def render(result: Any) -> str:
    """What a person reads; special forms for answers, trees and reports, a generic one for the rest."""
    special = _SPECIAL.get(type(result))
    if special:
        return "\n".join(special(result))
    if isinstance(result, str):
        return result
    if isinstance(result, tuple | list):
        return "\n".join(_listed(result)) if result else "nothing yet"
    if is_dataclass(result):
        return "\n".join(_pairs(result))
    return str(result)


def _listed(rows: Sequence[Any]) -> Iterator[str]:
    each = _EACH.get(type(rows[0]))
    if each is None:
        yield from _table(rows)
    else:
        for row in rows:
            yield from each(row)


def _pairs(result: Any) -> Iterator[str]:
    shown = [(f.name, getattr(result, f.name)) for f in fields(result)]
    shown = [(name, value) for name, value in shown if value not in ("", ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            yield f"{_label(name)}:"
            yield from ("  " + line for line in _table(value))
        else:
            yield f"{_label(name):<{width}}  {_cell(value)}"


def _table(rows: Sequence[Any]) -> Iterator[str]:
    names = _names(rows[0])
    if not names:
        yield from (_cell(row) for row in rows)
        return
    cells = [[_cell(getattr(row, name)) for name in names] for row in rows]
    kept = [n for n in range(len(names)) if any(line[n] for line in cells)]
    most = 44 if sys.stdout.isatty() else 200
    widths = {n: min(most, max(len(names[n]), *(len(line[n]) for line in cells))) for n in kept}
    numeric = {n for n in kept if all(re.fullmatch(r"[\d.,-]*", line[n]) for line in cells)}
    for line in ([_label(n) for n in names], *cells):
        yield "  ".join(_fit(line[n], widths[n], n in numeric) for n in kept).rstrip()


def _names(row: Any) -> list[str]:
    """The columns of a dataclass or a named tuple; none for anything else."""
    return [f.name for f in fields(row)] if is_dataclass(row) else list(getattr(row, "_fields", ()))


def _fit(text: str, width: int, right: bool) -> str:
    text = text if len(text) <= width else text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple | list):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}={_cell(v)}" for k, v in value.items())
    return " ".join(str(value).split())


def _label(name: str) -> str:
    return name.replace("_", " ")


def _answer(answer: reports.AnswerReport) -> Iterator[str]:
    yield from _wrap(answer.text)
    numbers = {n for sentence in answer.sentences for n in sentence.citations}
    cited = {p.number: p for p in reversed(answer.passages) if p.number in numbers}
    if cited:
        yield ""
    for _, passage in sorted(cited.items()):
        page = f", page {passage.page}" if passage.page else ""
        yield f"  [{passage.number}] {passage.title}  ({passage.source}/{passage.path}{page})"
    yield ""
    yield f"receipt {answer.id}   {answer.outcome}, {answer.ms:.0f} ms   thruline why {answer.id}"


def _why(why: reports.WhyReport) -> Iterator[str]:
    yield f"{why.answer.question}"
    yield from tree(why.tree)
    yield ""
    yield f"{why.artifacts} artifacts, {why.events} events on the ledger"


def tree(node: reports.Node, lead: str = "", branch: str = "") -> Iterator[str]:
    """A node and what it was made from, drawn with lines."""
    through = "by way of " if node.role == "via" else ""
    detail = f"  {node.detail}" if node.detail else ""
    yield f"{lead}{branch}{through}{node.kind} {node.label}{detail}"
    lead += {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for n, child in enumerate(node.children):
        yield from tree(child, lead, "└─ " if n == len(node.children) - 1 else "├─ ")


def _sync(report: reports.SyncReport) -> Iterator[str]:
    if report.error:
        yield f"{report.source}: NOT read: {report.error}"
        return
    yield (
        f"{report.source}: {report.seen} seen: {report.indexed} indexed, {report.duplicates} duplicates, "
        f"{report.quarantined} quarantined, {len(report.refused)} refused"
    )
    yield (
        f"  {report.added} added, {report.changed} changed, {report.moved} moved, {report.deleted} deleted, "
        f"{report.unchanged} unchanged; {_n(report.chunks, 'new chunk')} in {report.seconds:.1f} s"
    )
    for refusal in report.refused[:10]:
        yield f"  refused {refusal.path}: {refusal.reason.replace('_', ' ')}"
    if len(report.refused) > 10:
        yield f"  and {len(report.refused) - 10} more: thruline documents --state refused"


def _document(document: reports.DocumentView) -> Iterator[str]:
    notes = [_n(document.chunks, "chunk")] if document.chunks else []
    notes += [_n(document.people, "person", "people")] if document.people else []
    notes += [f"{risk.kind.replace('_', ' ')} {risk.score:.2f}" for risk in document.risks]
    notes += ["repeats another"] if document.duplicate_of else []
    notes += [document.reason.replace("_", " ")] if document.reason not in ("", "none") else []
    yield f"{document.state:<11} {document.source}/{document.path}"
    yield f"{'':<11} {document.title or document.record}  ({', '.join(notes)})"


def _text(passage: reports.Passage) -> Iterator[str]:
    page = f", page {passage.page}" if passage.page else ""
    yield f"[{passage.number}] {passage.title}{page}"
    yield passage.text
    yield ""


def _blast(report: reports.BlastReport) -> Iterator[str]:
    yield _counted(report)
    yield from (f"  {record.state:<11} {record.source}/{record.path}" for record in report.records)
    yield from _answers(report)
    yield from (f"  set {place}" for place in report.corpora)


def _counted(report: reports.BlastReport) -> str:
    return (
        f"{_n(report.records, 'record')} -> {_n(report.chunks, 'chunk')} -> {_n(report.vectors, 'vector set')} -> "
        f"{_n(report.generations, 'index generation')}; {_n(report.datasets, 'dataset')}, "
        f"{_n(report.models, 'model')}, {_n(report.answers, 'answer')} to {_n(report.askers, 'person', 'people')}"
    )


def _answers(report: reports.BlastReport) -> Iterator[str]:
    return (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)


def _quarantine(report: reports.QuarantineReport) -> Iterator[str]:
    yield f"{'would be ' if report.dry_run else ''}{report.action}: {_counted(report.blast)}"
    yield from (f"  {record.source}/{record.path}" for record in report.blast.records)
    yield from _answers(report.blast)
    if report.near:
        yield "nearly the same, and in answers unless you quarantine it too:"
        yield from (f"  {record.source}/{record.path}" for record in report.near)


def _erase(report: reports.EraseReport) -> Iterator[str]:
    would = "would erase" if report.dry_run else "erased"
    yield (
        f"{would} {_n(report.subjects, 'subject')}: {_n(report.records, 'record')}, {_n(report.chunks, 'chunk')}, "
        f"{_n(report.vectors, 'vector set')}, {_n(report.answers, 'answer')}, {_n(report.jobs, 'job')}, "
        f"{_n(report.users, 'user')}, {_n(report.keys, 'key')}; {_n(report.models, 'model')}"
    )
    for record in report.records:
        yield f"  {record.source}/{record.path}"
    if report.also_seen:
        yield f"also seen beside them, not erased unless you name it: {', '.join(report.also_seen)}"
    if report.residue >= 0:
        yield f"residue: {_n(report.residue, 'place')} where a byte of them is left  {', '.join(report.residue_places)}"
    if report.receipt:
        yield f"receipt: {report.receipt}   thruline-verify {report.receipt}"
    if not report.dry_run:
        yield "out of scope:"
        yield from (f"  {line}" for line in report.out_of_scope)


def _contract(report: reports.ContractReport) -> Iterator[str]:
    kept_out = f"{report.quarantined} quarantined + {report.blocked} blocked"
    yield f"{report.table} under {report.contract} {report.version}:"
    yield f"  {_n(report.rows, 'row')} = {report.passed} passed + {kept_out}"
    for rule in report.rules:
        about = f"{rule.column} {rule.rule}".strip()
        seen = f", {rule.looked_at} of {rule.distinct} values looked at" if rule.looked_at < rule.distinct else ""
        where = f": {_n(rule.failing, 'row')}, as {', '.join(map(str, rule.rows))}" if rule.rows else ""
        taken = "" if rule.taken == "none" else f" {rule.taken}"
        yield f"  {rule.outcome:<8}{about}{where}{taken}{seen}"
    if report.written:
        yield f"kept out: {report.written}"


def _person(report: reports.PersonReport) -> Iterator[str]:
    yield (
        f"{', '.join(report.called)}: {_n(report.documents, 'document')}, {_n(report.answers, 'answer')} to "
        f"{_n(report.recipients, 'person', 'people')}, {_n(report.models, 'model')}, {_n(report.datasets, 'dataset')}, "
        f"{_n(report.jobs, 'job')}, {_n(report.users, 'user')}"
    )
    yield from (f"  {d.state:<11} {d.source}/{d.path}  seen by {', '.join(d.groups)}" for d in report.documents)
    yield from (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)
    if report.also_seen:
        yield f"also seen beside them, perhaps theirs: {', '.join(report.also_seen)}"


def _reasked(answer: reports.ReaskedAnswer) -> Iterator[str]:
    yield f"{'changed' if answer.changed else 'the same':<9}{answer.asker}: {answer.question}"
    yield f"{'':<9}{answer.before} -> {answer.now}"
    if answer.changed:
        yield from (f"{'':<9}{line}" for line in _wrap(answer.text))


def _quality(report: reports.QualityReport) -> Iterator[str]:
    yield f"{report.source}: {_n(report.documents, 'document')} under {len(report.rules)} rules for {report.purpose}"
    for rule in (r for r in report.rules if r.failing):
        low = "" if rule.low is None else f"{rule.low:g} or more"
        wanted = " and ".join(filter(None, (low, "" if rule.high is None else f"at most {rule.high:g}")))
        yield f"  {rule.failing:>5}  {rule.rule} not {wanted}: {', '.join(rule.examples)}"
    if not any(rule.failing for rule in report.rules):
        yield "  every document passes"
    for d in report.drift:
        if d.alarm:
            yield f"  moved  {d.score} by {d.shift:.3g} (distance {d.distance:.2f}, q {d.q:.3g})"
    if report.drift and not any(d.alarm for d in report.drift):
        yield f"  no score moved: {report.drift[0].before} documents before, {report.drift[0].since} since"


def _verify(report: reports.VerifyReport) -> Iterator[str]:
    word = "verified" if report.ok else "NOT what was written"
    counted = f"{_n(report.events, 'event')}, {_n(report.seals, 'seal')}, head {report.head[:16]}"
    yield f"ledger {word}: {counted}, checked in {report.seconds:.2f} s"
    yield from (f"  event {p.seq}: {p.what}" for p in report.problems)


def _replay(report: reports.ReplayReport) -> Iterator[str]:
    yield f"retrieval {report.retrieval}, generation {report.generation}"
    yield from (f"  lost  {chunk}" for chunk in report.missing)
    yield from (f"  new   {chunk}" for chunk in report.added)
    yield from report.diff


def _search(report: reports.SearchReport) -> Iterator[str]:
    for passage in report.passages:
        yield f"{passage.score:.4f}  {passage.title}  ({passage.source}/{passage.path})"
        yield f"        {' '.join(passage.text.split())[:WIDTH]}"
    yield f"{len(report.passages)} of {report.visible} chunks that you may see, {report.ms:.1f} ms"


def _n(of: int | Sequence[object], one: str, many: str = "") -> str:
    """`1 record`, `2 records`."""
    count = of if isinstance(of, int) else len(of)
    return f"{count} {one if count == 1 else many or one + 's'}"


def _wrap(text: str) -> Iterable[str]:
    import textwrap

    for paragraph in text.split("\n"):
        yield from textwrap.wrap(paragraph, WIDTH) or [""]


_SPECIAL: dict[type, Any] = {
    reports.AnswerReport: _answer,
    reports.WhyReport: _why,
    reports.SyncReport: _sync,
    reports.BlastReport: _blast,
    reports.QuarantineReport: _quarantine,
    reports.EraseReport: _erase,
    reports.VerifyReport: _verify,
    reports.ContractReport: _contract,
    reports.PersonReport: _person,
    reports.QualityReport: _quality,
    reports.ReplayReport: _replay,
    reports.SearchReport: _search,
    reports.Node: tree,
}

_EACH: dict[type, Any] = {
    reports.SyncReport: _sync,
    reports.DocumentView: _document,
    reports.Passage: _text,
    reports.ReaskedAnswer: _reasked,
}

"""What was touched, taken out or erased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.models import rebuilt, shards
from thruline.app.render.words import n, wrap
from thruline.flows import reports


def _blast(report: reports.BlastReport) -> Iterator[str]:
    yield _counted(report)
    yield from (f"  {record.state:<11} {record.source}/{record.path}" for record in report.records)
    yield from _rest(report.documents - len(report.records), "record")
    yield from _answers(report)
    if report.askers:
        yield f"  told: {', '.join(report.askers)}"
    for kind, ids in report.first.items():
        if kind not in ("answer", "shard"):
            yield f"  {kind:<11} {', '.join(ids)}"
    yield from (f"  set {place}" for place in report.corpora)
    yield from shards(report.shards)
    yield "every id: thruline touched, with the same words and --all"


def _rest(many: int, of: str) -> Iterator[str]:
    if many > 0:
        yield f"  and {n(many, of)} more"


def _counted(report: reports.BlastReport) -> str:
    return (
        f"{n(report.documents, 'record')} -> {n(report.chunks, 'chunk')} -> {n(report.vectors, 'vector set')} -> "
        f"{n(report.generations, 'index generation')}; {n(report.datasets, 'dataset')}, "
        f"{n(report.models, 'model')}, {n(report.answered, 'answer')} to {n(report.askers, 'person', 'people')}"
    )


def _answers(report: reports.BlastReport) -> Iterator[str]:
    yield from (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)
    yield from _rest(report.answered - len(report.answers), "answer")


def _touched(page: reports.TouchedPage) -> Iterator[str]:
    yield from (f"{t.id}  {t.record if t.record != t.id else ''}  {t.says}".rstrip() for t in page.items)
    if page.next:
        yield f"more: --after {page.next}, or --all"


def _quarantine(report: reports.QuarantineReport) -> Iterator[str]:
    yield f"{'would be ' if report.dry_run else ''}{report.action}: {_counted(report.blast)}"
    yield from (f"  {record.source}/{record.path}" for record in report.blast.records)
    yield from _rest(report.blast.documents - len(report.blast.records), "record")
    yield from _answers(report.blast)
    if report.near:
        yield "nearly the same, and in answers unless you quarantine it too:"
        yield from (f"  {record.source}/{record.path}" for record in report.near)


def _erase(report: reports.EraseReport) -> Iterator[str]:
    would = "would erase" if report.dry_run else "erased"
    yield (
        f"{would} {n(report.subjects, 'subject')}: {n(report.records, 'record')}, {n(report.chunks, 'chunk')}, "
        f"{n(report.vectors, 'vector set')}, {n(report.answers, 'answer')}, {n(report.jobs, 'job')}, "
        f"{n(report.users, 'user')}, {n(report.keys, 'key')}; {n(report.models, 'model')}"
    )
    for record in report.records:
        yield f"  {record.source}/{record.path}"
    yield from map(rebuilt, report.rebuilds)
    for rule in report.refused_by:
        yield f"will be refused: {n(rule.documents, 'document')} must be kept under {rule.rule}"
        yield from (f"  {document}" for document in rule.documents)
    if report.open_matches:
        yield f"{n(report.open_matches, 'pair')} may be this person and wait for a decision: thruline matches"
    if report.dry_run:
        yield f"it should take {report.expected_s:.1f} s"
    if report.also_seen:
        yield f"also seen beside them, not erased unless you name it: {', '.join(report.also_seen)}"
    if report.residue >= 0:
        yield f"residue: {n(report.residue, 'place')} where a byte of them is left  {', '.join(report.residue_places)}"
    if report.receipt:
        yield f"receipt: {report.receipt}   thruline-verify {report.receipt}"
    if not report.dry_run:
        yield "out of scope:"
        yield from (f"  {line}" for line in report.out_of_scope)


def _rectify(report: reports.RectifyReport) -> Iterator[str]:
    yield (
        f"{'would put right' if report.dry_run else 'put right'}: {n(report.documents, 'document')}, "
        f"{n(report.chunks, 'chunk')}, {n(report.vectors, 'vector set')}, {n(report.older, 'older version')} deleted, "
        f"{n(report.answers, 'answer')} deleted, {n(report.models, 'model')}, {n(report.exports, 'copy', 'copies')}"
    )
    yield from (f"  {record.source}/{record.path}" for record in report.documents)
    if report.answers:
        yield f"told the wrong words: {', '.join(report.askers)}"
        yield from (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)
    yield from map(rebuilt, report.rebuilds)
    yield from (
        f"written with the wrong words: the set {place}: write it again, and delete it" for place in report.sets
    )
    for rule in report.refused_by:
        yield f"will be refused: {n(rule.documents, 'document')} must be kept under {rule.rule}"
    yield from (f"could not be read again, and stays as it is: {r.path} ({r.reason})" for r in report.refused)
    if report.elsewhere:
        yield "says the same words, and was not meant:"
        yield from (f"  {record.source}/{record.path}" for record in report.elsewhere)
    if report.residue >= 0:
        yield f"residue: {n(report.residue, 'place')} where a byte of them is left  {', '.join(report.residue_places)}"
    if report.receipt:
        yield f"receipt: {report.receipt}   thruline-verify {report.receipt}"


def _reasked(answer: reports.ReaskedAnswer) -> Iterator[str]:
    yield f"{'changed' if answer.changed else 'the same':<9}{answer.asker}: {answer.question}"
    yield f"{'':<9}{answer.before} -> {answer.now}"
    if answer.changed:
        yield from (f"{'':<9}{line}" for line in wrap(answer.text))


FORMS: dict[type, Any] = {
    reports.BlastReport: _blast,
    reports.QuarantineReport: _quarantine,
    reports.EraseReport: _erase,
    reports.RectifyReport: _rectify,
    reports.TouchedPage: _touched,
}


ROWS: dict[type, Any] = {
    reports.ReaskedAnswer: _reasked,
}

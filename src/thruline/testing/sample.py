"""A platform with a believable home and nothing behind it: for tests of pages, and for their pictures.

The reports are of the real types. Calls that change something are noted in `calls` and change nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from thruline.core.errors import Invalid, NotFound
from thruline.core.nouns import Actor
from thruline.flows.reports import (
    AnswerLine,
    DeskItem,
    DocumentView,
    Passage,
    PeopleReport,
    SourceReport,
    SourceView,
    Status,
    WhyReport,
)
from thruline.testing import sample_indexes as indexes
from thruline.testing import sample_reports as reports

OPERATOR = frozenset(("reader", "writer", "operator"))
WRITER = frozenset(("reader", "writer"))
READER = frozenset(("reader",))


class SamplePlatform:
    """An engineering desk's home. empty: as it is on its first day. may: the actor's roles."""

    def __init__(self, *, empty: bool = False, may: frozenset[str] = OPERATOR, title: str = "") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.empty = empty
        self.actor = Actor(id=reports.artifact("user", 1), name="operator", groups=frozenset("*"), may=may)
        self.documents = tuple(replace(d, title=title) if title else d for d in reports.DOCUMENTS)
        self.data = _Data(self)
        self.vectors = _Vectors(self)
        self.models = _Models()
        self.infra = _Infra(self)
        self.guard = _Guard(self)
        self.ledger = _Ledger(self)

    def note(self, operation: str, **given: Any) -> None:
        """Remember that an operation was called."""
        self.calls.append((operation, given))


class _Data:
    def __init__(self, platform: SamplePlatform) -> None:
        self._platform = platform

    def sources(self) -> tuple[SourceView, ...]:
        return () if self._platform.empty else reports.SOURCES

    def documents(
        self, *, source: str = "", state: str = "", limit: int = 100, offset: int = 0
    ) -> tuple[DocumentView, ...]:
        if self._platform.empty:
            return ()
        found = [d for d in self._platform.documents if source in ("", d.source) and state in ("", d.state)]
        return tuple(found[offset : offset + limit])

    def document(self, *, record: str) -> DocumentView:
        for document in self._platform.documents:
            if document.record == record:
                return document
        raise NotFound(f"no document {record!r}", hint="`thruline documents` lists them")

    def text(self, *, record: str) -> tuple[Passage, ...]:
        return tuple(p for p in reports.ANSWER.passages if p.record == record)

    def blast(self, *, what: str, **_: str) -> Any:
        if what.startswith("record:"):
            return replace(reports.BLAST, records=(self.document(record=what),))
        if what not in ("*", *(s.name for s in reports.SOURCES)):
            raise NotFound(f"no source named {what!r}", hint="`thruline sources` lists them")
        of = tuple(d for d in self._platform.documents if what in ("*", d.source))
        return replace(reports.BLAST, records=of, documents=len(of))

    def touched(self, *, what: str, after: str = "", **_: Any) -> Any:
        return reports.touched(self.document(record=what), after)

    def people(self) -> PeopleReport:
        return PeopleReport(known=14, doubtful=2, decided=1, restricted=0, corrected=1)

    def matches(self, *, decided: bool = False, **given: Any) -> Any:
        if given:
            self._platform.note("data.matches", **given)
        return () if self._platform.empty else reports.matches(decided)

    def person(self, **given: Any) -> Any:
        self._platform.note("data.person", **given)
        return reports.PERSON

    def export(self, **given: Any) -> Any:
        self._platform.note("data.export", **given)
        return reports.EXPORT

    def rectify(self, **given: Any) -> Any:
        self._platform.note("data.rectify", **given)
        return reports.rectified(dry_run=given.get("dry_run", False))

    def reask(self, **given: Any) -> Any:
        self._platform.note("data.reask", **given)
        return reports.REASKED

    def quarantined(self, *, what: str = "*", limit: int = 100) -> tuple[DeskItem, ...]:
        if self._platform.empty:
            return ()
        waiting = [reports.waiting(d) for d in self._platform.documents if d.state == "quarantined"]
        return tuple(item for item in (*waiting, reports.REFUSED) if what in ("*", item.source, item.id))[:limit]

    def source(self, *, source: str) -> SourceReport:
        known = {s.name: s for s in reports.SOURCES}
        if source not in known:
            raise NotFound(f"no source named {source!r}", hint=f"known: {', '.join(known)}")
        return reports.about(known[source])

    def keep(self, **given: Any) -> None:
        self._platform.note("data.keep", **given)

    def assign(self, **given: Any) -> None:
        self._platform.note("data.assign", **given)

    def retry(self, **given: Any) -> None:
        self._platform.note("data.retry", **given)

    def alike(self, **given: Any) -> None:
        self._platform.note("data.alike", **given)

    def change(self, **given: Any) -> None:
        self._platform.note("data.change", **given)
        if "every=never" in given["options"]:
            raise Invalid("'never' is not a duration", hint="write for example 250ms, 30s, 5m, 2h or 7d")

    def processing(self) -> str:
        return reports.PROCESSING

    def add(self, **given: Any) -> SourceView:
        self._platform.note("data.add", **given)
        return replace(reports.SOURCES[0], saw="214 files, 31.0 MB: 200 md, 14 pdf")

    def sync(self, **given: Any) -> tuple[()]:
        self._platform.note("data.sync", **given)
        return ()

    def quarantine(self, *, what: str, dry_run: bool = False, **when: str) -> Any:
        self._platform.note("data.quarantine", what=what, dry_run=dry_run, **when)
        return reports.quarantine(self.blast(what=what), "quarantined", dry_run)

    def release(self, *, what: str, reason: str = "", dry_run: bool = False) -> Any:
        self._platform.note("data.release", what=what, dry_run=dry_run)
        found = [d for d in self._platform.documents if d.record == what or (reason and d.reason == reason)]
        return reports.quarantine(replace(reports.BLAST, records=tuple(found)), "released", dry_run)

    def erase(self, *, identifiers: tuple[str, ...], dry_run: bool = False) -> Any:
        self._platform.note("data.erase", identifiers=identifiers, dry_run=dry_run)
        return reports.erasure(dry_run)


class _Vectors:
    def __init__(self, platform: SamplePlatform) -> None:
        self._platform = platform

    def ask(self, **given: Any) -> Any:
        self._platform.note("vectors.ask", **given)
        return reports.ANSWER

    def feedback(self, **given: Any) -> None:
        self._platform.note("vectors.feedback", **given)

    def replay(self, *, answer: str) -> Any:
        self._platform.note("vectors.replay", answer=answer)
        return reports.REPLAYED

    def why(self, *, answer: str) -> WhyReport:
        for known in reports.ANSWERS:
            if known.id == answer:
                return reports.why(known)
        raise NotFound(f"no answer {answer!r}", hint="`thruline answers` lists them")

    def pages(self, *, answer: str) -> tuple[()]:  # noqa: ARG002 - its documents have none
        return ()

    def answers(self, *, limit: int = 20) -> tuple[AnswerLine, ...]:
        return () if self._platform.empty else reports.ANSWER_LINES[:limit]

    def generations(self, *, limit: int = 20) -> Any:
        return () if self._platform.empty else reports.GENERATIONS[:limit]

    def plans(self) -> Any:
        return indexes.PLANS[-1:] if self._platform.empty else indexes.PLANS

    def recall(self) -> Any:
        return indexes.NOT_WATCHED if self._platform.empty else indexes.RECALL

    def tuned(self) -> Any:
        return () if self._platform.empty else indexes.TUNED

    def switch(self, **given: Any) -> None:
        self._platform.note("vectors.switch", **given)

    def tag(self, **given: Any) -> None:
        self._platform.note("vectors.tag", **given)

    def untag(self, **given: Any) -> None:
        self._platform.note("vectors.untag", **given)

    def rollback(self) -> None:
        self._platform.note("vectors.rollback")

    def rollback_plan(self) -> None:
        self._platform.note("vectors.rollback_plan")

    def tune_index(self, **given: Any) -> None:
        self._platform.note("vectors.tune_index", **given)


class _Models:
    def list(self) -> Any:
        return reports.MODELS


class _Infra:
    def __init__(self, platform: SamplePlatform) -> None:
        self._platform = platform

    def runs(self, *, limit: int = 50) -> Any:
        return () if self._platform.empty else reports.RUNS[:limit]

    def jobs(self, *, limit: int = 50) -> Any:
        return () if self._platform.empty else reports.JOBS[:limit]

    def nodes(self) -> Any:
        return reports.NODES

    def logs(self, *, job: str) -> str:
        return reports.LOG if any(j.id == job for j in reports.JOBS) else ""

    def cancel(self, **given: Any) -> None:
        self._platform.note("infra.cancel", **given)


class _Guard:
    def __init__(self, platform: SamplePlatform) -> None:
        self._platform = platform

    def paper(self, *, kind: str, about: str = "") -> Any:
        self._platform.note("guard.paper", kind=kind, about=about)
        return reports.PAPER

    def users(self) -> Any:
        return reports.USERS


class _Ledger:
    def __init__(self, platform: SamplePlatform) -> None:
        self._platform = platform

    def status(self) -> Status:
        return reports.EMPTY_STATUS if self._platform.empty else reports.STATUS

    def doctor(self) -> Any:
        return reports.CHECKS

    def verify(self) -> Any:
        return reports.VERIFIED

    def lineage(self, *, artifact: str, open: str = "", offset: int = 0) -> Any:
        del open, offset
        return reports.lineage(self._platform.data.document(record=artifact))

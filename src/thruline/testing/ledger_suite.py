"""What every ledger promises, as tests: subclass LedgerSuite and give a `ledger` fixture."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import msgspec
import pytest

from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft, Event
from thruline.ports.ledger import Direction, Ledger
from thruline.testing.drafts import made, new

WRITERS, APPENDS = 8, 25


def assert_unforked(events: list[Event]) -> None:
    """The events are one chain from the first on, each hashing to its hash."""
    before = "0" * 64
    for place, event in enumerate(events, start=1):
        fields = {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "hash"}
        body = msgspec.json.encode(fields, order="sorted")
        assert (event.seq, event.prev) == (place, before)
        assert event.hash == hashlib.sha256(body).hexdigest()
        before = event.hash


def pairs(ledger: Ledger, start: list[ArtifactId], direction: Direction, depth: int = 64) -> set[tuple[str, str, str]]:
    """The edges that `edges` gives, without their places."""
    return {(e.parent, e.child, e.role) for e in ledger.edges(start, direction, depth=depth)}


class LedgerSuite:
    """The five verbs."""

    def test_an_empty_ledger_ends_at_zero(self, ledger: Ledger) -> None:
        assert (ledger.head().seq, ledger.head().hash) == (0, "0" * 64)
        assert list(ledger.read()) == []

    def test_appended_events_come_back_as_they_went_in(self, ledger: Ledger) -> None:
        a, b, c = new(3)
        run, actor = random_id("run"), random_id("user")
        draft = Draft(
            verb="answer.given", inputs=(a,), outputs=(b,), via=(c,), run=run, actor=actor,
            facts={"outcome": "answered", "cited": 2, "ms": 1.25},
        )  # fmt: skip
        (event,) = ledger.append([draft])
        assert list(ledger.read()) == [event]
        assert (event.verb, event.inputs, event.outputs, event.via) == ("answer.given", (a,), (b,), (c,))
        assert (event.run, event.actor, dict(event.facts)) == (run, actor, dict(draft.facts))

    def test_the_head_is_the_last_event(self, ledger: Ledger) -> None:
        last = ledger.append([made(i) for i in new(3)])[-1]
        assert (ledger.head().seq, ledger.head().hash) == (last.seq, last.hash)

    def test_appending_nothing_changes_nothing(self, ledger: Ledger) -> None:
        assert ledger.append([]) == []
        assert ledger.head().seq == 0

    def test_each_event_holds_the_hash_of_the_one_before(self, ledger: Ledger) -> None:
        for batch in (1, 3, 2):
            ledger.append([made(i) for i in new(batch)])
        assert_unforked(list(ledger.read()))

    @pytest.mark.parametrize(
        "bad",
        [
            Draft(verb="person.named"),
            Draft(verb="record.chunked", facts={"title": 1}),
            Draft(verb="record.chunked", facts={"chunks": "three"}),
            Draft(verb="record.chunked", facts={"chunks": True}),
            Draft(verb="record.chunked", facts={"chunks": float("nan")}),
            Draft(verb="record.chunked", facts={"parser": "Ada Lovelace"}),
            Draft(verb="record.quarantined", facts={"reason": "Ada asked for it"}),
            Draft(verb="record.chunked", inputs=(ArtifactId("letter to Ada.txt"),)),
            Draft(verb="record.chunked", outputs=(ArtifactId("chunk:12"),)),
            Draft(verb="record.chunked", via=(ArtifactId(""),)),
            Draft(verb="record.chunked", run="nightly"),
            Draft(verb="record.chunked", actor="ada@example.org"),
        ],
        ids=lambda draft: f"{draft.verb} {dict(draft.facts) or draft.run or draft.actor or 'id'}",
    )
    def test_what_the_schema_does_not_know_is_refused_with_all_that_came_with_it(
        self, ledger: Ledger, bad: Draft
    ) -> None:
        ledger.append([made(*new(1))])
        before = ledger.head()
        (good,) = new(1)
        with pytest.raises(Invalid):
            ledger.append([made(good), bad])
        assert ledger.head() == before
        assert ledger.artifacts([good]) == []

    def test_reading_filters_by_verb_run_and_place(self, ledger: Ledger) -> None:
        run = random_id("run")
        ledger.append([made(*new(1)), made(*new(1), run=run), Draft(verb="run.started", run=run)])
        ledger.append([made(*new(1), run=run)])
        assert [e.seq for e in ledger.read(run=run)] == [2, 3, 4]
        assert [e.seq for e in ledger.read(verbs=["run.started"])] == [3]
        assert [e.seq for e in ledger.read(verbs=["run.started", "record.chunked"], run=run, after=2)] == [3, 4]
        assert [e.seq for e in ledger.read(verbs=["backup.made"])] == []

    def test_reading_goes_page_by_page(self, ledger: Ledger) -> None:
        ledger.append([made(i) for i in new(7)])
        assert [e.seq for e in ledger.read(limit=3)] == [1, 2, 3]
        assert [e.seq for e in ledger.read(after=3, limit=3)] == [4, 5, 6]
        assert [e.seq for e in ledger.read(after=6, limit=3)] == [7]
        assert list(ledger.read(after=7)) == []

    def test_an_artifact_dates_from_the_first_event_that_names_it(self, ledger: Ledger) -> None:
        (a,), (b,) = new(1, "record"), new(1, "chunk")
        ledger.append([made(a), made(b, of=(a,)), made(b, of=(a,))])
        found = {artifact.id: (artifact.kind, artifact.seq) for artifact in ledger.artifacts([a, b, *new(1)])}
        assert found == {a: ("record", 1), b: ("chunk", 2)}

    def test_upward_follows_both_roles_at_any_depth(self, ledger: Ledger) -> None:
        a, b, c, d = new(4)
        ledger.append([made(b, of=(a,)), made(c, via=(b,)), made(d, of=(c,))])
        assert pairs(ledger, [d], "up") == {(a, b, "from"), (b, c, "via"), (c, d, "from")}

    def test_downward_follows_via_only_out_of_the_start(self, ledger: Ledger) -> None:
        record, chunk, index, answer, quote = new(5)
        ledger.append([made(chunk, of=(record,)), made(index, of=(chunk,))])
        ledger.append([made(answer, of=(chunk,), via=(index,)), made(quote, of=(answer,))])
        from_chunk = {(chunk, index, "from"), (chunk, answer, "from"), (answer, quote, "from")}
        assert pairs(ledger, [record], "down") == {(record, chunk, "from")} | from_chunk
        assert pairs(ledger, [index], "down") == {(index, answer, "via"), (answer, quote, "from")}

    def test_depth_counts_steps(self, ledger: Ledger) -> None:
        line = new(6)
        ledger.append([made(child, of=(parent,)) for parent, child in pairwise(line)])
        for depth in range(7):
            assert len(ledger.edges(line[:1], "down", depth=depth)) == min(depth, 5)
            assert len(ledger.edges(line[-1:], "up", depth=depth)) == min(depth, 5)

    def test_a_diamond_gives_each_edge_once_and_in_order(self, ledger: Ledger) -> None:
        top, left, right, bottom = new(4)
        ledger.append([made(left, right, of=(top,)), made(bottom, of=(left, right)), made(bottom, of=(left,))])
        found = ledger.edges([top], "down")
        assert len(found) == len({(e.parent, e.child) for e in found}) == 4
        assert [e.seq for e in found] == [1, 1, 2, 2]
        assert {(e.parent, e.child) for e in ledger.edges([bottom], "up")} == {(e.parent, e.child) for e in found}

    def test_a_cycle_ends(self, ledger: Ledger) -> None:
        a, b, c = new(3)
        ledger.append([made(b, of=(a,)), made(c, of=(b,)), made(a, of=(c,)), made(a, of=(a,))])
        assert len(ledger.edges([a], "down")) == len(ledger.edges([b], "up")) == 4

    def test_unknown_ids_have_no_edges(self, ledger: Ledger) -> None:
        ledger.append([made(*new(1), of=tuple(new(1)))])
        assert ledger.edges(new(2), "up") == ledger.edges([], "down") == []

    def test_threads_append_one_unforked_chain(self, ledger: Ledger) -> None:
        def write(_: int) -> list[int]:
            return [e.seq for _ in range(APPENDS) for e in ledger.append([made(i) for i in new(2)])]

        with ThreadPoolExecutor(WRITERS) as pool:
            acknowledged = [seq for seqs in pool.map(write, range(WRITERS)) for seq in seqs]
        events = list(ledger.read(limit=10_000))
        assert sorted(acknowledged) == [e.seq for e in events] == list(range(1, WRITERS * APPENDS * 2 + 1))
        assert_unforked(events)

"""The SQL ledgers and the one in memory stay the same ledger, whatever is done to them in whatever order."""

from contextlib import ExitStack, suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from thruline.backends.postgres import PostgresDatabase
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.proof import verify
from thruline.testing.memory import MemoryLedger
from thruline.testing.postgres import empty_database, postgres_server

IDS = st.sampled_from([ArtifactId(f"{kind}:{n:032x}") for kind in ("chunk", "record") for n in range(6)])
SOME = st.lists(IDS, max_size=3).map(tuple)
RUNS = st.sampled_from(["", *(f"run:{n:032x}" for n in range(2))])
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
GOOD = st.builds(
    Draft, verb=st.just("record.chunked"), inputs=SOME, outputs=SOME, via=SOME, run=RUNS,
    facts=st.dictionaries(st.sampled_from(["chunks", "characters"]), NUMBERS, max_size=2),
)  # fmt: skip
BAD = st.builds(Draft, verb=st.just("record.chunked"), facts=st.just({"title": 1}))


class HandClock:
    """Time that both ledgers see alike."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> int:
        return self.at


class Twins(RuleBasedStateMachine):
    """Every verb on both; a subclass says where the SQL one lives."""

    def open_database(self) -> SqliteDatabase | PostgresDatabase:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.cleanup = ExitStack()

    @initialize()
    def begin(self) -> None:
        self.clock = HandClock()
        self.database = self.open_database()
        self.cleanup.callback(self.database.close)
        self.stored, self.twin = SqlLedger(self.database, self.clock), MemoryLedger(self.clock)

    @rule(drafts=st.lists(GOOD, max_size=4), later=st.integers(0, 5))
    def append(self, drafts: list[Draft], later: int) -> None:
        self.clock.at += later
        assert self.stored.append(drafts) == self.twin.append(drafts)

    @rule(drafts=st.lists(GOOD, max_size=2), bad=BAD)
    def refuse(self, drafts: list[Draft], bad: Draft) -> None:
        for ledger in (self.stored, self.twin):
            with pytest.raises(Invalid):
                ledger.append([*drafts, bad])

    @rule(drafts=st.lists(GOOD, max_size=2))
    def think_better_of_it(self, drafts: list[Draft]) -> None:
        with suppress(ZeroDivisionError), self.database.transaction():
            self.stored.append(drafts)
            raise ZeroDivisionError

    @rule(after=st.integers(0, 20), limit=st.integers(0, 6), run=RUNS)
    def read(self, after: int, limit: int, run: str) -> None:
        asked = {"after": after, "limit": limit, "run": run}
        assert list(self.stored.read(**asked)) == list(self.twin.read(**asked))

    @rule(ids=SOME, direction=st.sampled_from(["up", "down"]), depth=st.integers(0, 5))
    def edges(self, ids, direction, depth: int) -> None:
        assert self.stored.edges(ids, direction, depth=depth) == self.twin.edges(ids, direction, depth=depth)

    @rule(ids=SOME)
    def artifacts(self, ids) -> None:
        def known(ledger: SqlLedger | MemoryLedger) -> set[tuple[str, int]]:
            return {(artifact.id, artifact.seq) for artifact in ledger.artifacts(ids)}

        assert known(self.stored) == known(self.twin)

    @precondition(lambda self: self.stored.head().seq > 0)
    @rule()
    def rebuild(self) -> None:
        before = (self.stored.stored_artifacts(), self.stored.stored_edges())
        self.stored.rebuild()
        assert (self.stored.stored_artifacts(), self.stored.stored_edges()) == before

    @invariant()
    def they_end_alike_and_verify(self) -> None:
        assert self.stored.head() == self.twin.head()
        assert verify(self.stored).problems == ()

    def teardown(self) -> None:
        self.cleanup.close()


FEW = settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_ledger_in_sqlite_is_the_ledger_in_memory() -> None:
    class InSqlite(Twins):
        def open_database(self) -> SqliteDatabase:
            return SqliteDatabase(":memory:")

    run_state_machine_as_test(InSqlite, settings=settings(FEW, max_examples=60))


def test_a_ledger_in_postgresql_is_the_ledger_in_memory() -> None:
    with postgres_server() as server:

        class InPostgres(Twins):
            def open_database(self) -> PostgresDatabase:
                url = self.cleanup.enter_context(empty_database(server, random_id("db").replace(":", "_")))
                return PostgresDatabase(url)

        run_state_machine_as_test(InPostgres, settings=FEW)

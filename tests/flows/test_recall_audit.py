"""Searches in use are done again exactly: what the index finds is known, a lossy one is caught and replaced."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thruline.app.platform import Platform
from thruline.backends.exact_dense import ExactDense
from thruline.flows.notices import KINDS, messages
from thruline.flows.recall_audit import audit, keep_auditing
from thruline.ports.dense import DenseIndex, DenseTraits, Found
from thruline.testing.homes import THINGS, FastEngines, as_user, open_home, write
from thruline.vectors.plans import DensePlan


class LossyDense(ExactDense):
    """Never finds every third of the rows that it should."""

    traits = DenseTraits(is_exact=False, mask="before")

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        found = super().search(query, 2 * k, mask)
        kept = found.rows % 3 != 0
        return found._replace(rows=found.rows[kept][:k], scores=found.scores[kept][:k])


class LossyEngines(FastEngines):
    """The engine that a home begins with loses neighbours; the others do not."""

    def dense(self, plan: DensePlan) -> DenseIndex:
        return LossyDense() if plan.engine == "flat4" and not plan.options else super().dense(plan)


def fill(platform: Platform, docs: Path) -> None:
    texts = {
        f"d{n}": f"# About the {THINGS[n % 14]} {n}\n\nThe {THINGS[n % 14]} stands by the {THINGS[(n * 5 + 3) % 14]} "
        f"and the {THINGS[(n * 3 + 1) % 14]}, {n} years old." for n in range(60)
    }  # fmt: skip
    platform.data.add(path=str(write(docs / "all", **texts)), groups=("people",))
    team = {f"t{n}": f"# Plan {n}\n\nThe team walks to the {THINGS[n % 14]}." for n in range(5)}
    platform.data.add(path=str(write(docs / "team", **team)), groups=("team",))
    platform.data.sync()


@pytest.fixture
def lossy(tmp_path: Path, docs: Path) -> Iterator[Platform]:
    with open_home(tmp_path / "home", engines=LossyEngines) as platform:
        fill(platform, docs)
        yield platform


def ask_around(platform: Platform, rounds: int = 1) -> None:
    for n in range(rounds):
        for word in THINGS:
            platform.vectors.search(question=f"Where does the {word} stand in year {n}?")


def test_a_good_index_is_watched_and_its_recall_known_with_an_interval(home: Platform, docs: Path) -> None:
    fill(home, docs)
    assert home.vectors.recall().queries == 0
    ask_around(home)
    assert audit(home.line) == 0  # nothing is drawn where no server runs
    home.line.audits.drawn.watch(100)
    ask_around(home)
    assert audit(home.line) == len(THINGS)
    known = home.vectors.recall()
    assert (known.queries, known.recall.value, known.ok) == (len(THINGS), 1.0, True)
    assert 0.95 < known.recall.low < 1.0
    assert any(c.name == "recall" and c.state == "ok" for c in home.ledger.doctor())
    assert not home.ledger.events(verb="recall.fell", limit=10)


def test_a_search_is_done_again_under_what_its_asker_may_see(home: Platform, docs: Path) -> None:
    fill(home, docs)
    home.line.audits.drawn.watch(100)
    member = as_user(home, "Ada", "team")
    member.vectors.search(question="Where does the team walk?")
    assert audit(home.line) == 1
    known = home.line.audits.of("main", 0)
    assert (known.lots.wanted, known.lots.found) == (5, 5)  # five documents of the team are all that there are


def test_a_lossy_engine_is_caught_told_and_replaced(lossy: Platform) -> None:
    line = lossy.line
    line.audits.drawn.watch(100)
    before = line.ledger.head().seq
    while line.plans.since("main") == 0 and lossy.vectors.recall().queries < 100:
        ask_around(lossy)
        audit(line)
    (alarm,) = lossy.ledger.events(verb="recall.fell", limit=10)
    assert alarm.facts["queries"] <= 42
    assert alarm.facts["recall"] < 0.95 < alarm.facts["goal"] == 0.97
    told = [json.loads(m.body()) for m in messages(line, {"recall.fell": KINDS["recall.fell"]}, "", before)]
    assert [t["type"] for t in told] == ["recall.fell"]
    assert told[0]["data"]["link"] == "/indexes"
    assert lossy.vectors.plans()[0].why == "retuned"
    assert line.audits.of("main", 0).alarmed
    ask_around(lossy)
    audit(line)
    known = lossy.vectors.recall()
    assert (known.queries, known.recall.value, known.ok) == (len(THINGS), 1.0, True)
    assert lossy.ledger.verify().ok


def test_without_leave_to_tune_the_alarm_stands_until_somebody_does(tmp_path: Path, docs: Path) -> None:
    settings = {"THRULINE_VECTORS__RETUNE": "false", "THRULINE_VECTORS__RECALL": "0.9"}
    with open_home(tmp_path / "home", settings, engines=LossyEngines) as platform:
        fill(platform, docs)
        platform.line.audits.drawn.watch(100)
        ask_around(platform, 3)
        audit(platform.line)
        assert not platform.vectors.recall().ok
        assert platform.vectors.plans()[0].why == "first"
    with open_home(tmp_path / "home", settings, engines=LossyEngines) as platform:  # what is known outlives the process
        known = platform.vectors.recall()
        assert (known.queries, known.goal, known.ok) == (3 * len(THINGS), 0.9, False)
        (check,) = [c for c in platform.ledger.doctor() if c.name == "recall"]
        assert check.state == "fail"
        assert "thruline index tune" in check.cure
        platform.line.audits.drawn.watch(100)
        ask_around(platform)
        audit(platform.line)
        assert platform.vectors.recall().queries == 4 * len(THINGS)
        assert len(platform.ledger.events(verb="recall.fell", limit=10)) == 1  # once, however long it lasts


def test_what_is_no_longer_served_is_let_go_and_never_judged(home: Platform, docs: Path) -> None:
    fill(home, docs)
    home.line.audits.drawn.watch(100)
    ask_around(home)
    write(docs / "all", d1="# Another\n\nThe copper mine is closed.")
    home.data.sync()
    home.line.shelf.serving()
    gc.collect()
    assert all(one.serving() is not home.line.shelf.serving() for one in home.line.audits.drawn.take())
    assert audit(home.line) == 0


def test_each_search_is_drawn_with_the_same_chance_and_no_more_are_kept(home: Platform, docs: Path) -> None:
    fill(home, docs)
    home.line.audits.drawn.watch(3)
    ask_around(home)
    assert len(home.line.audits.drawn.take()) == 3
    home.line.audits.drawn.watch(0)
    ask_around(home)
    assert home.line.audits.drawn.take() == []


def test_a_server_draws_and_audits_beside_its_work_and_ends_at_once(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home", {"THRULINE_VECTORS__AUDITS": "600"}) as platform:
        fill(platform, docs)
        stop = threading.Event()
        thread = threading.Thread(target=keep_auditing, args=(platform.line, stop), kwargs={"look_s": 0.2})
        thread.start()
        try:
            deadline = time.monotonic() + 40
            while not platform.vectors.recall().queries and time.monotonic() < deadline:
                ask_around(platform)
                time.sleep(0.05)
            assert platform.vectors.recall().queries > 0
        finally:
            stop.set()
            thread.join(5)
        assert not thread.is_alive()

"""No search is silent about how it went: the report, the line in the terminal, the receipt and the ledger say it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.backends.exact_dense import ExactDense
from thruline.console import console
from thruline.core.errors import Unavailable
from thruline.ports.dense import DenseIndex, Found
from thruline.testing.homes import FastEngines, open_home, write
from thruline.vectors.plans import DensePlan

TEXTS = {f"n{i}": f"# Pump {i}\n\nThe pump {i} hums in hall {i * 7 % 11}." for i in range(12)}


class Lossy(ExactDense):
    """Loses what was not the best; or is away."""

    is_away = False

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        if self.is_away:
            raise Unavailable("the server does not answer", hint="start it")
        found = super().search(query, k, mask)
        return Found(found.rows[:1], found.scores[:1])


class LossyEngines(FastEngines):
    """A home whose dense engine cannot be relied on."""

    opened: Lossy

    def dense(self, plan: DensePlan) -> DenseIndex:
        del plan
        LossyEngines.opened = Lossy()
        return LossyEngines.opened


@pytest.fixture(params=[FastEngines, LossyEngines], ids=["sound", "lossy"])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Platform]:
    with open_home(tmp_path / "home", engines=request.param) as platform:
        platform.data.add(path=str(write(tmp_path / "docs", **TEXTS)), name="docs")
        platform.data.sync()
        yield platform


def test_a_search_says_how_it_went_and_gives_all_that_was_asked_for(home: Platform) -> None:
    report = home.vectors.search(question="which pump hums?", k=5)
    plan = report.searched
    assert plan is not None
    assert len(report.passages) == plan.returned == plan.asked == 5
    assert (plan.way, plan.scan, plan.visible, plan.scored, plan.recall) == ("hybrid", "gather", 12, 12, 1.0)
    is_lossy = isinstance(home.line.engines, LossyEngines)
    said = render(report)
    assert f"by meaning {plan.engine} scored all of 12 chunks; by words 12 fit" in said
    assert ("gave too few" in said) == (plan.again == "few") == is_lossy


def test_an_answer_keeps_its_plan_on_its_receipt_and_the_ledger(home: Platform) -> None:
    answer = home.vectors.ask(question="Which pump hums in hall 7?")
    kept = home.vectors.why(answer=answer.id).answer.searched
    assert kept == answer.searched
    assert kept is not None
    assert "by meaning flat4" in render(home.vectors.why(answer=answer.id))
    (event,) = [e for e in home.line.ledger.read() if e.verb == "answer.given"]
    assert (event.facts["visible"], event.facts["scored"]) == (12, 12)


def test_what_is_away_is_answered_for_and_said(tmp_path: Path) -> None:
    with open_home(tmp_path / "home", engines=LossyEngines) as home:
        home.data.add(path=str(write(tmp_path / "docs", **TEXTS)), name="docs")
        home.data.sync()
        home.vectors.search(question="pump")
        LossyEngines.opened.is_away = True
        report = home.vectors.search(question="which pump hums?", k=5)
        assert len(report.passages) == 5
        assert "the engine is away, so all were scored here" in render(report)
        answer = home.vectors.ask(question="Which pump hums in hall 7?")
        (event,) = [e for e in home.line.ledger.read() if e.verb == "answer.given"]
        assert (event.facts["again"], answer.outcome) == ("away", "answered")


class StandIn(ExactDense):
    """Answers in the place of a server that is away."""

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        return super().search(query, k, mask)._replace(scan="standby")


class StandInEngines(FastEngines):
    """A home whose engine's server is away."""

    def dense(self, plan: DensePlan) -> DenseIndex:
        del plan
        return StandIn()


def test_an_answer_found_by_a_stand_by_says_so_and_is_read_back(tmp_path: Path) -> None:
    with open_home(tmp_path / "home", engines=StandInEngines) as home:
        home.data.add(path=str(write(tmp_path / "docs", **TEXTS)), name="docs")
        home.data.sync()
        answer = home.vectors.ask(question="Which pump hums in hall 7?")
        said = home.vectors.why(answer=answer.id)
        assert said.answer.searched is not None
        assert (said.answer.searched.scan, said.answer.searched.recall) == ("standby", None)
        assert "a local stand-by for flat4, which is away, scored" in render(said)


class Torn(ExactDense):
    """Half of its rows lie where nobody answers."""

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        here = np.arange(self.stats().rows) % 2 == 0
        allowed = here if mask is None else here[: len(mask)] & mask
        away = ~here if mask is None else ~here[: len(mask)] & mask
        return super().search(query, k, allowed)._replace(scan="masked", missed=int(np.count_nonzero(away)))


class TornEngines(FastEngines):
    """A home whose index lies in two places, of which one is away."""

    def dense(self, plan: DensePlan) -> DenseIndex:
        del plan
        return Torn()


def test_what_lies_in_a_part_that_is_away_is_counted_wherever_an_answer_is_read(tmp_path: Path) -> None:
    text = "\n\n".join(f"# Pump {i}\n\nThe pump {i} hums in hall {i * 7 % 11}." for i in range(200))
    with open_home(tmp_path / "home", {"THRULINE_INGEST__CHUNK_WORDS": "8"}, engines=TornEngines) as home:
        home.data.add(path=str(write(tmp_path / "docs", pumps=text)), name="docs")
        home.data.sync()
        found = home.vectors.search(question="which pump hums?", k=5)
        assert found.searched is not None
        away = found.searched.visible // 2
        assert found.searched.unreachable == found.unreachable == away
        assert found.searched.recall is None
        said = f"{away} passages searched by words alone: a part of the index is away"
        assert said in render(found)
        answer = home.vectors.ask(question="Which pump hums in hall 7?")
        assert said in " ".join(render(answer).split())
        why = home.vectors.why(answer=answer.id)
        assert why.answer.searched == answer.searched
        assert f"{away} of them out of reach" in render(why)
        (event,) = [e for e in home.line.ledger.read() if e.verb == "answer.given"]
        assert event.facts["unreachable"] == away
        app = Starlette(routes=console(lambda _: home.acting(home.operator, "console")))
        with TestClient(app, headers={"origin": "http://testserver"}) as client:
            for page in (f"/ask?answer={answer.id}", f"/why/{answer.id}"):
                assert f"{away} passages were looked through for the words of the question" in client.get(page).text

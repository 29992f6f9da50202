"""The reranker learns from judged questions, is judged by others, and serves when it is better."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unsupported
from thruline.flows.ranker_rows import looked_at
from thruline.flows.train_ranker import Recipe, Trained, train
from thruline.models.datasets import from_parquet
from thruline.testing.homes import open_home, write

WORDS = [
    "anvil",
    "beacon",
    "candle",
    "dagger",
    "easel",
    "ferry",
    "gasket",
    "hammer",
    "igloo",
    "jigsaw",
    "kettle",
    "ladder",
    "magnet",
    "needle",
    "orchard",
    "pulley",
    "quarry",
    "rudder",
    "saddle",
    "tassel",
    "urchin",
    "vessel",
    "walnut",
    "xylophone",
    "yonder",
    "zipper",
    "barrel",
    "cactus",
    "dynamo",
    "engine",
    "funnel",
    "gimbal",
    "hinge",
    "inlet",
    "jacket",
    "kiln",
    "lantern",
    "mallet",
    "nozzle",
    "oven",
    "paddle",
    "quiver",
    "ratchet",
    "spindle",
    "trowel",
    "umbra",
    "vane",
    "wicket",
    "yoke",
    "zephyr",
]
NAME = "Ottilie Kvasthoug"
LEARNED = {"THRULINE_SEARCH__RERANKER": "learned"}


class Judged(NamedTuple):
    question: str
    grades: Mapping[str, int]


def question(word: str) -> str:
    return f"Where is the {word} kept?"


def documents() -> dict[str, str]:
    """Of each thing a page that says its words over and over, and one that answers and has it in its title alone."""
    stuffed = {
        f"talk_{w}": f"# Talk\n\nThe {w}, the {w} kept, {w} is kept, {w} and {w}: a talk of the {w}." for w in WORDS
    }
    right = {
        f"place_{w}": f"# The {w}\n\nIt stands in room {n} behind the shelf of the north wall."
        for n, w in enumerate(WORDS)
    }
    return stuffed | right


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("ranker")
    (folder / "docs").mkdir()
    with open_home(folder / "home", LEARNED) as opened:
        opened.data.add(path=str(write(folder / "docs", **documents())))
        opened.data.sync()
        yield opened


def judged(home: Platform) -> list[Judged]:
    path = {d.path: d.record for d in home.data.documents(limit=200)}
    return [Judged(question(w), {path[f"place_{w}.md"]: 1}) for w in WORDS]


def trained(home: Platform, recipe: Recipe) -> Trained:
    with home.line.runs.start("train", only="detector", actor=home.actor.id) as run:
        return train(home.line, run, home.actor, recipe)


@pytest.fixture(scope="module")
def made(home: Platform) -> Trained:
    every = judged(home)
    return trained(home, Recipe(learn=every[::2], judge=[*every[1::2], *_again(every[1::2])], depth=20))


def _again(judged: list[Judged]) -> list[Judged]:
    return [Judged(q.question.replace("Where", "In which place"), q.grades) for q in judged]


def test_a_model_that_orders_held_out_questions_better_serves(home: Platform, made: Trained) -> None:
    assert made.decision.outcome == "passed"
    assert made.gain.low > 0
    assert made.reranked.value > made.found.value
    assert home.line.registry.serving("reranker") == made.model
    report = home.vectors.search(question=question(WORDS[1]), k=3)
    assert (report.order.reranked, report.order.model) == ("done", made.model)
    assert report.passages[0].path == f"place_{WORDS[1]}.md"


def test_an_answer_names_the_model_that_ordered_its_passages(home: Platform, made: Trained) -> None:
    answer = home.vectors.ask(question=question(WORDS[3]))
    assert made.model in {node.id for node in home.vectors.why(answer=answer.id).tree.children}
    assert home.vectors.replay(answer=answer.id).retrieval == "same"


def test_what_is_kept_of_the_questions_and_passages_is_numbers(home: Platform, made: Trained) -> None:
    rows = home.line.registry.dataset(made.dataset)
    assert all(float(number) == float(number) for text in rows["text"] for number in text.split())
    assert from_parquet(home.line.payloads.get(made.dataset)).equals(rows)
    files = home.line.registry.files(made.model)
    assert not any(word.encode() in data for data in files.values() for word in WORDS)


def test_one_event_takes_the_model_back(home: Platform, made: Trained) -> None:
    home.line.registry.deployments.withdraw(made.model)
    assert home.vectors.search(question=question(WORDS[1]), k=3).order.reranked == "off"
    home.line.registry.deploy("reranker", made.model)
    assert home.line.ranker is not None


def test_an_operator_trains_on_judged_questions_and_rolls_back_by_one_event(
    home: Platform, made: Trained, tmp_path: Path
) -> None:
    rows = [
        {"question": q, "document": f"place_{w}.md"} for w in WORDS for q in (question(w), f"In which room is the {w}?")
    ]
    (tmp_path / "judged.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert home.vectors.import_judged(path=str(tmp_path / "judged.jsonl")).added == len(rows)
    report = home.models.train(what="reranker")
    assert (report.gate, report.serving) == ("passed", True)
    assert {m.name for m in report.metrics} == {"ndcg10_of_the_search", "ndcg10", "gain"}
    assert 30 <= report.rows < len(rows)
    assert {m.id: m.role for m in home.models.list()}[report.model] == "reranker"
    with pytest.raises(Unsupported, match="judged as it is trained"):
        home.models.evaluate(model=report.model)
    before = len(list(home.line.ledger.read()))
    home.models.rollback(what="reranker")
    assert [e.verb for e in list(home.line.ledger.read())[before:]] == ["deployment.changed", "operation.called"]
    assert home.line.registry.serving("reranker") == made.model
    home.models.promote(model=report.model)
    assert home.line.registry.serving("reranker") == report.model
    with pytest.raises(Invalid, match="judged questions alone"):
        home.models.train(what="reranker", spoil=0.5)


def test_a_model_that_is_not_better_stays_on_the_shelf(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home", LEARNED) as home:
        home.data.add(path=str(write(docs, **{k: v for k, v in documents().items() if k.startswith("talk_")})))
        home.data.sync()
        path = {d.path: d.record for d in home.data.documents(limit=200)}
        easy = [Judged(question(w), {path[f"talk_{w}.md"]: 1}) for w in WORDS]
        made = trained(home, Recipe(learn=easy[:25], judge=easy[25:] + _again(easy[25:]), depth=10))
        assert made.decision.outcome == "failed"
        assert home.line.registry.serving("reranker") is None
        with pytest.raises(Denied):
            home.line.registry.deploy("reranker", made.model)
        assert home.vectors.search(question=question(WORDS[0]), k=3).order.reranked == "off"


def test_too_few_questions_are_refused_with_the_way_out(home: Platform) -> None:
    with pytest.raises(Invalid, match="3 questions"):
        trained(home, Recipe(learn=judged(home)[:3], judge=judged(home)[3:40], depth=20))


def test_whoever_is_named_is_not_learned_from(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home") as home:
        letter = f"# Letter\n\nDear {NAME}, the anvil is kept here. Write to ottilie.kvasthoug@example.org today."
        home.data.add(path=str(write(docs, letter=letter, place_anvil="# The anvil\n\nIt is kept in room nine.")))
        home.data.sync()
        path = {d.path: d.record for d in home.data.documents()}
        asked = Judged(question("anvil"), {path["place_anvil.md"]: 1})
        named = Judged(f"Where does {NAME} <ottilie.kvasthoug@example.org> keep the anvil?", asked.grades)
        looked = looked_at(home.line, home.actor, [asked, named], 10)
        assert len(looked) == 1
        assert set(looked[0].records) == {path["place_anvil.md"]}


def test_an_erasure_that_takes_a_record_takes_the_model_and_its_rows(tmp_path: Path, docs: Path) -> None:
    texts = documents() | {
        "place_anvil": "# The anvil\n\nIt stands in the room of the Zebrafinchhouse Quetzalson pair."
    }
    with open_home(tmp_path / "home", LEARNED) as home:
        home.data.add(path=str(write(docs, **texts)))
        home.data.sync()
        every = judged(home)
        made = trained(home, Recipe(learn=every[::2], judge=[*every[1::2], *_again(every[1::2])], depth=20))
        assert home.line.registry.serving("reranker") == made.model
        report = home.data.erase(identifiers=("Zebrafinchhouse Quetzalson",))
        assert made.model in report.models
        assert report.residue == 0
        assert home.line.registry.serving("reranker") is None
        assert not home.line.registry.holds(made.dataset)
        assert home.vectors.search(question=question(WORDS[1]), k=3).order.reranked == "off"

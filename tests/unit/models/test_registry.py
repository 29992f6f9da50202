"""The shelf, over a real database, a real ledger and a real signature."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict, Corrupt, Denied, NotFound
from thruline.core.ids import ArtifactId, Ids, random_id
from thruline.core.nouns import Verdict
from thruline.ledger.ledger import SqlLedger
from thruline.models.datasets import NEURALCHEMY, Row, frame
from thruline.models.deployments import Deployment, line_of_succession
from thruline.models.registry import Registry
from thruline.models.split import build
from thruline.models.train_detector import train
from thruline.testing.memory import MemoryPayloads
from thruline.testing.prompts import prompts

IDS = Ids(bytes(32))


class Shelf:
    """A registry and what it stands on."""

    def __init__(self) -> None:
        self.database = SqliteDatabase(":memory:")
        self.ledger = SqlLedger(self.database)
        self.payloads = MemoryPayloads()
        self.registry = self.opened(Ed25519Signer(bytes(32)))

    def opened(self, signer: Ed25519Signer) -> Registry:
        return Registry(self.database, self.ledger, self.payloads, IDS, signer)

    def model(self, name: str, outcome: str = "passed") -> ArtifactId:
        id = self.registry.register({"model.json": name.encode()}, IDS.artifact("dataset", "one"))
        if outcome:
            self.registry.judge(verdict(id, outcome))
        return id


def verdict(of: ArtifactId, outcome) -> Verdict:
    return Verdict(of=of, rule="detector_gate", outcome=outcome, score=0.9, threshold=0.95, low=0.88, high=0.92)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_a_record_is_followed_to_the_deployment_that_learned_from_it(shelf: Shelf) -> None:
    record = random_id("record")
    made = build(frame(NEURALCHEMY, [Row("one two", 0), Row("three four", 1)]), seed=0)
    dataset = shelf.registry.add_dataset(made, [record])
    model = shelf.registry.register({"model.json": b"{}"}, dataset)
    shelf.registry.judge(verdict(model, "passed"))
    deployment = shelf.registry.deploy("detector", model)
    edges = shelf.ledger.edges([record], "down")
    assert [(e.parent, e.child) for e in edges] == [(record, dataset), (dataset, model), (model, deployment.id)]
    assert shelf.registry.dataset(dataset)["text"].to_list() == made["text"].to_list()


def test_the_same_files_are_the_same_model(shelf: Shelf) -> None:
    assert shelf.model("a") == shelf.model("a")
    assert [e.verb for e in shelf.ledger.read(verbs=("model.registered",))] == ["model.registered"]


def test_a_model_that_failed_its_gate_does_not_serve(shelf: Shelf) -> None:
    bad = shelf.model("bad", "failed")
    with pytest.raises(Denied, match="has not passed") as denied:
        shelf.registry.deploy("detector", bad)
    assert "force" in denied.value.hint
    assert shelf.registry.serving("detector") is None


def test_a_model_without_a_verdict_does_not_serve(shelf: Shelf) -> None:
    with pytest.raises(Denied):
        shelf.registry.deploy("detector", shelf.model("new", ""))


def test_the_latest_verdict_counts(shelf: Shelf) -> None:
    model = shelf.model("once good")
    shelf.registry.judge(verdict(model, "failed"))
    with pytest.raises(Denied):
        shelf.registry.deploy("detector", model)


def test_force_lets_it_serve_and_stays_on_record(shelf: Shelf) -> None:
    bad = shelf.model("bad", "failed")
    assert shelf.registry.deploy("detector", bad, force=True).forced
    (event,) = shelf.ledger.read(verbs=("deployment.changed",))
    assert event.facts == {"role": "detector", "why": "promoted", "forced": True}


def test_force_is_not_on_record_where_it_was_not_needed(shelf: Shelf) -> None:
    assert not shelf.registry.deploy("detector", shelf.model("good"), force=True).forced


def test_rolling_back_twice_walks_back_twice(shelf: Shelf) -> None:
    models = [shelf.model(name) for name in "abc"]
    for model in models:
        shelf.registry.deploy("detector", model)
    shelf.registry.rollback("detector")
    assert shelf.registry.serving("detector") == models[1]
    shelf.registry.rollback("detector")
    assert shelf.registry.serving("detector") == models[0]
    with pytest.raises(Conflict, match="before"):
        shelf.registry.rollback("detector")
    assert len(shelf.registry.deployments.history("detector")) == 5


def test_what_serves_already_is_not_promoted_again(shelf: Shelf) -> None:
    model = shelf.model("a")
    shelf.registry.deploy("detector", model)
    with pytest.raises(Conflict, match="already"):
        shelf.registry.deploy("detector", model)


def test_a_removed_model_ceases_to_serve_and_never_comes_back(shelf: Shelf) -> None:
    first, second = shelf.model("a"), shelf.model("b")
    shelf.registry.deploy("detector", first)
    shelf.registry.deploy("detector", second)
    shelf.registry.remove(second)
    assert shelf.registry.serving("detector") == first
    assert [m.id for m in shelf.registry.models()] == [first]
    with pytest.raises(NotFound):
        shelf.registry.files(second)


def test_changed_bytes_are_not_loaded(shelf: Shelf) -> None:
    model = shelf.model("a")
    shelf.payloads.put(model, msgspec.msgpack.encode({"model.json": b"evil"}), model)
    with pytest.raises(Corrupt, match="not what was registered"):
        shelf.registry.files(model)


def test_a_row_changed_together_with_its_bytes_is_not_loaded(shelf: Shelf) -> None:
    model, other = shelf.model("a"), shelf.model("b")
    sql = "UPDATE models SET sha256 = (SELECT sha256 FROM models WHERE id = :other) WHERE id = :id"
    shelf.database.execute(sql, {"id": model, "other": other})
    shelf.payloads.put(model, shelf.payloads.get(other), model)
    with pytest.raises(Corrupt, match="signature"):
        shelf.registry.files(model)


def test_a_model_of_another_home_is_not_loaded(shelf: Shelf) -> None:
    model = shelf.model("a")
    with pytest.raises(Corrupt):
        shelf.opened(Ed25519Signer(b"x" * 32)).files(model)


def test_the_detector_that_serves_is_loaded_from_the_shelf(shelf: Shelf) -> None:
    assert shelf.registry.detector() is None
    made = build(frame(NEURALCHEMY, (Row(*prompt) for prompt in prompts(60))), seed=0)
    assert isinstance(made, pl.DataFrame)
    model = shelf.registry.register(train(made, seed=0), shelf.registry.add_dataset(made, []))
    shelf.registry.deploy("detector", model, force=True)
    detector = shelf.registry.detector()
    assert detector is not None
    assert shelf.registry.models()[0].serves == ("detector",)


CHANGES = st.lists(st.tuples(st.sampled_from(["promoted", "rolled_back", "erased"]), st.sampled_from("abc")))


@given(CHANGES)
def test_an_erased_model_is_never_in_line_and_neighbours_differ(changes: list[tuple[str, str]]) -> None:
    history: list[Deployment] = []
    for why, name in changes:
        line = line_of_succession(history)
        if (why == "rolled_back" and len(line) < 2) or (why == "promoted" and line[-1:] == [name]):
            continue
        history.append(Deployment(
            id=random_id("deployment"), role="detector", model=ArtifactId(name), why=why, forced=False, changed=0,
        ))  # fmt: skip
        line = line_of_succession(history)
        assert all(a != b for a, b in pairwise(line))
        assert why != "erased" or name not in line
        assert why != "promoted" or line[-1] == name

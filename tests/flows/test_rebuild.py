"""Rebuild: an erasure trains again what held the person, and nothing else, and the old weights never serve again."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, NotFound
from thruline.flows.erase import _delete
from thruline.flows.harmless import harmless
from thruline.flows.reach import find
from thruline.flows.retrain import Recipe, Retrained, retrain
from thruline.models.datasets import NEURALCHEMY, PEOPLE, Row, frame
from thruline.models.gate import Policy
from thruline.models.shards import SHARDS
from thruline.models.train_detector import train
from thruline.testing.canary import assert_gone
from thruline.testing.homes import killed_after, open_home, write
from thruline.testing.prompts import prompts
from thruline_verify import main as verify_offline

NAME, MAIL = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"
LENIENT = Policy(auroc=0.6, recall_at_1pct=0.0, false_alarms=1.0, worse_by=1.0)
MANY, FEW = prompts(1600), prompts(150)
TICKETS = {
    "one": f"# Lamp\n\nCustomer: {NAME} <{MAIL}>\n\nThe lamp of the hall flickers whenever the kettle is on.",
    "two": f"# Vase\n\nCustomer: {NAME} <{MAIL}>\n\nThe vase from Tuesday has a crack below its left handle.",
    "three": "# Chair\n\nCustomer: Bram Veldhuizen <bram.veldhuizen@example.net>\n\nThe chair of the porter lost a leg.",
    "four": "# Hours\n\nThe workshop opens at nine in the morning and closes when the last lamp is mended.",
}


def learn(home: Platform, prompted: list[tuple[str, int]], policy: Policy = LENIENT) -> Retrained:
    line = home.line
    with line.runs.start("train", only="detector") as run:
        own = harmless(line, line.records.live(line.item_rights.of_records()), [s.id for s in line.records.sources()])
        rows = pl.concat([frame(NEURALCHEMY, (Row(*prompt) for prompt in prompted)), *own.rows])
        recipe = Recipe(rows=rows, made_of=own.records, families=own.families, policy=policy)
        return retrain(line.jobs, line.registry, run, recipe, workdir=home.home.jobs)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Retrained]:
    """A home whose detector learned from tickets, hers among them; copied for each test."""
    folder = tmp_path_factory.mktemp("taught")
    with open_home(folder / "home") as home:
        home.data.add(path=str(write(folder / "tickets", **TICKETS)), name="tickets")
        home.data.sync()
        made = learn(home, MANY, Policy())
        assert made.deployed, made.decision.reasons
    return folder / "home", made


@pytest.fixture
def desk(taught: tuple[Path, Retrained], tmp_path: Path) -> Iterator[Platform]:
    with open_home(Path(shutil.copytree(taught[0], tmp_path / "home"))) as home:
        yield home


def proof_of(receipt: str) -> dict:
    (proof,) = json.loads(Path(receipt).read_text())["body"]["rebuilds"]
    return proof


def doctor(home: Platform) -> str:
    return next(c.says for c in home.ledger.doctor() if c.name == "detector")


def test_only_the_shard_that_held_her_is_trained_again(desk: Platform, taught, tmp_path: Path) -> None:
    registry, before = desk.line.registry, taught[1].model
    shards = registry.shards.of(before)
    (planned,) = desk.data.erase(identifiers=(NAME, MAIL), dry_run=True).rebuilds
    assert (planned.outcome, planned.shards, len(planned.held), planned.rows) == ("planned", SHARDS, 1, 3)
    assert planned.seconds > 0
    assert registry.serving("detector") == before

    report = desk.data.erase(identifiers=(NAME, MAIL))
    (done,) = report.rebuilds
    assert (done.model, done.outcome, done.held, report.residue) == (before, "serves", planned.held, 0)
    assert registry.serving("detector") == done.made != before
    assert [m.id for m in registry.models()] == [done.made]
    assert desk.guard.screen(text="ignore, disregard, override and bypass: jailbreak").detector == done.made
    now = registry.shards.of(done.made)
    assert [n for n in range(SHARDS) if shards[n] != now[n]] == [done.held[0] - 1]

    proof = proof_of(report.receipt)
    assert proof["trained_again"] == list(done.held)
    assert [(u["before"], u["before"] == u["after"]) for u in proof["unchanged_sha256"]] == [
        (hashlib.sha256(registry.shards.bytes_of(s)).hexdigest(), True) for s in now if s in shards
    ]
    elsewhere = shutil.copy(report.receipt, tmp_path / "receipt.json")
    assert verify_offline([str(elsewhere)]) == 0


def test_a_correction_trains_the_shard_again_that_learned_the_wrong_words(desk: Platform, taught) -> None:
    before, wrong, right = taught[1].model, "crack below its left handle", "chip on its right side"
    (planned,) = desk.data.rectify(wrong=wrong, right=right, what="tickets", dry_run=True).rebuilds
    assert planned.outcome == "planned"
    report = desk.data.rectify(wrong=wrong, right=right, what="tickets")
    (done,) = report.rebuilds
    assert (done.model, done.outcome, done.held, report.residue) == (before, "serves", planned.held, 0)
    registry = desk.line.registry
    (info,) = registry.models()
    assert info.id == done.made
    assert not registry.dataset(info.dataset)["text"].str.contains(wrong).any()
    assert not desk.line.payloads.exists(taught[1].dataset)
    assert proof_of(report.receipt)["trained_again"] == list(done.held)
    assert desk.ledger.verify().ok


def test_what_is_rebuilt_is_what_training_without_her_gives(desk: Platform, taught) -> None:
    registry = desk.line.registry
    desk.data.erase(identifiers=(NAME, MAIL))
    (info,) = registry.models()
    rows = registry.dataset(info.dataset)
    assert not rows["text"].str.contains("Kvasthoug|vase").any()
    assert rows["text"].str.contains("Veldhuizen").any()
    assert not desk.line.payloads.exists(taught[1].dataset)
    anew = train(rows, seed=0, shards=SHARDS)
    files = registry.files(info.id)
    assert [registry.shards.bytes_of(s) for s in registry.shards.of(info.id)] == [
        anew[f"shard-{n}.safetensors"] for n in range(SHARDS)
    ]
    assert files["model.safetensors"] == anew["model.safetensors"]


def test_no_byte_of_the_old_weights_is_left(desk: Platform, taught) -> None:
    line, (_, made) = desk.line, taught
    lost = line.registry.shards.of(made.model)
    sealed = {i: _stored(desk, i) for i in (made.model, made.dataset, *lost)}
    desk.data.erase(identifiers=(NAME, MAIL))
    (new,) = line.registry.models()
    gone = {i: data for i, data in sealed.items() if i not in line.registry.shards.of(new.id)}
    assert len(gone) == 3
    home = b"".join(file.read_bytes() for file in desk.home.path.rglob("*") if file.is_file())
    assert not [i for i, data in gone.items() if data[:64] in home or data[-64:] in home]
    assert [i for i, data in sealed.items() if data[:64] in home] == [i for i in sealed if i not in gone]
    assert_gone(desk.home.path, [NAME])


def _stored(home: Platform, id: str) -> bytes:
    """The bytes of a payload as they lie on the disk."""
    ((data,),) = home.line.database.query("SELECT data FROM payloads WHERE id = :id", {"id": id})
    return data if data is not None else home.line.payloads._blobs.get(id)


def test_a_rollback_never_leads_to_a_model_that_held_her(desk: Platform) -> None:
    learn(desk, FEW)
    assert len(desk.line.registry.models()) == 2
    desk.data.erase(identifiers=(NAME, MAIL))
    assert desk.line.registry.serving("detector") in {None, *(m.id for m in desk.line.registry.models())}
    assert len(desk.line.registry.models()) == 1
    with pytest.raises(Conflict, match="before this one"):
        desk.models.rollback()


def test_ended_after_the_deletion_the_next_erasure_rebuilds_and_until_then_rules_screen(desk: Platform, taught) -> None:
    line = desk.line
    with line.runs.start("erase", only="home") as run:
        _delete(line, run, find(line, (NAME, MAIL)))
    assert line.registry.serving("detector") is None
    assert "interrupted" in doctor(desk)
    assert desk.guard.screen(text="hello").detector == "rules only"
    with pytest.raises(NotFound):
        desk.models.promote(model=taught[1].model)
    (done,) = desk.data.erase(identifiers=(NAME, MAIL)).rebuilds
    assert (done.outcome, len(done.held)) == ("serves", 1)
    assert desk.data.erase(identifiers=(NAME, MAIL)).rebuilds == ()


def test_two_people_who_go_one_after_the_other_before_the_rebuild_are_both_out_of_it(desk: Platform) -> None:
    line = desk.line
    with line.runs.start("erase", only="home") as run:
        _delete(line, run, find(line, (NAME, MAIL)))
    (done,) = desk.data.erase(identifiers=("Bram Veldhuizen", "bram.veldhuizen@example.net")).rebuilds
    (info,) = line.registry.models()
    assert (done.made, done.outcome, done.rows) == (info.id, "serves", 5)
    assert not line.registry.dataset(info.dataset)["text"].str.contains("Kvasthoug|Veldhuizen").any()
    assert len(line.payloads.ids("dataset")) == 1


def test_what_the_gate_refuses_does_not_serve_and_the_erasure_is_complete(home: Platform, docs: Path) -> None:
    home.data.add(path=str(write(docs, **TICKETS)))
    home.data.sync()
    learn(home, FEW)  # too few for the gate, which here was told to let it pass
    report = home.data.erase(identifiers=(NAME, MAIL))
    (done,) = report.rebuilds
    assert (done.outcome, report.residue, proof_of(report.receipt)["outcome"]) == ("refused", 0, "refused")
    assert home.line.registry.serving("detector") is None
    assert "refused" in doctor(home)
    learn(home, FEW)
    assert home.line.registry.serving("detector")


def test_a_model_of_one_piece_is_trained_again_whole(desk: Platform) -> None:
    for table in ("model_shards", "makings"):
        desk.line.database.execute(f"DELETE FROM {table}")  # as a version before left it
    (done,) = desk.data.erase(identifiers=(NAME, MAIL)).rebuilds
    assert (done.outcome, len(done.held)) == ("serves", SHARDS)


def test_rows_of_a_document_that_its_source_has_deleted_go_too(desk: Platform, taught) -> None:
    tickets = taught[0].parent / "tickets"
    kept = {name: (tickets / f"{name}.md").read_text() for name in ("one", "two")}
    try:
        for name in kept:
            (tickets / f"{name}.md").unlink()
        desk.data.sync()
        (done,) = desk.data.erase(identifiers=(NAME, MAIL)).rebuilds
    finally:
        write(tickets, **kept)
    assert (done.outcome, len(done.held)) == ("serves", 1)
    (info,) = desk.line.registry.models()
    assert not desk.line.registry.dataset(info.dataset)["text"].str.contains("Kvasthoug").any()


def test_blast_and_person_name_the_shard(desk: Platform, taught) -> None:
    (held,) = desk.data.person(identifiers=(NAME, MAIL)).shards
    assert desk.data.blast(what="tickets/one.md").shards == (held,)
    assert (held.model, held.of) == (taught[1].model, SHARDS)
    around = {node.kind: node.label for node in desk.ledger.lineage(artifact=held.shard).nodes}
    assert around["shard"] == f"shard {held.number}"
    assert around["model"] == "injection detector"
    assert {"record", "source", "deployment"} <= around.keys()


def test_people_are_learned_from_and_never_judged_by(desk: Platform, taught) -> None:
    rows = desk.line.registry.dataset(taught[1].dataset)
    assert set(rows.filter(pl.col("origin") == PEOPLE.name)["split"]) == {"train"}
    assert len(rows.filter(pl.col("origin") == PEOPLE.name)) == 5


def test_somebody_erased_while_the_model_is_trained_is_in_no_model(desk: Platform) -> None:
    line = desk.line
    own = harmless(line, line.records.live(line.item_rights.of_records()), [s.id for s in line.records.sources()])
    rows = pl.concat([frame(NEURALCHEMY, (Row(*prompt) for prompt in FEW)), *own.rows])
    erased: list[bool] = []

    def go() -> None:
        if not erased and line.payloads.ids("dataset"):
            erased.append(True)
            desk.data.erase(identifiers=(NAME, MAIL))

    with line.runs.start("train", only="detector") as run:
        run.check = go
        recipe = Recipe(rows=rows, made_of=own.records, policy=LENIENT)
        with pytest.raises(Conflict, match="erased while"):
            retrain(line.jobs, line.registry, run, recipe, workdir=desk.home.jobs)
    assert line.registry.models() == []
    assert line.registry.serving("detector") is None


def test_somebody_erased_while_a_sync_and_a_training_are_under_way_is_in_nothing(
    desk: Platform, tmp_path: Path
) -> None:
    line = desk.line
    own = harmless(line, line.records.live(line.item_rights.of_records()), [s.id for s in line.records.sources()])
    rows = pl.concat([frame(NEURALCHEMY, (Row(*prompt) for prompt in FEW)), *own.rows])
    letters = {f"letter{n}": f"# Letter {n}\n\nDear {NAME}, lamp {n} is ready in hall {n}." for n in range(40)}
    desk.data.add(path=str(write(tmp_path / "late", **letters, hours="# Hours\n\nThe shop opens at nine.")))
    syncing = threading.Thread(target=lambda: desk.data.sync(source="late"))

    def go() -> None:
        if not syncing.ident and line.payloads.ids("dataset"):
            syncing.start()
            while "letter" not in str(desk.data.documents(source="late")) and syncing.is_alive():
                time.sleep(0.005)
            _erased(desk)

    with line.runs.start("train", only="detector") as run:
        run.check = go
        recipe = Recipe(rows=rows, made_of=own.records, policy=LENIENT)
        with pytest.raises(Conflict, match="erased while"):
            retrain(line.jobs, line.registry, run, recipe, workdir=desk.home.jobs)
    syncing.join(60)
    _erased(desk)
    for info in line.registry.models():  # one that was made again without her
        assert not line.registry.dataset(info.dataset)["text"].str.contains("Kvasthoug").any()
    assert {d.path for d in desk.data.documents(source="late", state="live")} == {"hours.md"}
    assert_gone(desk.home.path, [NAME, MAIL])


def _erased(home: Platform) -> None:
    """As a person would: again, while something is under way."""
    ends = time.monotonic() + 30
    while True:
        try:
            home.data.erase(identifiers=(NAME, MAIL))
        except Conflict:
            assert time.monotonic() < ends
        else:
            return


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.3, 0.8, 1.5, 2.5, 4.0, 6.0])
def test_killed_at_any_point_the_same_words_end_in_the_same_place(taught, tmp_path: Path, after: float) -> None:
    copy = Path(shutil.copytree(taught[0], tmp_path / "home"))
    killed_after(after, copy, "data.erase", {"identifiers": (NAME, MAIL)})
    with open_home(copy) as home:
        report = home.data.erase(identifiers=(NAME, MAIL))
        registry = home.line.registry
        (info,) = registry.models()
        assert registry.serving("detector") == info.id != taught[1].model
        assert not registry.dataset(info.dataset)["text"].str.contains("Kvasthoug").any()
        assert report.residue == 0
        assert len(home.line.payloads.ids("dataset")) == 1
        assert len(home.line.payloads.ids("shard")) == SHARDS

"""Papers hold what is so, say from where, ask what they cannot know, and can be held against the ledger later."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Denied, Invalid, NotFound
from thruline.core.nouns import Draft
from thruline.flows.paper import digest_of
from thruline.flows.reports import PaperReport
from thruline.models.evaluate import Estimate, Report
from thruline.testing.homes import as_user, write
from thruline_verify.cli import main as verify

LETTER = "# Letter\n\nDear Ottilie Kvasthoug,\n\nwrite to ottilie.kvasthoug@example.org.\n\nRegards,\nThe Shop"


@pytest.fixture
def lived_in(home: Platform, docs: Path) -> Platform:
    told = ("purpose=support of customers", "basis=contract, art. 6(1)(b)", "keep=365d", "mask=name")
    home.data.add(path=str(write(docs, letter=LETTER)), name="crm", groups=("support",), options=told)
    home.data.add(path="push://shop")
    home.data.sync(source="crm")
    home.data.hold(name="tax law", what="crm")
    return home


def said(report: PaperReport) -> dict[str, list[str]]:
    """What each section states."""
    return {s["title"]: [fact["says"] for fact in s["facts"]] for s in report.body["sections"]}


def asked(report: PaperReport) -> list[str]:
    return [question for s in report.body["sections"] for question in s["questions"]]


def shelve(home: Platform) -> str:
    """A model with figures, which its gate refused and somebody let serve all the same."""
    line = home.line
    letter = home.data.documents(source="crm")[0].record
    dataset, model = line.ids.artifact("dataset", "rows"), ""
    rows = {"rows": 40, "train": 30, "test": 10}
    line.ledger.append([Draft(verb="dataset.built", inputs=(letter,), outputs=(dataset,), facts=rows)])
    figure = Estimate(0.9, 0.85, 0.95)
    report = Report(
        rows=10, attacks=4, threshold=0.5, auroc=figure, recall_at_1pct=figure, recall=figure, false_alarms=figure,
        precision=figure, brier=figure,
    )  # fmt: skip
    model = line.registry.register({"weights": b"1234"}, dataset, report=report)
    gate = {"rule": "detector_gate", "outcome": "failed", "score": 0.9, "low": 0.85, "high": 0.95, "threshold": 0.95}
    line.ledger.append([Draft(verb="verdict.given", inputs=(model,), facts=gate)])
    line.registry.deploy("detector", model, force=True)
    return model


def test_an_impact_assessment_says_what_is_held_why_and_what_answers_still_show(lived_in: Platform):
    report = lived_in.guard.paper(kind="dpia")
    everything = said(report)
    what = everything["(a) What is processed, and why"]
    assert "purpose of the processing: support of customers" in what
    assert "documents: 1 live" in what
    assert "kept 365d" in what
    met = everything["(a) Personal data met"]
    assert any(fact.startswith("crm: email of 1 people, shown in answers") for fact in met)
    assert any(fact.startswith("crm: name of 1 people, covered in answers") for fact in met)
    assert any("crm: answers may show email" in fact for fact in everything["(c) Risks that were measured"])
    assert any("under tax law" in fact for fact in everything["(d) Rights of people"])
    assert "Purpose of the processing of shop?" in asked(report)
    assert not any("of crm?" in question for question in asked(report) if "where" not in question.lower())


def test_an_erasure_and_its_proof_are_in_the_assessment(lived_in: Platform):
    lived_in.data.unhold(name="tax law")
    lived_in.data.erase(identifiers=("Ottilie Kvasthoug",))
    report = lived_in.guard.paper(kind="dpia")
    assert "an erasure of 1 documents left 0 places in the home" in said(report)["(d) Rights of people"]
    assert "ottilie" not in json.dumps(report.body).lower()


def test_every_statement_says_where_it_comes_from(lived_in: Platform):
    shelve(lived_in)
    head = lived_in.line.ledger.head().seq
    for kind in ("dpia", "ai-act", "data-card", "model-card"):
        for section in lived_in.guard.paper(kind=kind).body["sections"]:
            for fact in section["facts"]:
                assert fact["from"]
                if fact["from"].startswith("event "):
                    assert 0 < int(fact["from"].partition(" ")[2].split(",")[0]) <= head + 8


def test_the_model_card_has_figures_with_intervals_the_gate_and_who_overruled_it(lived_in: Platform):
    model = shelve(lived_in)
    (facts,) = said(lived_in.guard.paper(kind="model-card", about=model)).values()
    assert "auroc: 0.9000, 95 % interval 0.8500 to 0.9500" in facts
    assert "detector_gate said failed: 0.9000 (0.8500 to 0.9500), threshold 0.9500" in facts
    assert "1 of these documents are of crm" in facts
    changes = said(lived_in.guard.paper(kind="ai-act"))["Annex IV 6. Changes"]
    assert any("against its gate" in fact for fact in changes)


def test_a_card_can_be_about_one_source_and_nothing_is_made_up_about_none(lived_in: Platform, home: Platform):
    report = lived_in.guard.paper(kind="data-card", about="crm")
    assert list(said(report)) == ["crm"]
    with pytest.raises(NotFound):
        lived_in.guard.paper(kind="data-card", about="nowhere")
    with pytest.raises(NotFound):
        lived_in.guard.paper(kind="model-card")
    with pytest.raises(Invalid):
        lived_in.guard.paper(kind="essay")


def test_a_copy_is_held_against_the_ledger_offline(lived_in: Platform, tmp_path: Path, capsys):
    report = lived_in.guard.paper(kind="dpia")
    copy = tmp_path / "dpia.json"
    copy.write_bytes(msgspec.json.encode(report))
    lived_in.ledger.verify()
    home = str(lived_in.home.path)
    assert verify([home, "--receipt", str(copy)]) == 0
    assert digest_of(json.loads(copy.read_bytes())["body"]) == report.digest
    (written,) = lived_in.ledger.events(verb="paper.written")
    assert written.facts["digest"] == report.digest
    forged = json.loads(copy.read_bytes())
    forged["body"]["sections"][0]["facts"][0]["says"] = "nothing is held"
    copy.write_text(json.dumps(forged))
    assert verify([home, "--receipt", str(copy)]) == 1


def test_as_markdown_it_names_the_head_the_digest_and_each_question(lived_in: Platform):
    report = lived_in.guard.paper(kind="dpia")
    text = render(report)
    assert f"up to event {report.body['head']['seq']}" in text
    assert report.digest in text
    assert text.count("**To answer:**") == len(asked(report))


def test_only_an_operator_writes_papers(lived_in: Platform):
    with pytest.raises(Denied):
        as_user(lived_in, "Rita").guard.paper(kind="dpia")


def test_an_empty_home_has_nothing_to_assess_and_can_be_documented(home: Platform):
    with pytest.raises(NotFound):
        home.guard.paper(kind="dpia")
    assert "Annex IV 1. The system" in said(home.guard.paper(kind="ai-act"))

"""What is wrong with a source's documents is named by rule, and a source whose texts changed is told."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Invalid, NotFound
from thruline.testing.homes import as_user, write

WORDS = [
    "the",
    "keeper",
    "of",
    "the",
    "hall",
    "and",
    "the",
    "smith",
    "have",
    "to",
    "carry",
    "that",
    "anvil",
    "with",
    "care",
    "to",
    "the",
    "yard",
    "of",
    "the",
    "harbour",
]


def prose(seed: int) -> str:
    dice = random.Random(seed)
    sentences = [" ".join(dice.choices(WORDS, k=dice.randint(7, 12))).capitalize() + "." for _ in range(8)]
    return "# A note of the hall\n\n" + " ".join(sentences)


def test_a_document_that_fails_is_named_with_its_rule_and_answers_on(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, good=prose(1), numbers="# N\n\n" + "12 34 56 78 90 " * 20)))
    home.data.sync()
    report = home.data.quality(source="docs")
    failing = {r.rule: r.examples for r in report.rules if r.failing}
    assert failing["alphabetic_words"] == ("numbers.md",)
    assert "good.md" not in str(failing)
    assert len(home.data.documents(state="live")) == 2
    assert "numbers.md" in render(report)


def test_keys_and_open_addresses_fail_as_secrets_and_lookalikes_weigh_nothing(home: Platform, docs: Path):
    said = {"wifi": "The wifi password is Gull-Tern-29.", "shop": "Read postgres://app:h4llo7@db.shop.de/x for it."}
    home.data.add(path=str(write(docs, **said, plain=prose(1) + " Ask noreply@shop.de at 127.0.0.1." * 9)))
    home.data.sync()
    failing = {r.rule: r.examples for r in home.data.quality(source="docs", purpose="training").rules if r.failing}
    assert failing["secrets"] == ("shop.md", "wifi.md")
    assert "plain.md" not in failing["pii_density"]


def test_training_asks_for_more_than_answering(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, short="# Hours\n\nOpen from nine to six on weekdays.")))
    home.data.sync()
    assert sum(r.failing for r in home.data.quality(source="docs").rules) == 0
    assert sum(r.failing for r in home.data.quality(source="docs", purpose="training").rules) > 0


def test_scores_that_moved_since_a_moment_are_told_and_others_are_not(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, **{f"a{n}": prose(n) for n in range(25)})))
    home.data.sync()
    time.sleep(0.05)
    moment = home.line.clock.now()
    write(docs, **{f"b{n}": prose(100 + n) for n in range(25)})
    home.data.sync()
    assert not any(d.alarm for d in home.data.quality(source="docs", since=ago(home, moment)).drift)
    time.sleep(0.05)
    moment = home.line.clock.now()
    write(docs, **{f"c{n}": f"# Row {n}\n\n" + f"{n} {n * 7} {n * 31} code " * 12 for n in range(25)})
    home.data.sync()
    report = home.data.quality(source="docs", since=ago(home, moment))
    assert {"digit_ratio", "stop_words"} <= {d.score for d in report.drift if d.alarm}
    assert "moved  digit_ratio" in render(report)


def ago(home: Platform, moment: int) -> str:
    return f"{(home.line.clock.now() - moment) / 1000:.0f}ms"


def test_too_few_documents_show_no_drift_and_what_is_not_seen_is_not_there(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, a=prose(1))), groups=("hr",))
    home.data.sync()
    assert home.data.quality(source="docs", since="1h").drift == ()
    with pytest.raises(NotFound):
        as_user(home, "rita", "everyone").data.quality(source="docs")
    with pytest.raises(Invalid):
        home.data.quality(source="docs", since="soon")


def test_an_empty_source_has_nothing_to_judge(home: Platform):
    home.data.add(path="push://crm")
    assert home.data.quality(source="crm").documents == 0

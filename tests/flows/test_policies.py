"""Personal data that is covered, or not let in, by the policy of its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.testing.canary import assert_gone
from thruline.testing.homes import write

MAIL, CARD = "ottilie.kvasthoug@example.org", "4111 1111 1111 1111"
LETTER = f"# Vase for {MAIL}\n\nThe blue vase is here. Write to {MAIL} today. Paid with card {CARD}."


def shown(home: Platform) -> str:
    report = home.vectors.ask(question="Where is the blue vase?")
    passages = [f"{p.title} {p.text}" for p in report.passages]
    (document,) = home.data.documents(state="live")
    text = "".join(p.text for p in home.data.text(record=document.record))
    return "\n".join((report.text, *passages, document.title, text))


def test_what_is_masked_is_shown_nowhere_and_everything_else_stays(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter=LETTER)), options=("mask=email",))
    home.data.sync()
    said = shown(home)
    assert "ottilie" not in said.lower()
    assert "\u2588" * 7 in said
    assert CARD in said


def test_nothing_is_masked_without_a_policy(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter=LETTER)))
    home.data.sync()
    assert MAIL in shown(home)


def test_a_masked_person_is_still_found_and_erased(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter=LETTER)), options=("mask=all",))
    home.data.sync()
    assert home.data.erase(identifiers=(MAIL,)).residue == 0
    assert_gone(home.home.path, [MAIL])
    assert [r.reason for r in home.data.sync()[0].refused] == ["suppressed"]


DATED = f"{LETTER} It was sold on 3 March 2021; see www.vases-of-fjord.com for more."


@pytest.mark.parametrize(
    ("options", "are_shown"), [("mask=all", True), ("mask=all,date,web", False), ("mask=date,web", False)]
)
def test_dates_and_web_addresses_are_covered_where_they_are_named(
    home: Platform, docs: Path, options: str, are_shown: bool
):
    home.data.add(path=str(write(docs, letter=DATED)), options=(options,))
    home.data.sync()
    said = shown(home)
    assert [word in said for word in ("3 March 2021", "vases-of-fjord")] == [are_shown] * 2
    assert (MAIL in said) == ("all" not in options)


def test_dates_keep_no_document_out_unless_they_are_named(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, shop="# Shop\n\nThe shop opened on 3 March 2021.")), options=("block=all",))
    (report,) = home.data.sync()
    assert report.indexed == 1


def test_a_blocked_secret_is_refused_as_a_secret_and_one_with_personal_data_as_that(home: Platform, docs: Path):
    said = "# Notes\n\nThe wifi password is Gull-Tern-29."
    write(docs, wifi=said, both=f"{said} Card 4111 1111 1111 1111.", manual="# Setup\n\nSet password: changeme1.")
    home.data.add(path=str(docs), options=("block=secret,card",))
    (report,) = home.data.sync()
    assert {r.path: r.reason for r in report.refused} == {"wifi.md": "secret", "both.md": "personal"}
    assert report.indexed == 1


def test_what_is_blocked_is_refused_with_its_reason(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter=LETTER, plain="# Hours\n\nOpen at nine.")), options=("block=card",))
    (report,) = home.data.sync()
    assert [(r.path, r.reason) for r in report.refused] == [("letter.md", "personal")]
    assert home.data.sync()[0].refused == report.refused


def test_records_that_are_sent_obey_the_policy_of_their_source(home: Platform):
    home.data.add(path="push://crm", options=("mask=email", "block=ssn"))
    home.data.push(source="crm", path="a.md", text=LETTER)
    assert "ottilie" not in shown(home).lower()


@pytest.mark.parametrize("option", ["mask=everything", "block=email,shoes"])
def test_a_kind_that_is_not_known_is_refused(home: Platform, docs: Path, option: str):
    with pytest.raises(Invalid, match="is no kind of personal data"):
        home.data.add(path=str(write(docs, a="# A\n\nB.")), options=(option,))


def test_what_is_masked_once_is_masked_wherever_it_stands(home: Platform, docs: Path):
    text = "# CARD\n\nPaid with 4111 1111 1111 1111. The same 4111111111111111 again. Not 4111 2222."
    home.data.add(path=str(write(docs, letter=text)), options=("mask=card",))
    home.data.sync()
    (document,) = home.data.documents(state="live")
    said = "".join(p.text for p in home.data.text(record=document.record))
    assert "1111" not in said
    assert "Not 4111 2222" in said

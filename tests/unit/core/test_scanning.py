"""What is tried only where its first words stand finds what a search of the whole text finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thruline.core.scanning import Scanned
from thruline.data import names
from thruline.guard.phrases import ADDRESSING_AI, SWITCHES_OFF

PHRASES = (*ADDRESSING_AI, *SWITCHES_OFF)
CASES = st.sampled_from((str, str.upper, str.title))
NOISE = st.text(st.sampled_from("aei skIıİſK\u2019'_-.,:\n\t<[@ÜßΣ"), max_size=12)  # noqa: RUF001 - look-alikes


LEADS = (
    "Mr.", "mrs", "Prof", "Herr", "Madame", "Señora", "Sra", "Best regards,\n", "Xthanks!\n", "Thank you,\n",
    "Mit besten Grüßen\n", "Yours truly\n", "Cheers\n", "Sincerely,\n", "Dear", "Hello", "Liebe", "Hallo", "Hey", "Hi",
    "Lieber", "Customer name:", "client :", "Full name:", "name:", "Patient:", "Employee:", "Applicant:", "Caller:",
    "Tenant:", "Account holder:", "Cardholder:", "Reporter:", "Requester:", "Assignee:", "Contact person:", "User:",
    "From:", "to:", "CC:", "Cc:", "Owner:", "Author:", "Agent:", "Manager:", "Attn:", "Billing address:", "Directed By:",
    "Signed:", "Reported by", "signed by", "Written by:", "prepared by", "Approved by", "requested by", "Submitted by",
    "Raised by", "My name is", "I am", "I'm", "I\u2019m", "This is", "named", "On behalf of", "spoke with", "met",
)  # fmt: skip
NAMES = (
    "Maria Lopez",
    "Jan van der Berg",
    "Ada K. Lovelace,",
    "Bo <bo@example.org>",
    "Bo Li <bo@example.org>",
    "Novak!",
)


@pytest.mark.parametrize("pattern", PHRASES, ids=[p.regex.pattern[:24] for p in PHRASES])
def test_a_pattern_finds_in_a_scanned_text_what_its_expression_finds(pattern) -> None:
    said = st.builds(lambda cased, text: cased(text), CASES, st.from_regex(pattern.regex, fullmatch=True))

    @settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(st.tuples(NOISE, said, NOISE, NOISE).map("".join))
    def finds_the_same(text: str) -> None:
        assert spans(pattern.finditer(Scanned(text))) == spans(pattern.regex.finditer(text))

    finds_the_same()


@given(
    st.lists(st.tuples(st.sampled_from(LEADS), st.sampled_from(NAMES), NOISE).map(" ".join), max_size=4).map("".join)
)
def test_a_name_is_found_in_a_scanned_text_where_its_expression_finds_it(text: str) -> None:
    for rule in names._RULES:
        assert spans(rule.finditer(Scanned(text))) == spans(rule.regex.finditer(text))


@pytest.mark.parametrize("lead", LEADS)
def test_whatever_leads_to_a_name_is_looked_for(lead: str) -> None:
    text = f"{lead} Maria Lopez"
    assert [spans(rule.finditer(Scanned(text))) for rule in names._RULES] == [
        spans(rule.regex.finditer(text)) for rule in names._RULES
    ]


@given(st.text())
def test_a_lowered_text_keeps_each_character_where_it_was(text: str) -> None:
    assert len(Scanned(text).lowered) == len(text)


def spans(found) -> list[tuple[int, int]]:
    return [match.span() for match in found]


def test_a_word_inside_another_begins_nothing() -> None:
    assert spans(Scanned("skip, unskip, skip").finditer(re.compile(r"\bskip"), first=("skip",))) == [(0, 4), (14, 18)]

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.facts import INDIRECT_KINDS
from thruline.data.names import ContextNames
from thruline.data.privacy import find_mentions

PERSONAL = [
    ("Write to Anna.Berg@Firma.de today", "email", "anna.berg@firma.de"),
    ("IBAN GB82 WEST 1234 5698 7654 32 please", "iban", "GB82WEST12345698765432"),
    ("my card 4111 1111 1111 1111 is lost", "card", "4111111111111111"),
    ("SSN: 078-05-1120", "ssn", "078051120"),
    ("client ip 86.121.97.248 was blocked", "ip", "86.121.97.248"),
    ("from 2a02:8070:88::1f today", "ip", "2a02:8070:88::1f"),
    ("call +49 30 901820 now", "phone", "+4930901820"),
    ("(415) 555-2671 is mine", "phone", "4155552671"),
    ("Tel. 020 7946 0958", "phone", "02079460958"),
    ("Rappelez-moi au 01.84.17.61.18", "phone", "0184176118"),
    ("Desk: +1-604-696-5272x565", "phone", "+16046965272"),
]
HARMLESS = [
    "Django 1.2.3.4 and version 10.11.12.13",
    "2026-11-22 14:05:09 and 22.11.2026",
    "ports 8000, 5432, 6379-6389",
    "ISO 8601-1:2019, RFC 9110, ISBN 978-3-16-148410-0",
    "GB82 WEST 1234 5698 7654 33",
    "order 4111111111111112",
    "666-12-3456 and 900-12-3456",
    "id 123456789012345678",
    "127.0.0.1, 10.0.0.1, 192.0.2.7, ::1, ::ffff:192.0.2.1",
]


@pytest.mark.parametrize(("text", "kind", "value"), PERSONAL)
def test_personal_data_is_found_and_normalised(text, kind, value):
    assert [(m.kind, m.value) for m in find_mentions(text) if m.score >= 0.5] == [(kind, value)]


def test_an_extension_is_covered_with_its_telephone_number():
    (found,) = find_mentions("Desk: +1-604-696-5272x565, fax none")
    assert (found.start, found.end) == (6, 25)


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_that_are_nobodys_are_left_alone(text):
    assert [m for m in find_mentions(text) if m.score >= 0.3 and m.kind not in INDIRECT_KINDS] == []


@given(st.text(st.sampled_from("0123456789 .:-+@abGB()/\n"), max_size=200))
def test_mentions_never_overlap_and_lie_in_the_text(text):
    found = find_mentions(text, ContextNames())
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "Customer: " + "Aa de la " * 20_000,
        "a@" + "a." * 100_000,
        "1 " * 100_000,
        "GB82 " * 20_000,
        "Rue A A A A 1 " * 5_000,
        "10000 Aa St 12345 Bb " * 4_000,
        "1A" * 50_000,
        "born 1 " * 10_000,
        "account number " * 8_000,
        "password: a1" * 8_000,
    ],
)
def test_text_made_to_exhaust_the_rules_is_searched_to_its_end(text):
    assert all(m.end <= len(text) for m in find_mentions(text, ContextNames()))


def test_far_from_any_digit_a_number_is_found_where_it_stands():
    text = f"{'no digit here ' * 500}SSN 078-05-1120 {'nor here ' * 500}card 4111 1111 1111 1111"
    assert [(m.kind, text[m.start : m.end]) for m in find_mentions(text)] == [
        ("ssn", "078-05-1120"),
        ("card", "4111 1111 1111 1111"),
    ]


def test_letters_that_grow_when_lowered_shift_nothing():
    text = "İİİİ passport number C01X00T47"
    assert [text[m.start : m.end] for m in find_mentions(text)] == ["C01X00T47"]

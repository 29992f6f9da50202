"""Sentences that came from nowhere are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.grounding import ground

PASSAGES = {
    1: "Staff may work from home up to three days a week. Ask your manager first.",
    2: "The backup runs at 02:30 every night. It keeps 14 copies and is tested each month.",
    3: "Marit Oslovsen signed the lease on 2 May 2024. She leads the office in Oslo, not the one in Bergen.",
    4: "Smoking is prohibited in the yard. The gate does not open before six. The road is 12 km long.",
}


@pytest.mark.parametrize(
    ("answer", "supported"),
    [
        ("Staff may work from home up to three days a week [1].", [True]),
        ("Staff may work from home up to three days a week. [1]", [True]),
        ("The backup keeps 14 copies [2].", [True]),
        ("The backup keeps 30 copies [2].", [False]),
        ("The backup runs every night at 02:30 [1].", [False]),
        ("The backup runs every night at 02:30.", [False]),
        ("The backup runs every night at 02:30 [7].", [False]),
        ("The cafeteria serves excellent goulash on Fridays [1].", [False]),
        ("Ask your manager first [1]. Employees receive a company car [2].", [True, False]),
        ("The backup is tested each month [1, 2].", [True]),
        ("The backup:\n- runs at 02:30 every night\n- keeps 14 copies [2]", [True, True, True]),
        ("I do not know.", [True]),
        ("Staff may work from home up to 3 days a week [1].", [True]),
        ("Staff may work from home up to three weeks a week [1].", [False]),
        ("Staff may not work from home up to three days a week [1].", [False]),
        ("Marit Oslovsen signed the lease on May 2, 2024 [3].", [True]),
        ("Marit Oslovsen signed the lease in 2024 [3].", [True]),
        ("Marit Oslovsen signed the lease on 3 May 2024 [3].", [False]),
        ("Anna Bergen signed the lease on 2 May 2024 [3].", [False]),
        ("Marit leads the office in Oslo [3].", [True]),
        ("Marit Oslovsen does not lead the office in Oslo [3].", [True]),  # whose denial it is, words do not tell
        ("Smoking is not allowed in the yard [4].", [True]),
        ("Smoking in the yard is prohibited [4].", [True]),
        ("The gate opens before six [4].", [False]),
        ("The road is 12000 metres long [4].", [True]),
        ("The road is 12 miles long [4].", [False]),
    ],
)
def test_a_sentence_is_supported_only_by_what_it_cites(answer: str, supported: list[bool]) -> None:
    assert [claim.is_supported for claim in ground(answer, PASSAGES)] == supported


def test_a_citation_after_the_full_stop_belongs_to_the_sentence_before() -> None:
    claims = ground("Ask your manager first. [1] The backup keeps 14 copies. [2]", PASSAGES)
    assert [claim.cited for claim in claims] == [(1,), (2,)]


def test_a_claim_reads_as_if_nothing_had_been_cited() -> None:
    (claim,) = ground("The backup [2] keeps 14 copies [2].", PASSAGES)
    assert claim.text == "The backup keeps 14 copies."


def test_meaning_may_support_what_words_do_not() -> None:
    answer = "Telework is possible [1]."
    assert not ground(answer, PASSAGES)[0].is_supported
    assert ground(answer, PASSAGES, similarity=lambda _, texts: [0.9] * len(texts))[0].is_supported


@given(st.text(max_size=200))
def test_any_answer_is_judged_with_places_inside_it(answer: str) -> None:
    for claim in ground(answer, PASSAGES):
        assert 0 <= claim.start < claim.end <= len(answer)
        assert 0 <= claim.support <= 1

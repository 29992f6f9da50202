"""Ids of many things at once are the ids of each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import Ids

IDS = Ids(bytes(32))


@given(first=st.lists(st.text(max_size=8), max_size=3), last=st.lists(st.text(max_size=40), max_size=5))
def test_digests_of_many_are_the_digests_of_each(first: list[str], last: list[str]) -> None:
    assert list(IDS.digests(*first, last=last)) == [IDS.digest(*first, one) for one in last]
    assert list(IDS.artifacts("path", *first, last=last)) == [IDS.artifact("path", *first, one) for one in last]

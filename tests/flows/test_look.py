"""A source is looked at when it is declared: what is wrong with it is said then, and not at the first sync."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.testing.git_repository import Repository
from thruline.testing.homes import open_home, write
from thruline.testing.web_site import WebSite

VALVE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The address of a database with a table of two rows."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, town TEXT, rev INTEGER)")
        connection.execute("INSERT INTO orders VALUES (1, 'Oslo', 1), (2, 'Moss', 1)")
    return f"sqlite://{tmp_path}/shop.db"


def refused(home: Platform, path: str, *options: str, secret: str = "") -> ThrulineError:
    with pytest.raises(ThrulineError) as error:
        home.data.add(path=path, name="it", options=options, secret=secret)
    assert home.data.sources() == ()
    assert error.value.hint
    return error.value


def test_what_is_there_is_said_in_a_line(home: Platform, docs: Path, shop: str, tmp_path: Path) -> None:
    write(docs, valve=VALVE, sub__pump=VALVE)
    (docs / "plan.pdf").write_bytes(b"%PDF")
    (tmp_path / "parts.csv").write_text("id,name\n1,valve\n2,pump\n")
    assert home.data.add(path=str(docs)).saw == "3 files, 148 B: 2 md, 1 pdf"
    assert home.data.add(path=shop, options=("table=orders",)).saw == "table 'orders': 3 columns, 2 rows"
    parts = home.data.add(path=str(tmp_path / "parts.csv"))
    assert parts.saw == "table 'parts.csv': 2 columns, about 2 rows, 23 B"
    assert home.data.add(path="push://desk").saw == ""
    assert {source.saw for source in home.data.sources()} == {""}


def test_a_place_that_is_not_there_is_said_before_it_is_declared(home: Platform, tmp_path: Path) -> None:
    for path, options, said in (
        (str(tmp_path / "docs"), (), "is not a folder"),
        (str(tmp_path / "orders.csv"), (), "is not there"),
        (f"sqlite://{tmp_path}/shop.db", ("table=orders",), "is not there"),
        (f"mbox://{tmp_path}/office.mbox", (), "cannot be read"),
        (f"git+file://{tmp_path}/handbook", (), "there is no repository"),
        ("http://127.0.0.1:1/guide/", (), "nothing listens there"),
        ("s3://manuals", ("endpoint=http://127.0.0.1:1",), "nothing listens there"),
        ("https://nowhere.invalid/guide/", (), "no host has that name"),
    ):  # fmt: skip
        error = refused(home, path, *options)
        assert isinstance(error, NotFound | Unavailable)
        assert said in error.message
        assert "--unseen" in error.hint


def test_what_the_options_misspell_is_said_with_what_may_be_meant(home: Platform, shop: str, tmp_path: Path) -> None:
    assert "did you mean 'orders'?" in refused(home, shop, "table=order").hint
    assert "did you mean 'town'?" in refused(home, shop, "table=orders", "title=twon").hint
    (tmp_path / "parts.csv").write_text("id,name\n1,valve\n")
    assert "did you mean 'name'?" in refused(home, str(tmp_path / "parts.csv"), "title=nmae").hint
    repository = Repository(tmp_path / "repository")
    repository.put({"a.md": VALVE.encode()})
    error = refused(home, f"git+file://{repository.root}", "ref=mian")
    assert error.message == "the repository has no branch or tag 'mian'"
    assert "did you mean 'main'?" in error.hint


@pytest.mark.parametrize("reference", ["file:/nowhere/word", "env:NO_SUCH_WORD"])
def test_a_secret_that_is_not_where_its_reference_says_is_said(home: Platform, reference: str) -> None:
    error = refused(home, "imap://ann@127.0.0.1:1/INBOX", secret=reference)
    assert reference.partition(":")[2] in error.message
    assert reference in error.hint
    assert "--unseen" in error.hint


def test_a_site_that_keeps_us_out_is_said(home: Platform) -> None:
    site = WebSite()
    site.put({"robots.txt": b"User-agent: *\nDisallow: /\n", "a": VALVE.encode()})
    error = refused(home, f"{site.url}/a")
    site.close()
    assert isinstance(error, Denied)
    assert site.asked == ["GET /robots.txt"]


def test_what_is_away_for_now_is_declared_unseen_and_read_when_it_is_there(home: Platform, tmp_path: Path) -> None:
    added = home.data.add(path=str(tmp_path / "later"), unseen=True)
    assert (added.name, added.kind, added.saw) == ("later", "folder", "")
    with pytest.raises(Unavailable):
        home.data.sync(source="later")
    write(tmp_path / "later", valve=VALVE)
    assert home.data.sync(source="later")[0].indexed == 1


def test_a_table_file_that_is_away_is_declared_unseen_as_a_table(home: Platform, tmp_path: Path) -> None:
    assert home.data.add(path=str(tmp_path / "orders.csv"), unseen=True).kind == "rows"


def test_other_options_of_a_place_are_looked_at_there(home: Platform, shop: str, tmp_path: Path) -> None:
    home.data.add(path=shop, name="shop", options=("table=orders",))
    with pytest.raises(Invalid, match="no column 'twon'"):
        home.data.change(source="shop", options=("title=twon",))
    assert home.data.change(source="shop", options=("title=town",)).source.saw.startswith("table 'orders'")
    (tmp_path / "shop.db").rename(tmp_path / "away.db")
    assert home.data.change(source="shop", options=("every=1h", "mask=email")).source.saw == ""
    with pytest.raises(Unavailable):
        home.data.change(source="shop", options=("columns=town",))
    unseen = home.data.change(source="shop", options=("columns=town",), unseen=True)
    assert {o.name: o.value for o in unseen.options if o.value} == {
        "table": "orders", "title": "town", "columns": "town", "every": "1h", "mask": "email"
    }  # fmt: skip


def test_a_folder_of_very_many_files_is_looked_at_for_a_moment_only(home: Platform, docs: Path) -> None:
    for n in range(3_000):
        (docs / f"{n}.md").touch()
    with closing(home.line.engines.origin(home.line.records.source(home.data.add(path=str(docs)).id))) as origin:
        assert "or more" in origin.look(within_s=1e-3) or "so far" in origin.look(within_s=1e-3)
        assert origin.look(within_s=10.0) == "3,000 files, 0 B: 3,000 md"


def _cli(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "thruline.cli", *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_says_what_it_saw_or_what_is_wrong(tmp_path: Path, docs: Path) -> None:
    write(docs, valve=VALVE)
    open_home(tmp_path / "home").close()
    told = _cli(tmp_path / "home", "add", str(docs), "--json")
    assert json.loads(told.stdout)["saw"] == "1 file, 72 B: 1 md"
    wrong = _cli(tmp_path / "home", "add", str(tmp_path / "nowhere"))
    assert wrong.returncode == 2
    assert len(wrong.stderr.strip().splitlines()) == 2
    assert _cli(tmp_path / "home", "add", str(tmp_path / "nowhere"), "--unseen").returncode == 0

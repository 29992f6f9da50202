"""Resources that were written with dlt: generators, an SQLite table and dlt's own reader of REST servers."""

from __future__ import annotations

import json
import sqlite3
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from thruline.backends.dlt_origin import DltOrigin
from thruline.core.errors import Denied, Invalid, Refused, ThrulineError, Unavailable
from thruline.ports.origin import Item, Listing
from thruline.testing.web_site import WebSite, reply

pytest.importorskip("dlt", reason="dlt is in the extra dlt")

LIMIT = 1_000_000
SECRET = "a key/with a slash"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a module `crm` of this code into a folder."""

    def written(code: str, before: str = "") -> Path:
        (tmp_path / "crm.py").write_text(dedent(before) + "import dlt\n" + dedent(code))
        return tmp_path

    return written


def opened(folder: Path, name: str = "rows", **options: str) -> DltOrigin:
    secret = (lambda: SECRET) if "secret_as" in options else None
    return DltOrigin(f"dlt://crm:{name}", {"folder": str(folder), **options}, secret)


def listing(folder: Path, name: str = "rows", **options: str) -> Listing:
    with closing(opened(folder, name, **options)) as origin:
        return origin.list()


def documents(folder: Path, name: str = "rows", **options: str) -> dict[str, str]:
    with closing(opened(folder, name, **options)) as origin:
        return {item.path: origin.read(item, limit=LIMIT).data.decode() for item in origin.list().items}


def failure(folder: Path, name: str = "rows", **options: str) -> ThrulineError:
    with pytest.raises(ThrulineError) as failed, closing(opened(folder, name, **options)) as origin:
        origin.list()
    return failed.value


# What is read


def test_a_row_is_a_title_and_a_line_for_each_column_that_says_something(write: Write) -> None:
    folder = write("""
        import datetime, decimal
        @dlt.resource(primary_key="id")
        def rows():
            print("what the code prints is no row")
            yield {"id": 1, "name": "Zoë", "at": datetime.date(2024, 1, 31), "tags": ["a"], "scan": b"123", "no": None}
            yield [{"id": "x/y", "sum": decimal.Decimal("1.50"), "is": True}, {"id": 3, "odd": "\\ud800", "new": 1}]
    """)
    assert documents(folder) == {
        "rows/1.txt": 'rows 1\n\nid: 1\nname: Zoë\nat: 2024-01-31\ntags: ["a"]\nscan: 3 bytes\n',
        "rows/x%2Fy.txt": "rows x/y\n\nid: x/y\nsum: 1.50\nis: true\n",
        "rows/3.txt": "rows 3\n\nid: 3\nodd: ?\nnew: 1\n",
    }


def test_a_look_imports_the_resource_and_does_not_run_it(write: Write, tmp_path: Path) -> None:
    folder = write(f"""
        @dlt.resource(primary_key="id")
        def rows():
            open({str(tmp_path / "ran")!r}, "w").close()
            yield {{"id": 1}}
        @dlt.resource
        def loose():
            yield {{"id": 1}}
        @dlt.source
        def crm():
            return rows, loose
    """)
    with closing(opened(folder)) as origin:
        assert origin.look(within_s=5.0) == "resource 'rows', its rows told apart by id"
    for name, options, said in (
        ("row", {}, "has no 'row'"), ("loose", {}, "no primary key"), ("crm", {"resource": "row"}, "no resource 'row'"),
    ):  # fmt: skip
        with closing(opened(folder, name, **options)) as origin, pytest.raises(Invalid, match=said) as wrong:
            origin.look(within_s=5.0)
        assert wrong.value.hint
    assert not (tmp_path / "ran").exists()


def test_key_columns_title_and_readers_are_those_that_were_chosen(write: Write) -> None:
    folder = write("""
        @dlt.resource
        def rows():
            yield {"a": 1, "b": "x", "name": "Anna", "who": ["staff", "board"]}
            yield {"a": 1, "b": "y", "name": "Ben", "who": None}
    """)
    found = documents(folder, key="a, b", columns="name", title="name", groups_column="who")
    assert found == {"rows/1,x.txt": "Anna\n\nname: Anna\n", "rows/1,y.txt": "Ben\n\nname: Ben\n"}
    items = listing(folder, key="a,b", groups_column="who").items
    assert [item.readers for item in items] == [(frozenset({"staff", "board"}),), (frozenset(),)]


def test_a_source_of_several_resources_is_read_by_the_one_that_is_named(write: Write) -> None:
    folder = write("""
        @dlt.source
        def shop():
            @dlt.resource(primary_key="id")
            def orders():
                yield [{"id": 1}, {"id": 2}]
            @dlt.transformer(data_from=orders, primary_key="id")
            def bills(orders):
                yield from ({"id": order["id"], "sum": 7} for order in orders)
            return orders, bills
    """)
    assert set(documents(folder, "shop", resource="orders")) == {"orders/1.txt", "orders/2.txt"}
    assert documents(folder, "shop", resource="bills")["bills/2.txt"] == "bills 2\n\nid: 2\nsum: 7\n"
    assert "there are orders, bills" in failure(folder, "shop").hint
    assert "no resource 'x'" in failure(folder, "shop", resource="x").message


def test_an_incremental_resource_is_read_from_its_beginning_each_time(write: Write) -> None:
    folder = write("""
        @dlt.resource(primary_key="id", write_disposition="merge")
        def rows(at=dlt.sources.incremental("at")):
            yield [{"id": n, "at": n} for n in range(3)]
    """)
    assert listing(folder) == listing(folder)
    assert len(listing(folder).items) == 3


def test_a_table_of_arrow_is_its_rows(write: Write) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    folder = write("""
        import pyarrow
        @dlt.resource(primary_key="id")
        def rows():
            yield pyarrow.table({"id": [1, 2], "name": ["Anna", "Ben"]})
    """)
    assert documents(folder)["rows/2.txt"] == "rows 2\n\nid: 2\nname: Ben\n"


def test_a_table_of_sqlite_is_read_as_it_is_now(write: Write) -> None:
    folder = write("""
        import sqlite3
        @dlt.resource(primary_key="id")
        def rows(file: str = dlt.config.value):
            with sqlite3.connect(file) as shop:
                shop.row_factory = sqlite3.Row
                for row in shop.execute("SELECT * FROM people ORDER BY id"):
                    yield dict(row)
    """)
    (folder / ".dlt").mkdir()
    (folder / ".dlt" / "config.toml").write_text(f"[sources.crm]\nfile = {json.dumps(str(folder / 'shop.db'))}\n")
    with closing(sqlite3.connect(folder / "shop.db", isolation_level=None)) as shop:
        shop.execute("CREATE TABLE people (id INTEGER, name TEXT)")
        assert listing(folder) == Listing(items=[], refused=[])
        shop.execute("INSERT INTO people VALUES (1, 'Anna'), (2, 'Ben')")
        before = {item.path: item.mark for item in listing(folder).items}
        shop.execute("UPDATE people SET name = 'Bea' WHERE id = 2")
        shop.execute("ALTER TABLE people ADD COLUMN town TEXT")
        after = {item.path: item.mark for item in listing(folder).items}
        assert after["rows/1.txt"] == before["rows/1.txt"]
        assert after["rows/2.txt"] != before["rows/2.txt"]
        shop.execute("UPDATE people SET town = 'Oslo' WHERE id = 1")
        shop.execute("DELETE FROM people WHERE id = 2")
    assert documents(folder) == {"rows/1.txt": "rows 1\n\nid: 1\nname: Anna\ntown: Oslo\n"}


# Written by the process itself before it loads dlt: each name that is looked up, and each address that is called.
WATCH = """
    import json, os, sys
    NETWORK = open(os.path.join(os.path.dirname(__file__), "network"), "a", buffering=1)
    def watch(event, args):
        if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
            address = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
            NETWORK.write(json.dumps([event, address]) + "\\n")
    assert "dlt" not in sys.modules
    sys.addaudithook(watch)
"""
REST = """
    from dlt.sources.rest_api import rest_api_resources
    @dlt.source
    def crm(key: str = dlt.secrets.value):
        return rest_api_resources({
            "client": {"base_url": URL, "auth": {"type": "bearer", "token": key},
                       "paginator": {"type": "page_number", "base_page": 1, "total_path": "pages"}},
            "resources": [{"name": "contacts", "primary_key": "id", "endpoint": {"path": "contacts", "data_selector": "data"}}],
        })
"""


def test_a_rest_server_is_read_page_by_page_with_its_key_and_nobody_else_is_asked(write: Write) -> None:
    site = WebSite()
    asked: list[str] = []

    def contacts(handler) -> None:
        asked.append(handler.path)
        if handler.headers["authorization"] != f"Bearer {SECRET}":
            return reply(handler, 401)
        number = 2 if "page=2" in handler.path else 1
        data = {"data": [{"id": number, "name": f"Contact {number}"}], "pages": 2}
        return reply(handler, 200, json.dumps(data).encode(), {"content-type": "application/json"})

    with closing(site):
        site.answers |= {"contacts": contacts}
        folder = write(REST.replace("URL", repr(site.url)), before=WATCH)
        found = documents(folder, "crm", resource="contacts", secret_as="KEY")
        assert found == {
            "contacts/1.txt": "contacts 1\n\nid: 1\nname: Contact 1\n",
            "contacts/2.txt": "contacts 2\n\nid: 2\nname: Contact 2\n",
        }
        seen = [json.loads(line) for line in (folder / "network").read_text().splitlines()]
        port = int(site.url.rpartition(":")[2])
        assert {tuple(address) for event, address in seen if event == "socket.connect"} == {("127.0.0.1", port)}
        assert {address for event, address in seen if event == "socket.getaddrinfo"} <= {"127.0.0.1"}


# What is not


def test_rows_without_a_key_or_with_one_that_others_have_are_refused_and_the_rest_is_read(write: Write) -> None:
    folder = write("""
        @dlt.resource
        def rows():
            yield [{"id": 1}, {"id": 2, "a": "x"}, {"id": None}, {"other": 1}, {"id": 2}, "no row", {"id": 3}, {"id": 2}]
            yield {"id": 4, "odd": {(1, 2): "no JSON"}}
    """)
    found = listing(folder, key="id")
    assert [item.path for item in found.items] == ["rows/1.txt", "rows/3.txt"]
    assert sorted(found.refused) == [
        ("row 3", "broken_row"), ("row 4", "broken_row"), ("row 6", "broken_row"), ("row 9", "broken_row"),
        ("rows/2.txt", "duplicate_key"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ("raise ValueError('boom')", "in 'crm.py', line 7: ValueError: boom"),
        ("os._exit(0)", "ended early"),
        ("sys.exit()", "ended early"),
        ("os.kill(os.getpid(), 9)", "ended early (exit status -9)"),
        ("time.sleep(60)", "was not done after 2 s"),
    ],
)
def test_a_resource_that_does_not_come_to_its_end_is_unavailable(write: Write, ending: str, says: str) -> None:
    folder = write(f"""
        import os, sys, time
        @dlt.resource(primary_key="id")
        def rows():
            yield {{"id": 1}}
            {ending}
    """)
    began = time.monotonic()
    error = failure(folder, timeout="2s" if "sleep" in ending else "1m")
    assert type(error) is Unavailable
    assert says in error.message
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("code", "name", "says"),
    [
        ("", "gone", "'crm' has no 'gone'"),
        ("rows = 7", "rows", "gives a int, no source of dlt"),
        ("@dlt.resource\ndef rows(): yield {'id': 1}", "rows", "'rows' has no primary key"),
        ("@dlt.resource(primary_key='id')\ndef rows(key=dlt.secrets.value): yield {}", "rows", "misses a setting"),
    ],
)
def test_what_cannot_be_run_says_what_is_missing(write: Write, code: str, name: str, says: str) -> None:
    error = failure(write(code), name)
    assert type(error) is Invalid
    assert says in error.message


def test_a_module_that_is_not_there_and_one_that_misses_another_are_told_apart(write: Write) -> None:
    folder = write("import nowhere_to_be_found")
    with pytest.raises(Invalid, match="no module 'crn'"):
        DltOrigin("dlt://crn.sources:rows", {"folder": str(folder)}).list()
    assert "No module named 'nowhere_to_be_found'" in failure(folder).message


def test_a_server_that_refuses_the_secret_is_denied_and_no_message_holds_it(write: Write) -> None:
    folder = write("""
        import requests
        from urllib.parse import quote
        @dlt.resource(primary_key="id")
        def rows(key=dlt.secrets.value):
            reply = requests.Response()
            reply.status_code = 401
            raise requests.HTTPError(f"401 for {key} at https://x/?key={quote(key, safe='')}", response=reply)
    """)
    error = failure(folder, secret_as="KEY")
    assert type(error) is Denied
    assert "401 for *** at https://x/?key=***" in error.message


def test_nothing_of_our_environment_reaches_the_resource(write: Write) -> None:
    folder = write("""
        import os
        @dlt.resource(primary_key="name")
        def rows():
            yield [{"name": name} for name in os.environ]
    """)
    assert {path.removeprefix("rows/") for path in documents(folder, secret_as="CRM_KEY")} == {
        "CRM_KEY.txt", "DLT_DATA_DIR.txt", "HOME.txt", "LC_ALL.txt", "PATH.txt", "RUNTIME__DLTHUB_TELEMETRY.txt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("dlt://crm", {}), ("dlt://crm:", {}), ("dlt://../crm:rows", {}), ("dlt://crm:rows;import os", {}),
        ("dlt://-c:rows", {}), ("dlt://crm:rows", {"secret_as": "KEY"}), ("dlt://crm:rows", {"folder": "relative"}),
        ("dlt://crm:rows", {"folder": "/nowhere/at/all"}), ("dlt://crm:rows", {"timeout": "soon"}),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_before_anything_runs(location: str, options: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        DltOrigin(location, options)


def test_a_secret_needs_the_name_that_dlt_has_for_it(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="go together"):
        DltOrigin("dlt://crm:rows", {}, lambda: SECRET)
    with pytest.raises(Invalid, match="no variable"):
        DltOrigin("dlt://crm:rows", {"secret_as": "LD PRELOAD"}, lambda: SECRET)


# How much is held


def test_many_rows_wait_on_disk_and_few_are_held(write: Write) -> None:
    folder = write("""
        @dlt.resource(primary_key="id")
        def rows():
            for n in range(3000):
                yield {"id": n, "text": "x" * 20_000}
    """)
    with closing(opened(folder)) as origin:
        tracemalloc.start()
        try:
            items = origin.list().items
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()
        assert len(items) == 3000
        assert origin.read(items[2999], limit=LIMIT).data.startswith(b"rows 2999\n\nid: 2999\ntext: xxx")


def test_a_row_that_is_too_large_is_refused_and_the_next_is_read(write: Write) -> None:
    folder = write("""
        @dlt.resource(primary_key="id")
        def rows():
            yield [{"id": 1, "a": "x" * 20_000_000}, {"id": 2, "a": "x" * 2_000_000}, {"id": 3, "a": "small"}]
    """)
    with closing(opened(folder)) as origin:
        found = origin.list()
        assert found.refused == [("row 1", "too_large")]
        wide, small = found.items
        with pytest.raises(Refused) as refused:
            origin.read(wide, limit=LIMIT)
        assert refused.value.reason == "too_large"
        assert origin.read(small, limit=small.size).data.endswith(b"a: small\n")
        with pytest.raises(Refused):
            origin.read(small, limit=small.size - 1)
        with pytest.raises(Refused) as refused:
            origin.read(Item("rows/9.txt", ""), limit=LIMIT)
        assert refused.value.reason == "unreadable"


def test_threads_read_at_once(write: Write) -> None:
    folder = write("""
        @dlt.resource(primary_key="id")
        def rows():
            yield [{"id": n, "text": str(n) * n} for n in range(200)]
    """)
    with closing(opened(folder)) as origin, ThreadPoolExecutor(6) as pool:
        items = origin.list().items
        found = list(pool.map(lambda item: origin.read(item, limit=LIMIT), items))
    assert [reading.mark for reading in found] == [item.mark for item in items]
    assert all(f"text: {str(n) * n}".strip().encode() in reading.data for n, reading in enumerate(found) if n)


def test_closing_twice_is_fine_and_leaves_no_process(write: Write) -> None:
    folder = write("""
        import os, threading, time
        @dlt.resource(primary_key="id")
        def rows():
            threading.Thread(target=time.sleep, args=(60,)).start()
            yield {"id": os.getpid()}
    """)
    origin = opened(folder)
    (item,) = origin.list().items
    pid = int(origin.read(item, limit=LIMIT).data.rpartition(b" ")[2])
    origin.close()
    origin.close()
    assert not Path(f"/proc/{pid}").exists()

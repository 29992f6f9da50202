"""Files that mean harm: each is refused alone, with its reason, and the next one is read."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from reportlab.pdfgen import canvas

from thruline.backends.folder_origin import FolderOrigin
from thruline.core.errors import Refused, Unavailable
from thruline.data.media import media_type
from thruline.data.sandbox import ParserPool
from thruline.ports.origin import Item

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HOSTILE = {
    f"test/{name.lower()}": f"thruline.testing.parsers:{name}Parser"
    for name in ("Echo", "Hanging", "Greedy", "Leaving", "Prying")
}


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(workers=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def hostile() -> Iterator[ParserPool]:
    with ParserPool(workers=1, timeout_s=2.0, memory=2**30, parsers=HOSTILE) as pool:
        yield pool


def children() -> set[str]:
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def a_docx() -> bytes:
    document = docx.Document()
    document.add_heading("Leave", 1)
    document.add_paragraph("Thirty days a year.")
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def a_pdf() -> bytes:
    held = io.BytesIO()
    page = canvas.Canvas(held)
    page.drawString(72, 700, "Thirty days a year.")
    page.save()
    return held.getvalue()


def a_zip_bomb() -> bytes:
    held = io.BytesIO(a_docx())
    with zipfile.ZipFile(held, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image.bmp", bytes(300 * 2**20))
    return held.getvalue()


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("hanging", b"x", "parser_timeout"),
        ("greedy", b"x", "parser_memory"),
        ("leaving", b"0", "parser_failed"),
        ("leaving", b"9", "parser_failed"),
        ("echo", b"\xff\xff", "parser_failed"),
        ("echo", b"  ", "empty"),
    ],
)
def test_a_parser_that_misbehaves_costs_only_its_document(hostile, kind, data, reason):
    with pytest.raises(Refused) as refusal:
        hostile.parse(data, f"test/{kind}", "bad")
    assert refusal.value.reason == reason
    assert hostile.parse(b"still here", "test/echo", "good").text == "still here"


def test_a_parser_reaches_no_secrets_no_files_and_no_network(hostile):
    reached = hostile.parse(b"x", "test/prying", "spy").text.split("\n")
    settings = ("LC_ALL", "PATH", "OMP_NUM_THREADS", "POLARS_MAX_THREADS", "MALLOC_ARENA_MAX")
    environment = {"x", *(f"env {name}" for name in settings)}
    assert set(reached) - environment == (set() if hostile.network_isolated else {"net"})


def test_threads_share_a_pool_without_mixing_documents():
    with ParserPool(workers=2, parsers=HOSTILE) as pool:
        got: dict[int, str] = {}

        def ask(number: int) -> None:
            got[number] = pool.parse(b"%d " % number * 1000, "test/echo", str(number)).text

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(text.strip() == " ".join([str(n)] * 1000) for n, text in got.items())
    assert len(got) == 12


def test_a_closed_pool_leaves_no_process_and_no_file_open():
    before, alive = set(os.listdir("/proc/self/fd")), children()
    pool = ParserPool(workers=2, parsers=HOSTILE)
    pool.parse(b"x", "test/echo", "x")
    pool.close()
    pool.close()
    assert children() == alive
    assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(Unavailable):
        pool.parse(b"x", "test/echo", "x")


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        (DOCX, a_zip_bomb(), "too_large"),
        (DOCX, a_docx()[:-200], "parser_failed"),
        (DOCX, b"PK\x03\x04 nothing more", "parser_failed"),
        ("application/pdf", b"%PDF-1.7\n" + os.urandom(5000), "parser_failed"),
        ("application/pdf", a_pdf()[:200], "parser_failed"),
        ("application/x-unknown", b"x", "unsupported_type"),
    ],
    ids=["zip bomb", "truncated docx", "docx stub", "corrupt pdf", "truncated pdf", "unknown"],
)
def test_a_broken_document_is_refused_with_its_reason(pool, kind, data, reason):
    with pytest.raises(Refused) as refusal:
        pool.parse(data, kind, "bad")
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("text/plain", b"a\x00b \xff\xfe c", "ab"),
        ("text/plain", b"word " * 2_000_000, "word word"),
        ("text/markdown", b"#" * 10_000_000, "###"),
        ("text/x-rst", b"=" * 1_000_000 + b"\nx", "x"),
        ("text/html", b"<div>" * 50_000 + b"deep", "deep"),
        ("text/html", b"<p>caf\xe9</p><p>\x00nul", "nul"),
    ],
    ids=["NUL and invalid UTF-8", "10 MB line", "10 MB of #", "1 MB underline", "deep HTML", "bad HTML bytes"],
)
def test_ugly_bytes_become_text(pool, kind, data, expected):
    assert expected in pool.parse(data, kind, "ugly").text


def test_text_that_is_not_text_is_not_parsed():
    with pytest.raises(Refused) as refusal:
        media_type("notes.txt", bytes(range(1, 32)) * 50)
    assert refusal.value.reason == "unsupported_type"


def test_what_cannot_be_read_in_a_folder_is_listed_and_never_followed(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("secret")
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / "good.txt").write_text("good")
    (root / "loop").symlink_to(root)
    (root / "out.txt").symlink_to(outside)
    os.mkfifo(root / "pipe.txt")
    (root / os.fsdecode(b"caf\xe9.txt")).write_text("latin")
    result = FolderOrigin(str(root)).list()
    assert [f.path for f in result.items] == ["good.txt"]
    assert dict(result.refused) == {
        ".git": "ignored",
        "loop": "symlink",
        "out.txt": "symlink",
        "pipe.txt": "unreadable",
        "caf\ufffd.txt": "unreadable",
    }


@pytest.mark.parametrize(("swap", "reason"), [("symlink", "symlink"), ("fifo", "unreadable"), ("gone", "unreadable")])
def test_a_file_swapped_after_the_scan_is_refused(tmp_path: Path, swap: str, reason: str):
    path = tmp_path / "a.txt"
    if swap == "symlink":
        path.symlink_to("/etc/passwd")
    elif swap == "fifo":
        os.mkfifo(path)
    with pytest.raises(Refused) as refusal:
        FolderOrigin(str(tmp_path)).read(Item("a.txt", ""), limit=100_000)
    assert refusal.value.reason == reason


def test_a_folder_swapped_for_a_link_after_the_scan_is_not_followed(tmp_path: Path):
    (tmp_path / "sub").symlink_to("/etc")
    with pytest.raises(Refused):
        FolderOrigin(str(tmp_path)).read(Item("sub/passwd", ""), limit=100_000)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path):
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Refused) as refusal:
        FolderOrigin(str(tmp_path)).read(Item("huge.txt", ""), limit=10_000_000)
    assert refusal.value.reason == "too_large"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path):
    path = Path("/proc/self/status")  # its size says 0 and its bytes say otherwise, as a growing file's do
    with pytest.raises(Refused) as refusal:
        FolderOrigin(str(path.parent)).read(Item(path.name, ""), limit=10_000_000)
    assert refusal.value.reason == "changed_while_read"

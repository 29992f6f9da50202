"""PDFs: columns in the order they are read, tables by rows, words whole, and files that mean harm."""

import io
import random
import time
from collections.abc import Iterator

import pytest
from reportlab.lib import colors
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas
from reportlab.platypus import SimpleDocTemplate, Table

from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.data.chunks import chunk
from thruline.data.sandbox import ParserPool

PDF = "application/pdf"
LEFT = ("The left column tells of", "ferries that cross the", "sound at any hour of the", "day and of the night.")
RIGHT = ("Another story stands on", "the right, about bakers", "who rise long before the", "sun and sleep at noon.")
ROWS = [["Name", "Place", "Fee"], ["Ada Quine", "Leeds", "12"], ["Ben Okafor", "Hull", "7"], ["Cy Marsh", "York", "31"]]


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(workers=1) as pool:
        yield pool


def drawn(*pages: list[tuple[float, float, str]], size: float = 11, **options) -> bytes:
    """A PDF with words at places."""
    held = io.BytesIO()
    page = canvas.Canvas(held, **options)
    for words in pages:
        page.setFont("Helvetica", size)
        for x, y, text in words:
            page.drawString(x, y, text)
        page.showPage()
    page.save()
    return held.getvalue()


def read(pool: ParserPool, data: bytes) -> Parsed:
    return pool.parse(data, PDF, "made.pdf")


def test_columns_are_read_one_after_the_other_however_the_file_draws_them(pool):
    by_column = [(x, 700 - 14 * n, t) for x, side in ((72, LEFT), (320, RIGHT)) for n, t in enumerate(side)]
    by_line = sorted(by_column, key=lambda w: (-w[1], w[0]))
    shuffled = random.Random(1).sample(by_column, len(by_column))
    wanted = f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"
    for order in (by_column, by_line, shuffled):
        assert read(pool, drawn(order)).text == wanted


def test_a_line_across_the_page_parts_what_stands_above_it_from_what_stands_below(pool):
    page = [(72, 740, "A title that goes across the whole of the page from edge to edge, and no column")]
    page += [(x, 700 - 14 * n, t) for n in range(4) for x, t in ((72, LEFT[n]), (320, RIGHT[n]))]
    page += [(72, 620, "And a closing line that goes across the whole of the page as the title above does.")]
    text = read(pool, drawn(page)).text
    assert text.index("A title") < text.index(LEFT[3]) < text.index(RIGHT[0]) < text.index("And a closing")


def test_a_word_that_a_line_broke_is_whole_again_and_one_with_a_hyphen_keeps_it(pool):
    lines = ["It was a well-known fact that this is an exam-", "ple of the well-", "known kind, from 2010-", "2012 on, in soft-", "ware."]  # fmt: skip
    text = read(pool, drawn([(72, 700 - 14 * n, t) for n, t in enumerate(lines)])).text
    assert (
        text
        == "It was a well-known fact that this is an example of the well-known kind, from 2010-2012 on, in software."
    )


@pytest.mark.parametrize("style", [[("GRID", (0, 0), (-1, -1), 0.5, colors.black)], []], ids=["ruled", "aligned"])
def test_a_table_keeps_its_rows_and_its_header_stands_over_every_piece(pool, style):
    held = io.BytesIO()
    rows = ROWS[:1] + ROWS[1:] * 12
    SimpleDocTemplate(held).build([Table(rows, style=style, colWidths=120)])
    parsed = read(pool, held.getvalue())
    assert "Name | Place | Fee\nAda Quine | Leeds | 12\nBen Okafor | Hull | 7" in parsed.text
    assert {b.kind for b in parsed.blocks} == {"table"}
    for piece in chunk(parsed):
        if "Leeds" in piece.text:
            assert "Name | Place | Fee" in piece.text


def test_cells_of_several_lines_stay_whole(pool):
    held = io.BytesIO()
    grid = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
    SimpleDocTemplate(held).build(
        [Table([["Rule", "Why"], ["No dogs\nin the hall", "They bark\nand bite"]], style=grid)]
    )
    assert "No dogs in the hall | They bark and bite" in read(pool, held.getvalue()).text


def test_what_repeats_on_every_page_is_told_once_and_apart(pool):
    pages = [
        [(72, 800, "Handbook of the Northern Office"), (72, 600, f"Invoice {n * n}"), (280, 30, f"Page {n} of 5")]
        for n in range(1, 6)
    ]  # fmt: skip
    parsed = read(pool, drawn(*pages))
    assert parsed.text.count("Handbook of the Northern Office") == 1
    assert parsed.text.startswith("Invoice 1\n\nInvoice 4\n\n")
    assert "Page" not in parsed.text
    assert [b.page for b in parsed.blocks] == [1, 2, 3, 4, 5, 1]


def test_a_page_that_lies_on_its_side_is_read_as_it_stands(pool):
    held = io.BytesIO()
    page = canvas.Canvas(held)
    page.rotate(90)
    for n, text in enumerate(LEFT):
        page.drawString(100, -100 - 14 * n, text)
    page.save()
    assert read(pool, held.getvalue()).text == " ".join(LEFT)


def test_a_locked_pdf_is_refused_as_locked(pool):
    data = drawn([(72, 700, "secret")], encrypt=StandardEncryption("open sesame"))
    with pytest.raises(Refused) as refusal:
        read(pool, data)
    assert refusal.value.reason == "locked"


def a_deep_pdf() -> bytes:
    """Forms within forms, thousands deep."""
    body = b"".join(
        b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>/Length 5>>stream\n/F Do\nendstream endobj\n"
        % (n, n + 1)
        for n in range(5, 3000)
    )
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</XObject<</F 5 0 R>>>>/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Length 5>>stream\n/F Do\nendstream endobj\n" + body + b"trailer<</Root 1 0 R>>\n"
    )


def a_crowded_pdf() -> bytes:
    """A page tree that says it holds a hundred thousand pages, all of them the same one."""
    kids = b" ".join([b"3 0 R"] * 100_000)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 100000/Kids[" + kids + b"]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def outcome(pool: ParserPool, data: bytes) -> str:
    """The text, or the reason why there is none."""
    try:
        return read(pool, data).text
    except Refused as refused:
        return refused.reason


def test_a_file_that_means_harm_ends_with_a_reason_and_the_next_is_read():
    good = drawn([(72, 700, "Thirty days.")])
    vast = drawn([(72, 700, "vast")], pagesize=(1e9, 1e9))
    damaged = good.replace(b"startxref", b"startxxxx")[: len(good) // 2]
    reasons = {"empty", "needs_ocr", "parser_failed", "parser_timeout", "parser_memory", "too_large"}
    with ParserPool(workers=1, timeout_s=4) as pool:
        for data in (a_deep_pdf(), a_crowded_pdf(), vast, damaged):
            began = time.monotonic()
            assert outcome(pool, data) in {"vast", "Thirty days.", *reasons}
            assert time.monotonic() - began < 8
            assert read(pool, good).text == "Thirty days."

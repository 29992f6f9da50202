"""A citation points at its words on the page as it is seen, and a page is shown to nobody from whom it hides something."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen import canvas
from starlette.applications import Starlette
from starlette.testclient import TestClient

from thruline.app.platform import Platform
from thruline.console import console
from thruline.core.errors import Denied, NotFound, Unavailable, Unsupported
from thruline.core.pages import Frame
from thruline.data.recognition import find_networks
from thruline.flows.reports import CitedPage
from thruline.testing.homes import as_user, open_home, write

SIZE = 12
PAGE = (595, 842)
FERRY = (
    "The ferry to Holm leaves at seven",
    "from the north pier every day. Dogs",
    "travel free of charge on the deck.",
)
MILL = ("The mill grinds barley in August", "and rye in the weeks after. Nobody", "may enter while the stones turn.")
ANSWER = "The ferry to Holm leaves at seven from the north pier every day."
QUESTION = "When does the ferry to Holm leave the north pier?"


class Line(NamedTuple):
    """Words as they were drawn, their foot at this place."""

    x: float
    y: float
    text: str


def drawn(*pages: list[Line], picture: bool = False) -> bytes:
    held = io.BytesIO()
    page = canvas.Canvas(held, pagesize=PAGE)
    for lines in pages:
        page.setFont("Helvetica", SIZE)
        for line in lines:
            page.drawString(*line)
        if picture:
            page.drawInlineImage(_dot(), 400, 100, 30, 30)
        page.showPage()
    page.save()
    return held.getvalue()


def _dot():
    image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
    return image.new("RGB", (8, 8), "red")


def lines(x: float, y: float, texts: tuple[str, ...]) -> list[Line]:
    return [Line(x, y - 16 * n, text) for n, text in enumerate(texts)]


def changed(data: bytes, *, turn: int = 0, crop: tuple[float, float, float, float] | None = None) -> bytes:
    """The same, its first page turned or cropped."""
    document, held = pdfium.PdfDocument(data), io.BytesIO()
    page = document[0]
    if turn:
        page.set_rotation(turn)
    if crop:
        page.set_cropbox(*crop)
    document.save(held)
    return held.getvalue()


def asked(home: Platform, docs: Path, data: bytes, **options: str) -> str:
    """The receipt of the question, once the file is in."""
    (docs / "timetable.pdf").write_bytes(data)
    home.data.add(path=str(docs), options=tuple(f"{name}={value}" for name, value in options.items()))
    home.data.sync()
    return home.vectors.ask(question=QUESTION).id


def on_page(line: Line, text: str) -> Frame:
    """Where part of a line stands on an upright page: its letters without room around them."""
    left = line.x + stringWidth(line.text[: line.text.index(text)], "Helvetica", SIZE)
    right = left + stringWidth(text, "Helvetica", SIZE)
    return Frame(left, PAGE[1] - line.y - SIZE * 0.72, right, PAGE[1] - line.y)


def frames(page: CitedPage) -> list[Frame]:
    return [frame for mark in page.marks for frame in mark.frames]


def assert_around(found: Frame, words: Frame) -> None:
    """As wide as the words, and no higher than a line."""
    assert found.left == pytest.approx(words.left, abs=0.6)
    assert found.right == pytest.approx(words.right, abs=0.6)
    assert found.top <= words.top
    assert found.bottom >= words.bottom
    assert found.bottom - found.top < SIZE * 1.5


def test_the_frames_are_around_the_cited_words_and_no_others(home, docs):
    text = lines(72, 700, FERRY)
    (page,) = home.vectors.pages(answer=asked(home, docs, drawn(text, lines(72, 700, MILL))))
    assert (page.page, page.of, page.width, page.height, page.withheld) == (1, 2, *PAGE, "")
    assert [mark.text.split() for mark in page.marks] == [ANSWER.split()]
    first, second = frames(page)
    assert_around(first, on_page(text[0], FERRY[0]))
    assert_around(second, on_page(text[1], "from the north pier every day."))


@pytest.mark.parametrize("order", ["columns", "across"])
def test_of_two_columns_the_frames_stay_in_the_one_that_is_cited(home, docs, order):
    left, right = lines(60, 700, MILL * 3), lines(320, 700, FERRY + MILL)
    drawing = [*left, *right] if order == "columns" else sorted(left + right, key=lambda line: (-line.y, line.x))
    (page,) = home.vectors.pages(answer=asked(home, docs, drawn(drawing)))
    first, second = frames(page)
    assert_around(first, on_page(right[0], FERRY[0]))
    assert_around(second, on_page(right[1], "from the north pier every day."))


def test_a_word_that_a_line_broke_is_marked_on_both_lines(home, docs):
    text = lines(
        72, 700, ("The ferry to Holm leaves at seven from the nor-", "thern pier every day. Dogs travel for nothing.")
    )
    (page,) = home.vectors.pages(answer=asked(home, docs, drawn(text)))
    assert "northern" in page.marks[0].text
    first, second = frames(page)
    assert first.right == pytest.approx(on_page(text[0], "nor").right, abs=5)  # the hyphen may be within
    assert_around(second, on_page(text[1], "thern pier every day."))


def test_what_runs_along_the_edges_of_pages_is_between_the_words_and_not_marked(home, docs):
    pages = [[Line(72, 800, "Handbook of the Harbour"), *lines(72, 700 - n, MILL), Line(280, 30, f"Page {n}")] for n in range(1, 6)]  # fmt: skip
    pages[2] = [pages[2][0], *lines(72, 60 + 16, FERRY[:1]), pages[2][-1]]
    pages[3] = [pages[3][0], *lines(72, 760, FERRY[1:]), pages[3][-1]]
    found = home.vectors.pages(answer=asked(home, docs, drawn(*pages)))
    assert [page.page for page in found] == [3, 4]
    assert_around(frames(found[0])[0], on_page(pages[2][1], FERRY[0]))
    assert_around(frames(found[1])[0], on_page(pages[3][1], "from the north pier every day."))


@pytest.mark.parametrize("turn", [90, 180])
def test_a_page_that_is_turned_is_marked_where_its_words_are_seen(home, docs, turn):
    (page,) = home.vectors.pages(answer=asked(home, docs, changed(drawn(lines(72, 700, FERRY)), turn=turn)))
    assert (page.width, page.height) == (PAGE if turn == 180 else PAGE[::-1])
    assert ink_within(home, page) == "all of the marks and nothing beside"


@pytest.mark.parametrize("turn", [0, 90])
def test_a_cropped_page_is_measured_from_its_own_corner(home, docs, turn):
    data = changed(drawn(lines(72, 700, FERRY)), turn=turn, crop=(50, 600, 450, 800))
    (page,) = home.vectors.pages(answer=asked(home, docs, data))
    assert (page.width, page.height) == ((400, 200) if not turn else (200, 400))
    assert ink_within(home, page) == "all of the marks and nothing beside"


def ink_within(home: Platform, page: CitedPage) -> str:
    """Whether the marks, laid over the picture, hold two thirds of the ink: as much as the cited words are."""
    picture = home.data.page(record=page.record, page=page.page)
    points = seen(picture.png)
    scale = points.shape[1] / picture.width
    marked = np.zeros(points.shape, bool)
    for frame in frames(page):
        left, top, right, bottom = (round(side * scale) for side in frame)
        marked[top:bottom, left:right] = True
        assert (points[top:bottom, left:right] < 128).any()
    ink = points < 128
    share = (ink & marked).sum() / ink.sum()
    said = "".join(FERRY).replace(" ", "")
    wanted = len(ANSWER.replace(" ", "")) / len(said)
    return "all of the marks and nothing beside" if abs(share - wanted) < 0.06 else f"{share:.2f} of the ink"


def seen(png: bytes) -> np.ndarray:
    image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
    return np.asarray(image.open(io.BytesIO(png)).convert("L"))


def test_who_may_not_see_the_document_is_told_that_there_is_none(home, docs):
    (docs / "timetable.pdf").write_bytes(drawn(lines(72, 700, FERRY)))
    home.data.add(path=str(docs), groups=("harbour",))
    home.data.sync()
    record = home.data.documents()[0].record
    answer = home.vectors.ask(question=QUESTION).id
    stranger = as_user(home, "bo", "kitchen")
    for refused in (lambda: stranger.data.page(record=record, page=1), lambda: stranger.vectors.pages(answer=answer)):
        with pytest.raises(NotFound):
            refused()
    assert as_user(home, "ada", "harbour").data.page(record=record, page=1).png.startswith(b"\x89PNG")


NAMED = (*FERRY, "Ask ottilie@example.org for a ticket.")


def test_a_page_with_something_that_a_reader_is_not_cleared_for_is_not_shown_to_them(home, docs):
    answer = asked(home, docs, drawn(lines(72, 700, NAMED), lines(72, 700, MILL)))
    record = home.data.documents()[0].record
    ada = as_user(home, "ada")
    own = ada.vectors.ask(question=QUESTION).id
    home.guard.set_clearance(group="everyone", kinds=("name",))
    with pytest.raises(Denied):
        ada.data.page(record=record, page=1)
    (page,) = ada.vectors.pages(answer=own)
    assert (page.marks, page.withheld != "") == ((), True)
    assert ada.data.page(record=record, page=2).page == 2
    assert home.data.page(record=record, page=1).page == 1
    assert frames(home.vectors.pages(answer=answer)[0])


@pytest.mark.parametrize("option", ["mask", "pseudonym", "drop"])
def test_a_page_that_its_source_masks_is_shown_to_nobody(home, docs, option):
    answer = asked(home, docs, drawn(lines(72, 700, NAMED), lines(72, 700, MILL)), **{option: "email"})
    record = home.data.documents()[0].record
    with pytest.raises(Denied, match="covered"):
        home.data.page(record=record, page=1)
    assert home.vectors.pages(answer=answer)[0].withheld
    assert home.data.page(record=record, page=2).page == 2


def test_where_something_may_be_covered_a_page_with_a_picture_on_it_is_not_shown(home, docs):
    asked(home, docs, drawn(lines(72, 700, FERRY), picture=True), mask="email")
    with pytest.raises(Denied, match="could not be checked"):
        home.data.page(record=home.data.documents()[0].record, page=1)


def test_restricted_and_quarantined_pages_are_for_the_operator_alone(home, docs):
    asked(home, docs, drawn(lines(72, 700, FERRY)))
    record = home.data.documents()[0].record
    ada = as_user(home, "ada")
    own = ada.vectors.ask(question=QUESTION).id
    home.data.restrict(identifiers=("Holm leaves",))
    with pytest.raises(NotFound):
        ada.data.page(record=record, page=1)
    assert ada.vectors.pages(answer=own) == ()
    assert home.data.page(record=record, page=1).of == 1


def test_a_page_that_is_not_there_and_a_document_without_pages_are_said_to_be_so(home, docs):
    asked(home, docs, drawn(lines(72, 700, FERRY)))
    write(docs, note="A note without any pages.")
    home.data.sync()
    for document in home.data.documents():
        with pytest.raises(NotFound if document.path.endswith("pdf") else Unsupported):
            home.data.page(record=document.record, page=7)


def test_an_erased_person_takes_the_page_along(tmp_path, docs):
    with open_home(tmp_path / "home") as home:
        asked(home, docs, drawn(lines(72, 700, NAMED)))
        record = home.data.documents()[0].record
        home.data.erase(identifiers=("ottilie@example.org",))
        with pytest.raises(NotFound):
            home.data.page(record=record, page=1)


def test_the_console_shows_the_page_with_its_marks_and_http_gives_them(home, docs):
    answer = asked(home, docs, drawn(lines(72, 700, FERRY)))
    app = Starlette(routes=console(lambda _: home.acting(home.operator, "console")))
    with TestClient(app) as client:
        shown = client.get(f"/why/{answer}").text
        source = re.search(r'<img src="([^"]+)"[^>]* alt="[^"]*Marked on it: “([^”]+)”', shown)
        assert (source[2], shown[source.end() :].count("<rect x=")) == (ANSWER, 2)
        picture = client.get(source[1])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert client.get(source[1].replace("/1.png", "/2.png")).status_code == 404
        assert client.get(f"/why/{answer}.json").json()["pages"][0]["marks"][0]["text"].split() == ANSWER.split()


def test_what_was_read_off_a_scan_is_marked_by_its_words_frames(tmp_path, docs):
    networks()
    image = pytest.importorskip("PIL.Image")
    held = io.BytesIO()
    page = pdfium.PdfDocument(drawn(lines(72, 700, FERRY)))[0]
    image.fromarray(page.render(scale=2).to_numpy()).save(held, "PDF", resolution=144)
    with open_home(tmp_path / "home") as home:
        (found,) = home.vectors.pages(answer=asked(home, docs, held.getvalue()))
        first, second = frames(found)
        assert first.left == pytest.approx(72, abs=6)
        assert first.top < 842 - 700 - 4 < first.bottom
        end = 72 + stringWidth("from the north pier every day.", "Helvetica", SIZE)
        assert second.right == pytest.approx(end, abs=6)


def networks() -> None:
    try:
        find_networks(Path.home() / ".cache" / "thruline")
    except Unavailable as failure:
        pytest.skip(f"the networks cannot be had: {failure.message}")

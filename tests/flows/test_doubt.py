"""What was read off a picture with little certainty says so: the document, the passage, the answer that rests on it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from thruline.app.render import render
from thruline.core.documents import DOUBTFUL, Chunk, Spot
from thruline.core.errors import Unavailable
from thruline.data.recognition import find_networks
from thruline.flows.doubt import doubted
from thruline.flows.reports import Passage, Quote, Sentence
from thruline.testing.homes import open_home, write

TEXT = "The ferry leaves at seven. Dogs travel free of charge."


def spot(word: str, sure: int, *, after: int = 0) -> Spot:
    start = TEXT.index(word) + after
    return Spot(start, start + len(word), 1, 0, 0, 10, 10, sure)


def passage(*doubtful: str) -> Passage:
    spots = tuple(spot(word, DOUBTFUL - 1) for word in doubtful)
    chunk = Chunk(text=TEXT, title="", start=0, end=len(TEXT), page=1, spots=(spot("ferry", DOUBTFUL), *spots))
    return Passage(
        number=1, chunk="chunk:1", record="record:1", source="s", path="p", title="", text=TEXT, page=1, score=1.0,
        dense_rank=1, text_rank=1, doubtful=chunk.doubtful,
    )  # fmt: skip


def sentence(text: str, *, quoted: bool = True) -> Sentence:
    start = TEXT.find(text)
    quotes = (Quote(chunk="chunk:1", start=start, end=start + len(text)),) if quoted else ()
    return Sentence(text=text, citations=(1,), support=1.0, quotes=quotes)


@pytest.mark.parametrize(
    ("said", "doubtful", "count"),
    [
        (sentence("The ferry leaves at seven."), ("seven",), 1),
        (sentence("The ferry leaves at seven."), ("Dogs",), 0),
        (sentence("Dogs travel free of charge."), ("Dogs", "free", "seven"), 2),
        (sentence("It goes at SEVEN o'clock.", quoted=False), ("seven", "Dogs"), 1),
        (sentence("It goes in the morning.", quoted=False), ("seven",), 0),
    ],
)
def test_a_sentence_is_doubted_for_the_doubtful_words_that_it_rests_on(said, doubtful, count):
    assert [s.doubtful for s in doubted([said], [passage(*doubtful)])] == [count]


def test_an_answer_from_a_bad_scan_says_so_and_one_from_a_good_one_does_not(tmp_path, docs):
    try:
        find_networks(Path.home() / ".cache" / "thruline")
    except Unavailable as failure:
        pytest.skip(f"the networks cannot be had: {failure.message}")
    with open_home(tmp_path / "home") as home:
        for name, grain in (("good", 0.0), ("bad", 0.75)):
            folder = docs / name
            folder.mkdir()
            (folder / "notice.png").write_bytes(a_notice(grain))
            home.data.add(path=str(folder))
            home.data.sync(source=name)
        good, bad = home.data.documents(source="good")[0], home.data.documents(source="bad")[0]
        assert (good.doubtful, bad.doubtful > 0) == (0, True)
        assert "doubtful word" in render((bad,))
        assert any(p.doubtful for p in home.data.text(record=bad.record))


def test_a_doubted_answer_is_told_with_the_number_of_its_doubtful_words(home, docs):
    home.data.add(path=str(write(docs, note=TEXT)))
    home.data.sync()
    answer = home.vectors.ask(question="When does the ferry leave?")
    assert "little certainty" not in render(answer)
    assert "1 word of this read off a picture with little certainty" in render(
        replace(answer, sentences=(replace(answer.sentences[0], doubtful=1),))
    )


def test_pictures_that_nobody_read_are_counted_with_their_document(home, docs):
    docx = pytest.importorskip("docx")
    letter = docx.Document()
    letter.add_paragraph("The ferry leaves at seven.")
    letter.add_picture(io.BytesIO(a_notice(0.0)))
    letter.save(str(docs / "letter.docx"))
    home.line.parsers = type(home.line.parsers)(workers=1)
    home.data.add(path=str(docs))
    home.data.sync()
    (document,) = home.data.documents()
    assert document.unread == 1
    assert "1 picture not read" in render((document,))


def a_notice(grain: float) -> bytes:
    """Four lines, overlaid with noise."""
    image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
    draw, font = pytest.importorskip("PIL.ImageDraw"), pytest.importorskip("PIL.ImageFont")
    picture, held = image.new("L", (420, 150), "white"), io.BytesIO()
    lines = (
        "Wharf fees are due on Thursdays",
        "Moorings 12 to 47 are let",
        "Tickets cost nine euros",
        "Quay gate shut",
    )
    for n, line in enumerate(lines):
        draw.Draw(picture).text((12, 10 + 34 * n), line, "black", font.load_default(17))
    if grain:
        small = picture.resize((150, 54)).resize(picture.size)
        picture = image.blend(small, image.effect_noise(picture.size, 90), grain * 0.5)
    picture.save(held, "PNG")
    return held.getvalue()

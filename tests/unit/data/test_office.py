"""Presentations and workbooks, built here part by part: what is shown, what is hidden, and what must not be trusted."""

import io
import struct
import zipfile
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.pptx_parser import PptxParser
from thruline.backends.xlsx_parser import XlsxParser
from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.data.media import media_type
from thruline.data.sandbox import ParserPool

RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
CORE = """<cp:coreProperties xmlns:cp="cp" xmlns:dc="dc"><dc:title>{title}</dc:title><dc:creator>Ada Quine</dc:creator>
<cp:lastModifiedBy>Ben Okafor</cp:lastModifiedBy></cp:coreProperties>"""
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
) + "]>"  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    with ParserPool(workers=1, timeout_s=20) as pool:
        yield pool


def read(pool: ParserPool, name: str, data: bytes) -> Parsed:
    return pool.parse(data, media_type(name, data), name)


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    each = (
        f'<Relationship Id="r{n}" Type="{RELATED}/{kind}" Target="{to}"/>' for n, (kind, to) in enumerate(targets, 1)
    )
    return f"<Relationships>{''.join(each)}</Relationships>"


def workbook(
    sheets: Mapping[str, str | bytes], extra: Mapping[str, str | bytes] | None = None, states: str = ""
) -> bytes:
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}" {states if n == 2 else ""}/>'
        for n, name in enumerate(sheets, 1)
    )
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    targets += [("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")]
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"<workbook {NAMES}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(*targets),
        "xl/sharedStrings.xml": "<sst><si><t>name</t></si><si><r><t>Ada </t></r><r><t>Quine</t></r><rPh><t>x</t></rPh></si></sst>",
        "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/><numFmt numFmtId="171" '
        'formatCode="0.00&quot;days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="171"/>'
        '<xf numFmtId="22"/><xf numFmtId="46"/></cellXfs></styleSheet>',
    }  # fmt: skip
    parts |= {f"xl/worksheets/sheet{n}.xml": body for n, body in enumerate(sheets.values(), 1)}
    return packed(parts | dict(extra or {}))


def sheet(rows: str, before: str = "") -> str:
    return f"<worksheet {NAMES}>{before}<sheetData>{rows}</sheetData></worksheet>"


PEOPLE = sheet(
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>since</t></is></c><c r="C1" t="str"><v>secret</v></c></row>'
    '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>45250</v></c><c r="C2"><v>9</v></c></row>'
    '<row r="3" hidden="1"><c r="A3" t="str"><v>Ben</v></c></row>'
    '<row r="4"><c r="A4"><f>SUM(B1:B3)</f><v>0.30000000000000004</v></c><c r="B4" s="3"><v>45250.5</v></c></row>'
    '<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" s="2"><v>3</v></c></row><row r="6"><c r="A6"><f>NOW()</f></c></row>',
    '<cols><col min="3" max="3" hidden="1"/></cols>',
)


def test_a_workbook_gives_values_as_they_are_seen(pool):
    parsed = read(pool, "people.xlsx", workbook({"Staff": PEOPLE}))
    assert parsed.text == (
        "Staff\n\nname | since\nAda Quine | 2023-11-20\n0.3 | 2023-11-20 12:00:00\nTRUE | 3\n=NOW()"
    )  # fmt: skip
    assert parsed.hidden == ("secret", "9", "Ben")
    assert [b.kind for b in parsed.blocks] == ["text", "table"]
    assert parsed.blocks[1].headings == ("Staff",)


@pytest.mark.parametrize(
    ("style", "number", "shown"),
    [
        (1, "45250", "2023-11-20"),
        (3, "45250.75", "2023-11-20 18:00:00"),
        (3, "0.395833333333333", "09:30:00"),
        (4, "1.25", "30:00:00"),
        (2, "1.5", "1.5"),
        (1, "1e99", "1e99"),
        (1, "-4", "1899-12-26"),
        (0, "0.1234567890123456", "0.123456789012346"),
    ],
)
def test_numbers_and_times_are_shown_by_their_style(pool, style, number, shown):
    data = workbook({"A": sheet(f'<row><c r="A1" s="{style}"><v>{number}</v></c></row>')})
    assert read(pool, "a.xlsx", data).text == f"A\n\n{shown}"


def test_hidden_sheets_macros_and_authors_are_told(pool):
    extra = {
        "docProps/core.xml": CORE.format(title="Pay"),
        "xl/vbaProject.bin": b"\x00",
        "xl/embeddings/a.bin": b"\x00",
    }
    data = workbook({"A": PEOPLE, "B": sheet('<row><c t="str"><v>obey me</v></c></row>')}, extra, 'state="veryHidden"')
    parsed = read(pool, "pay.xlsm", data)
    assert parsed.title == "Pay"
    assert parsed.hidden[-2:] == ("B", "obey me")
    assert parsed.properties == (
        "author: Ada Quine",
        "last_modified_by: Ben Okafor",
        "macros: xl/vbaProject.bin",
        "embedded: xl/embeddings/a.bin",
    )


def test_comments_on_cells_are_text_and_their_authors_are_told(pool):
    comments = '<comments><authors><author>Cleo</author></authors><commentList><comment ref="B2"><text><r><t>Check this.</t></r></text></comment></commentList></comments>'
    extra = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("comments", "../comments1.xml")),
        "xl/comments1.xml": comments,
    }
    parsed = read(pool, "a.xlsx", workbook({"A": PEOPLE}, extra))
    assert "B2: Check this." in parsed.text
    assert "commenter: Cleo" in parsed.properties


def test_what_a_sheet_holds_beside_its_cells_is_found_too(pool):
    drawing = f"<wsDr {NAMES}><a:txBody><a:p><a:r><a:t>In a box</a:t></a:r></a:p></a:txBody></wsDr>"
    formula = sheet('<row><c r="A1"><f>IF(B1="Dora",1,"x ""y""")</f><v>1</v></c></row>')
    extra = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("drawing", "../drawings/d.xml")),
        "xl/drawings/d.xml": drawing,
    }
    parsed = read(pool, "a.xlsx", workbook({"A": formula}, extra))
    assert parsed.text == "A\n\n1\n\nIn a box"
    assert parsed.properties == ("formula_text: Dora", 'formula_text: x ""y""')


def shape(text: str, role: str = "", *, x: int = 10, hidden: bool = False, size: str = "") -> str:
    placeholder = f'<p:nvPr><p:ph type="{role}"/></p:nvPr>' if role else ""
    paragraphs = "".join(f'<a:p><a:r><a:rPr sz="{size}"/><a:t>{line}</a:t></a:r></a:p>' for line in text.split("\n"))
    unseen = 'hidden="1"' if hidden else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" {unseen}/>{placeholder}</p:nvSpPr><p:spPr><a:xfrm><a:off x="{x}" y="5"/>'
        f'<a:ext cx="5" cy="5"/></a:xfrm></p:spPr><p:txBody>{paragraphs}</p:txBody></p:sp>'
    )


def presentation(*slides: str | bytes, extra: Mapping[str, str | bytes] | None = None) -> bytes:
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation {NAMES}><p:sldIdLst>{listed}</p:sldIdLst><p:sldSz cx="100" cy="100"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(
            *(("slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1))
        ),
    }
    parts |= {f"ppt/slides/slide{n}.xml": body for n, body in enumerate(slides, 1)}
    return packed(parts | dict(extra or {}))


def slide(*shapes: str, shown: str = "1") -> str:
    return f'<p:sld {NAMES} show="{shown}"><p:cSld><p:spTree>{"".join(shapes)}</p:spTree></p:cSld></p:sld>'


TABLE = (
    "<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:p><a:r><a:t>who</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r>"
    "<a:t>what</a:t></a:r></a:p></a:tc></a:tr><a:tr><a:tc><a:p><a:r><a:t>Ada</a:t></a:r></a:p></a:tc><a:tc/></a:tr></a:tbl>"
    "</a:graphicData></a:graphic></p:graphicFrame>"
)


def test_slides_give_titles_lists_tables_and_notes(pool):
    notes = f"<p:notes {NAMES}><p:cSld><p:spTree>{shape('Say it slowly.', 'body')}{shape('7', 'sldNum')}</p:spTree></p:cSld></p:notes>"
    extra = {
        "ppt/slides/_rels/slide1.xml.rels": relations(("notesSlide", "../notesSlides/n.xml")),
        "ppt/notesSlides/n.xml": notes,
    }
    group = f"<p:grpSp>{shape('In a group', x=500)}</p:grpSp>"
    first = slide(shape("Sun\nWind", "body"), shape("Plan", "title"), TABLE, group)
    parsed = read(pool, "plan.pptx", presentation(first, slide(shape("Thanks", "ctrTitle")), extra=extra))
    assert parsed.text.split("\n\n") == [
        "Plan",
        "Sun\nWind",
        "who | what\nAda |",
        "In a group",
        "Notes: Say it slowly.",
        "Thanks",
    ]
    assert parsed.title == "Plan"
    assert [b.page for b in parsed.blocks] == [1, 1, 1, 1, 1, 2]
    assert [b.kind for b in parsed.blocks][1:3] == ["list", "table"]
    assert parsed.blocks[2].headings == ("Plan",)


def test_what_the_room_does_not_see_is_hidden(pool):
    first = slide(
        shape("shown"), shape("off the slide", x=200), shape("switched off", hidden=True), shape("tiny", size="100")
    )
    parsed = read(pool, "a.pptx", presentation(first, slide(shape("skipped slide"), shown="0")))
    assert parsed.text == "shown"
    assert parsed.hidden == ("off the slide", "switched off", "tiny", "skipped slide")


def refusal(pool: ParserPool, name: str, data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(pool, name, data)
    return refused.value.reason


@pytest.mark.parametrize(
    ("name", "data"), [("a.xlsx", workbook({"A": PEOPLE})), ("a.pptx", presentation(slide(shape("x"))))]
)
def test_half_a_file_is_refused(pool, name, data):
    for size in range(4, len(data) - 30, len(data) // 5):
        assert refusal(pool, name, data[:size]) == "parser_failed"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b"PK\x03\x04" + b"garbage" * 50),
        ("a.pptx", packed({"note.txt": "hello"})),
        ("a.xlsx", workbook({"A": "<worksheet><sheetData><row>"})),
        ("a.xlsx", workbook({"A": LAUGHS + "<worksheet><row><c t='str'><v>&m;</v></c></row></worksheet>"})),
        ("a.pptx", presentation(LAUGHS + "<x>&m;</x>")),
        ("a.pptx", packed({"_rels/.rels": relations(("officeDocument", "../../../etc/passwd"))})),
    ],
    ids=["garbage", "no document", "cut XML", "laughs in a sheet", "laughs in a slide", "out of the archive"],
)
def test_hostile_packages_are_refused(pool, name, data):
    assert refusal(pool, name, data) == "parser_failed"


@pytest.mark.parametrize("name", ["a.xlsx", "a.pptx", "a.docx"])
def test_a_bomb_is_refused_before_it_inflates(pool, name):
    assert refusal(pool, name, packed({"xl/bomb.xml": b" " * (64 * 2**20)})) == "too_large"


def test_a_part_that_lies_about_its_size_does_not_inflate_past_it(pool):
    data = bytearray(workbook({"A": sheet("<row/>" * 200_000)}))
    at = data.rindex(b"PK\x01\x02", 0, data.index(b"xl/worksheets/sheet1.xml", data.index(b"PK\x01\x02")))
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    assert refusal(pool, "a.xlsx", bytes(data)) == "parser_failed"


def unread(_: bytes, name: str) -> Parsed:
    raise Refused(f"{name!r} is not read here", reason="needs_ocr")


@given(
    st.integers(0, 900),
    st.integers(0, 20),
    st.sampled_from([b"", b'"', b"<", b"-1", b"99999999999999999999", b"\xff", b"nan"]),
)
def test_damaged_parts_are_read_or_refused(at, size, instead):
    def damaged(part: str) -> bytes:
        raw = part.encode()
        return raw[:at] + instead + raw[at + size :]

    for parser, data in (
        (XlsxParser(), workbook({"A": damaged(PEOPLE)})),
        (PptxParser(), presentation(damaged(slide(shape("Plan", "title"), TABLE, shape("x", hidden=True))))),
    ):
        with suppress(Refused):
            assert parser.parse_with(data, "", "a", unread) == parser.parse_with(data, "", "a", unread)


def test_one_format_in_the_other_ones_clothes_is_refused(pool):
    assert refusal(pool, "a.docx", workbook({"A": PEOPLE})) == "parser_failed"
    assert refusal(pool, "a.xlsx", b"%PDF-1.7 x") == "parser_failed"
    assert refusal(pool, "a.csv", workbook({"A": PEOPLE})) == "unsupported_type"


def test_deep_and_wide_xml_is_only_slow(pool):
    deep = slide("<p:grpSp>" * 5_000 + shape("bottom") + "</p:grpSp>" * 5_000)
    assert read(pool, "deep.pptx", presentation(deep)).text == "bottom"
    far = sheet('<row><c r="XFD1" t="str"><v>far</v></c><c r="ZZZZZZZ1" t="str"><v>out</v></c></row>')
    assert "far" in read(pool, "far.xlsx", workbook({"A": far})).text


def test_the_same_bytes_give_the_same_document(pool):
    data = workbook({"A": PEOPLE})
    assert read(pool, "a.xlsx", data) == read(pool, "a.xlsx", data)

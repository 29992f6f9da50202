"""A document's own date: read off what each format says of itself, shown with citations, and what ages it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen import canvas

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.clock import iso
from thruline.core.fields import moment
from thruline.core.front_matter import front_matter
from thruline.testing.homes import as_user, open_home, write

MAIL = (
    "From: Ada <ada@example.org>\nDate: Tue, 04 Mar 2025 23:30:00 -0300\nSubject: Lamp\n\n"
    "The lamp in the hall is to be switched off at night, says this mail."
)
HTML = (
    '<html><head><title>Lamp</title><meta property="article:published_time" content="2024-01-01T10:00:00Z">'
    '<meta name="date" content="1999-01-01"></head><body><p>The lamp in the hall shines on this page.</p></body></html>'
)
FRONT = "---\ntitle: Lamp\ndate: 2023-05-06 # of the draft\n---\n\nThe lamp in the hall stands in this note."
RST = "Lamp\n====\n\n:Author: Ada\n:Date: 7 May 2022\n\nThe lamp in the hall hangs in this chapter.\n"
JSON = '{"name": "lamp", "date": "31.12.2021", "says": "The lamp in the hall is an object."}'


def dates(home: Platform) -> dict[str, str]:
    return {p.path: p.date for p in home.vectors.search(question="the lamp in the hall", k=50).passages}


def test_each_format_says_when_its_document_is_from(home: Platform, tmp_path: Path) -> None:
    place = tmp_path / "lamps"
    place.mkdir()
    files = {"a.eml": MAIL, "b.html": HTML, "c.md": FRONT, "d.rst": RST, "e.json": JSON, "f.md": "# Lamp\n\nThe hall."}
    for name, text in files.items():
        (place / name).write_text(text, "utf-8")
    home.data.add(path=str(place))
    home.data.sync()
    assert dates(home) == {
        "a.eml": "2025-03-05", "b.html": "2024-01-01", "c.md": "2023-05-06", "d.rst": "2022-05-07",
        "e.json": "2021-12-31", "f.md": "",
    }  # fmt: skip


def test_files_of_offices_and_pdf_say_it_among_their_properties(home: Platform, tmp_path: Path) -> None:
    place = tmp_path / "lamps"
    place.mkdir()
    document = docx.Document()
    document.add_paragraph("The lamp in the hall is in Word.")
    document.core_properties.modified = datetime(2020, 2, 3, 4, 5)  # noqa: DTZ001 - the library takes no zone
    document.save(str(place / "lamp.docx"))
    page = canvas.Canvas(str(place / "lamp.pdf"), invariant=True)  # which says: made on the first day of 2000
    page.drawString(72, 700, "The lamp in the hall is on a page.")
    page.save()
    home.data.add(path=str(place))
    home.data.sync()
    assert dates(home) == {"lamp.docx": "2020-02-03", "lamp.pdf": "2000-01-01"}


def rows(path: Path, text: str) -> str:
    path.write_text(f"id,due,date,about\n{text}", "utf-8")
    return str(path)


def test_a_row_is_from_the_day_of_the_column_that_its_source_names(home: Platform, tmp_path: Path) -> None:
    table = rows(tmp_path / "lamps.csv", "1,2030-01-02,2025-06-07,the lamp in the hall\n2,,soon,the lamp of the hall\n")
    home.data.add(path=table, options=("key=id",))
    home.data.sync()
    assert dates(home) == {"1.txt": "2025-06-07", "2.txt": ""}
    home.data.change(source="lamps", options=("dated=Due",))
    home.data.sync()
    assert dates(home) == {"1.txt": "2030-01-02", "2.txt": ""}


def test_a_date_stands_beside_its_citation_and_on_the_receipt(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "notes", lamp=FRONT)))
    home.data.sync()
    answer = home.vectors.ask(question="Where is the lamp in the hall?")
    assert "notes/lamp.md, 2023-05-06" in render(answer)
    assert home.vectors.why(answer=answer.id).answer.passages[0].date == "2023-05-06"
    assert home.data.text(record="notes/lamp.md")[0].date == "2023-05-06"


def test_a_policy_that_masks_dates_leaves_no_date(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "notes", lamp=FRONT)), options=("mask=date",))
    home.data.sync()
    assert dates(home) == {"lamp.md": ""}


def test_a_birthday_is_no_date_for_whoever_may_not_see_birthdays(home: Platform, tmp_path: Path) -> None:
    born = "---\ndate: 1987-03-14\n---\n\nOttilie Kvasthoug, born on 1987-03-14, keeps the lamp in the hall."
    home.data.add(path=str(write(tmp_path / "notes", lamp=born)))
    home.data.sync()
    guest = as_user(home, "guest", "everyone")
    assert dates(guest) == {"lamp.md": "1987-03-14"}
    home.guard.set_clearance(group="everyone", kinds=("name",))
    assert dates(guest) == {"lamp.md": ""}
    assert dates(home) == {"lamp.md": "1987-03-14"}


def test_what_is_older_by_its_own_date_comes_later_and_a_date_to_come_makes_nothing_younger(tmp_path: Path) -> None:
    says = "---\ndate: {}\n---\n\nThe blue valve {} in the shop of the north."
    with open_home(tmp_path / "home", {"THRULINE_SEARCH__HALF_LIFE": "30d"}) as home:
        home.data.add(path=str(write(tmp_path / "docs", now=says.format("2999-01-01", "shines"))))
        home.data.sync()
        write(tmp_path / "docs", old=says.format("2001-01-01", "costs nine marks"), plain="The blue valve is not here.")
        home.data.sync()
        found = home.vectors.search(question="What does the blue valve cost in the shop?", k=3)
        assert [p.path for p in found.passages][-1] == "old.md"
        answer = home.vectors.ask(question="What does the blue valve cost in the shop?")
        assert home.vectors.replay(answer=answer.id).retrieval == "same"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-22", "2026-11-22"), ("2026-11-22T23:30:00-02:00", "2026-11-23"), ("2024", "2024-01-01"),
        ("2024-05", "2024-05-01"), ("Tue, 4 Mar 2025 10:00:00 +0000", "2025-03-04"), ("31.12.2024", "2024-12-31"),
        ("D:20240131120000+01'00'", "2024-01-31"), ("D:2024", "2024-01-01"), ("D:20240131Z", "2024-01-31"),
    ],
)  # fmt: skip
def test_a_date_is_read_as_documents_write_it(text: str, day: str) -> None:
    at = moment(text)
    assert at is not None
    assert iso(at)[:10] == day


@pytest.mark.parametrize(
    "text",
    ["", "soon", "3/4/2024", "2024-13-01", "31.02.2024", "D:20249999", "0000-01-01", "D:", "99999", "-1", "\x00"],
)
def test_what_is_no_date_or_two_is_none(text: str) -> None:
    assert moment(text) is None


@given(text=st.text(max_size=40) | st.from_regex(r"D:\d{4,16}([+-]\d\d'?)?", fullmatch=True))
def test_any_text_is_a_date_or_none(text: str) -> None:
    at = moment(text)
    assert at is None or isinstance(at, int)


@given(text=st.text(alphabet="ab:-[],#'\" \n\t", max_size=80))
def test_any_front_matter_is_read(text: str) -> None:
    assert all(key and isinstance(value, str) for key, value in front_matter(text))


def test_front_matter_gives_what_is_flat_in_it() -> None:
    text = "title: 'A: b'\ntags:\n  - red\n  - blue # both\nkinds: [x, \"y z\"]\nauthor:\n  name: Ada\nempty:\n"
    said = [(key, value) for key, value in front_matter(text) if value]
    assert said == [("title", "A: b"), ("tags", "red"), ("tags", "blue"), ("kinds", "x"), ("kinds", "y z")]

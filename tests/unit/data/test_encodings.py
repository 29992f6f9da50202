"""Text of the years before UTF-8: its encoding is told by what it would spell."""

# ruff: noqa: RUF001 - letters of other scripts are the point here

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.encodings import as_utf8

TEXTS = {
    "Последний поезд на побережье отходит в двадцать минут одиннадцатого.": ("cp1251", "koi8-r", "cp866", "iso8859-5"),
    "La crémière a déjà fermé, mais l'épicier près de la forêt reste ouvert l'été.": ("cp1252", "cp850", "mac-roman"),
    "Die Straße über den Fluß ist für größere Wagen gesperrt, die Brücke auch.": ("cp1252", "cp850", "mac-roman"),
    "El niño mayor llegó después que su tía, según contó la señora del jardín.": ("cp1252", "cp850", "mac-roman"),
    "Ostatni pociąg odjeżdża o szóstej; bilety są też ważne w święta, również łączone.": ("cp1250", "iso8859-2"),
    "Το τελευταίο τρένο για την ακτή φεύγει στις δέκα και είκοσι το βράδυ.": ("cp1253", "iso8859-7"),
    "Kıyıya giden son tren saat ondadır; biletler gişede ve şoförde satılır, ağustosta değil.": ("cp1254",),
    "הרכבת האחרונה לחוף יוצאת בשעה עשר ועשרים בערב.": ("cp1255",),
    "海岸行きの最終列車は午後十時二十分に出発します。": ("shift_jis", "euc_jp", "iso2022_jp"),
    "开往海岸的末班车于晚上十点二十分发车。": ("gb18030",),
    "開往海岸的末班車於晚上十點二十分發車。": ("big5",),
    "해안으로 가는 막차는 밤 열 시 이십 분에 출발합니다.": ("cp949",),
}
CASES = [(text, encoding) for text, encodings in TEXTS.items() for encoding in encodings]


@pytest.mark.parametrize(("text", "encoding"), CASES, ids=[e for _, e in CASES])
def test_an_old_encoding_is_told_by_what_it_spells(text: str, encoding: str) -> None:
    assert as_utf8(f"Timetable\n\n{text}\n".encode(encoding)).decode() == f"Timetable\n\n{text}\n"


def test_one_accent_far_into_a_long_text_is_seen() -> None:
    text = "The last train leaves at ten.\n" * 20_000 + "Le café est fermé.\n"
    assert as_utf8(text.encode("cp1252")).decode() == text


def test_an_accent_far_into_a_line_without_end_is_seen() -> None:
    text = "The last train leaves at ten. " * 20_000 + "Der letzte Zug fährt über die Brücke. " * 10_000
    assert as_utf8(text.encode("cp850")).decode() == text


@given(st.text())
def test_what_is_utf_8_stays_as_it_is(text: str) -> None:
    data = text.encode()
    if b"\x1b$" not in data:
        assert as_utf8(data) == data


@given(st.binary())
def test_any_bytes_come_out_as_something(data: bytes) -> None:
    assert isinstance(as_utf8(data), bytes)

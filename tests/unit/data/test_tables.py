"""CSV and TSV: every piece says what its values mean, whatever the file is separated, quoted or damaged by."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.csv_parser import CsvParser
from thruline.core.invisible import reveal
from thruline.core.tables import pieces
from thruline.core.words import count_words
from thruline.data.chunks import chunk

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z", "Cf"), exclude_characters='";,|'), max_size=12)


def parse(data: bytes | str, media_type: str = "text/csv"):
    raw = data.encode() if isinstance(data, str) else data
    return CsvParser().parse(raw, media_type, "folder/people.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_whatever_separates_the_cells_is_found(separator):
    rows = ["name,city,since", "Ada,Oslo,2019", "Ben,Turin,2021"]
    parsed = parse("\n".join(rows).replace(",", separator))
    assert parsed.text == "name | city | since\nAda | Oslo | 2019\nBen | Turin | 2021"
    assert [b.kind for b in parsed.blocks] == ["table"]


def test_a_decimal_comma_does_not_pass_for_a_separator():
    assert parse("item;price\nlamp;3,50\nmug;12,00").text.splitlines()[1] == "lamp | 3,50"


def test_every_chunk_begins_with_the_header():
    rows = "".join(f"person {n},street {n},{n}\n" for n in range(400))
    chunks = chunk(parse(f"name,address,number\n{rows}"))
    assert len(chunks) > 10
    assert all(c.text.startswith("name | address | number\n") for c in chunks)
    assert sum(c.text.count("person ") for c in chunks) == 400


def test_a_table_without_header_repeats_nothing():
    assert parse("1,2\n3,4\n").text == "1 | 2\n3 | 4"


def test_a_title_above_the_header_is_not_taken_for_it():
    assert list(pieces([["Report", "", ""], ["a", "b", "c"], ["1", "2", "3"]])) == ["Report", "a | b | c\n1 | 2 | 3"]


def test_a_wide_table_names_the_column_of_every_value():
    header = [f"measured quantity {n}" for n in range(60)]
    told = list(pieces([header, [str(n) for n in range(60)]]))
    assert told[1].splitlines()[7] == "measured quantity 7: 7"


def test_quotes_hold_separators_and_line_ends():
    assert parse('name,note\nAda,"one, two\nthree"\n').text == "name | note\nAda | one, two three"


def test_one_open_quote_does_not_swallow_the_file():
    rows = "".join(f"{n},some words in a row\n" for n in range(20_000))
    assert parse(f'id,note\n7,"never closed\n{rows}').text.count("some words") == 20_000


@pytest.mark.parametrize(
    "data", [b"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00", b"caf\xe9,b\n1,2", b'"', b",,,\n,,", b"\n\n1"]
)
def test_odd_bytes_are_read(data):
    assert parse(data) == parse(data)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), max_size=30))
def test_no_cell_is_lost(rows):
    held = io.StringIO()
    csv.writer(held).writerows(rows)
    text = parse(held.getvalue()).text
    assert all(reveal(cell).text.strip() in text for row in rows for cell in row)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=60))
def test_pieces_are_bounded(rows):
    assert all(count_words(piece) <= 300 for piece in pieces(rows))

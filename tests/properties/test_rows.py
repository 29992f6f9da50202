"""Rows as documents: equal rows alike, other keys elsewhere, and no value that passes for a column."""

from hypothesis import given
from hypothesis import strategies as st

from thruline.core.rows import document, key_in, path_of

TEXTS = st.text(max_size=20)
KEYS = st.lists(st.one_of(TEXTS, st.binary(max_size=5)), min_size=1, max_size=3)


@given(KEYS)
def test_a_path_gives_its_key_back(key):
    assert list(key_in(path_of("t", key))) == key


@given(KEYS, KEYS)
def test_other_keys_are_other_paths(one, other):
    assert (path_of("t", one) == path_of("t", other)) == (one == other)


@given(TEXTS, KEYS)
def test_a_path_is_one_printable_name_below_its_table(table, key):
    path = path_of(table, key)
    assert path.isprintable()
    assert path.count("/") == bool(table)
    assert not path.rpartition("/")[2].startswith(".")


@given(st.lists(st.tuples(st.sampled_from("abc"), TEXTS)), TEXTS)
def test_a_document_has_one_line_that_is_not_indented_for_each_column(values, title):
    _, gap, *lines = document(title, values).decode().splitlines()
    columns = [line[0] for line in lines if not line.startswith("  ")]
    assert gap == ""
    assert columns == [column for column, value in values if value]

"""JSON and JSON lines: each line of text says alone what its value is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.json_parser import JsonParser
from thruline.core.errors import Refused

LINES = "application/x-ndjson"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def parse(data: str | bytes, media_type: str = "application/json"):
    return JsonParser().parse(data.encode() if isinstance(data, str) else data, media_type, "folder/data.json")


def test_values_stand_beside_their_paths():
    parsed = parse('{"user": {"name": "Ada", "tags": ["a", "b"], "gone": null}, "jobs": [{"n": 1.50}, {"n": true}]}')
    assert parsed.text == "user.name: Ada\nuser.tags: a, b\njobs[0].n: 1.50\njobs[1].n: true"


def test_each_record_of_a_list_is_a_block():
    parsed = parse('[{"a": 1}, {"a": 2}]')
    assert [parsed.text[b.start : b.end] for b in parsed.blocks] == ["a: 1", "a: 2"]


def test_numbers_are_what_the_file_says_and_double_keys_are_kept():
    assert parse('{"n": 12345678901234567890.10, "n": 1e400}').text == "n: 12345678901234567890.10\nn: 1e400"
    assert len(parse('{"n": ' + "9" * 5000 + "}").text) == 5003


def test_a_broken_last_line_is_kept_and_noted():
    parsed = parse('{"a": 1}\n\n{"a": 2}\n{"a": "half writ', LINES)
    assert parsed.text.split("\n\n") == ["a: 1", "a: 2", '{"a": "half writ']
    assert parsed.properties == ("unreadable_lines: 1",)


@pytest.mark.parametrize("data", ["{", "not json", '{"a": 1', "[1,]", "%PDF-1.7"])
@pytest.mark.parametrize("media_type", ["application/json", LINES])
def test_what_is_not_json_is_refused(data, media_type):
    with pytest.raises(Refused, match="not JSON"):
        parse(data, media_type)


def test_a_million_brackets_are_refused():
    with pytest.raises(Refused, match="too deeply"):
        parse("[" * 1_000_000)


def test_deep_values_stand_on_one_line():
    deep = '{"k":' * 200 + '"v"' + "}" * 200
    assert parse(deep).text.endswith("}")
    assert "v" in parse(deep).text


def test_an_endless_key_is_said_once():
    key = "k" * 5000
    text = parse(json.dumps({key: {str(n): n for n in range(100)}})).text
    assert key in text
    assert len(text) < 5000 + 100 * 200


@given(VALUES)
def test_the_same_bytes_give_the_same_text_and_no_word_is_lost(value):
    data = json.dumps({"k": value})
    parsed = parse(data)
    assert parsed == parse(data)
    words = [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
    assert all(word in parsed.text for w in words for word in w.split() if word.isascii() and word.isprintable())

"""Source code: whole definitions with what stands above them, and no line lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.code_parser import CodeParser
from thruline.data.chunks import chunk

PYTHON = '''"""A module."""

import os


# Why it is here.
@cached
def first(a):
    x = 1

    return x


class Second:
    def third(self):
        pass
'''
GO = """package main

// Run runs.
func Run() {
	a := 1
	if a > 0 {
		a++
	}
}
func Stop() {
}
"""


def blocks(source: str, name: str = "a.py") -> list[str]:
    parsed = CodeParser().parse(source.encode(), "text/x-source", name)
    assert all(b.kind == "code" for b in parsed.blocks)
    return [parsed.text[b.start : b.end] for b in parsed.blocks]


def test_definitions_keep_their_comments_and_decorators():
    found = blocks(PYTHON)
    assert found[2].startswith("# Why it is here.\n@cached\ndef first(a):")
    assert found[2].endswith("return x")
    assert found[3].startswith("class Second:")


def test_definitions_need_no_empty_line_between_them():
    assert [b.splitlines()[0] for b in blocks(GO, "a.go")] == ["package main", "// Run runs.", "func Stop() {"]


def test_a_long_class_is_cut_between_its_methods():
    methods = "\n".join(f"    def m{n}(self):\n        return {' + '.join('abcdefgh')}\n" for n in range(40))
    found = blocks(f"class Long:\n{methods}")
    assert len(found) == 41
    assert all(b.lstrip().startswith(("class Long", "def m")) for b in found)


def test_a_chunk_of_code_is_told_by_its_file():
    parsed = CodeParser().parse(PYTHON.encode(), "text/x-source", "src/pkg/mod.py")
    assert {c.title for c in chunk(parsed)} == {"mod.py"}


def test_what_a_reviewer_does_not_see_is_told():
    parsed = CodeParser().parse("a = 1 \u202e} if admin\u202c\n".encode(), "text/x-source", "a.js")
    assert parsed.hidden == ("} if admin",)


@pytest.mark.parametrize(
    "source", ["{" * 100_000, ("\n" + " " * 50 + "x") * 5_000, "\n\n\n", "def " * 50_000, "a\n\n" * 20_000]
)
def test_hostile_source_is_read(source):
    assert "".join("".join(blocks(source)).split()) == "".join(source.split())


@given(st.text(st.sampled_from("ab {}\n\t#/()def:"), max_size=300))
def test_no_character_is_lost(source):
    assert "".join("".join(blocks(source)).split()) == "".join(source.split())

"""A parser that changed makes its own media types anew, and no others."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.data.sandbox import ParserPool

PARSER = "class Made:\n    version = {0!r}\n"


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Path]:
    """A folder that modules are imported from."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


def versions(modules: Path, name: str, text: str) -> dict[str, str]:
    """The version of each media type, where pages are read by a module of this name and text."""
    (modules / f"{name}.py").write_text(text)
    read_by = {"text/html": f"{name}:Made", "text/csv": "thruline.testing.parsers:EchoParser"}
    read_by["message/rfc822"] = "thruline.testing.parsers:GreedyParser"
    with ParserPool(parsers=read_by) as pool:
        return {kind: pool.version(kind) for kind in read_by}


def test_a_changed_parser_makes_its_own_media_types_anew_and_what_may_hold_them(modules):
    before = versions(modules, "made_before", PARSER.format("page 1"))
    same = versions(modules, "made_again", PARSER.format("page 1"))
    after = versions(modules, "made_after", PARSER.format("page 2"))
    assert before == same
    assert {kind for kind in before if before[kind] != after[kind]} == {"text/html", "message/rfc822"}


def test_every_installed_parser_has_a_version_of_its_own():
    with ParserPool() as pool:
        kinds = ("application/pdf", "text/html", "text/csv", "image/png", "text/plain")
        assert len({pool.version(kind) for kind in kinds}) == len(kinds)

"""The reference says everything that the code declares."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from thruline.app.backends import backend
from thruline.app.config import leaves
from thruline.app.operations import operations
from thruline.core.errors import ERRORS
from thruline.core.facts import REASONS, VERBS
from thruline.data.options import GENERAL


def test_the_committed_pages_are_what_the_code_says(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("operations", list(operations())),
        ("cli", [f"thruline {o.cli}" for o in operations().values() if o.cli]),
        ("http", [o.path for o in operations().values() if o.name != "infra.work"]),
        ("events", list(VERBS)),
        ("errors", [e.__name__ for e in ERRORS]),
        ("errors", list(REASONS)),
    ],
)
def test_everything_declared_is_on_its_page(root: Path, page: str, names: list[str]) -> None:
    text = (root / "docs" / "reference" / f"{page}.md").read_text("utf-8")
    assert [n for n in names if not re.search(rf"(?<![\w.]){re.escape(n)}(?![\w])", text)] == []


def test_every_setting_is_in_its_section(root: Path) -> None:
    text = (root / "docs" / "reference" / "settings.md").read_text("utf-8")
    sections = {part.partition("]")[0]: part for part in text.split("## [")[1:]}
    keys = [key.partition(".") for key, *_ in leaves()]
    assert [f"{s}.{name}" for s, _, name in keys if f"| `{name}` |" not in sections[s]] == []


def test_every_kind_of_source_and_each_of_its_options_is_on_its_page(root: Path) -> None:
    text = (root / "docs" / "reference" / "sources.md").read_text("utf-8")
    kinds = [n.partition(":")[2] for n in entry_points(group="thruline.backends").names if n.startswith("origin:")]
    assert [kind for kind in kinds if f"## {kind}\n" not in text] == []
    named = {name for kind in kinds for name in backend("origin", kind).options} | set(GENERAL)
    assert [name for name in sorted(named) if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("word", ["init", "up", "demo", "restore"])
def test_commands_beside_the_operations_show_all_their_options(root: Path, word: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "thruline.cli", word, "--help"], capture_output=True, text=True, check=True
    ).stdout
    page = (root / "docs" / "reference" / "cli.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if line.startswith(f"thruline {word}"))
    options = set(re.findall(r"--[a-z-]+", shown)) - {"--help", "--json", "--home"}
    assert options == set(re.findall(r"--[a-z-]+", line))

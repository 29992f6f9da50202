"""Pages hold together: links lead somewhere, the site builds, nothing names a package index."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from examples import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Put together here, so that this file does not name them either.
INDEXES = tuple(
    "".join(parts) for parts in (("py", "pi.org"), ("pythonhosted", ".org"), ("npm", "js.org"), ("crates", ".io"))
)
TEXT = (".py", ".md", ".toml", ".txt", ".yml", ".sql", ".html", ".css", ".js", ".json", "")


PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")  # a path with a slash, in code


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_paths_that_are_named_exist(name: str) -> None:
    named = PATH.findall((ROOT / name).read_text("utf-8"))
    assert [p for p in named if not any((base / p).exists() for base in (ROOT, ROOT / "src" / "thruline"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_something(page: Path) -> None:
    targets = [t for t in LINK.findall(_without_code(page)) if "://" not in t]
    assert [t for t in targets if not _leads(page, t)] == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is in the dependency group docs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_names_a_package_index() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and Path(name).suffix in TEXT]
    naming = {str(f.relative_to(ROOT)) for f in files if f.is_file() and _names_an_index(f)}
    assert naming == set()


def _without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def _leads(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists():
        return False
    return not anchor or anchor in {_slug(h) for h in re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")


def _names_an_index(file: Path) -> bool:
    text = file.read_text("utf-8", "replace")
    return any(index in text for index in INDEXES)

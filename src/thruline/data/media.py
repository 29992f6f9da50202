"""Which format a file has: its suffix says, its first bytes must agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import NamedTuple

from thruline.core.errors import Refused


class Format(NamedTuple):
    """A media type, the entry point `parser:<name>` that reads it, and the suffixes that announce it."""

    media_type: str
    parser: str
    suffixes: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument."
_CODE = (
    *(".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".java", ".kt", ".scala", ".go", ".rs", ".c", ".h"),
    *(
        ".cc",
        ".cpp",
        ".hpp",
        ".cs",
        ".swift",
        ".rb",
        ".php",
        ".pl",
        ".lua",
        ".r",
        ".jl",
        ".sql",
        ".sh",
        ".bash",
        ".ps1",
    ),
    *(".tf", ".proto", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".xml", ".css"),
)
FORMATS = (
    Format("text/plain", "text", (".txt", ".text", ".log", "")),
    Format("text/markdown", "markdown", (".md", ".markdown", ".mdown")),
    Format("text/x-rst", "rst", (".rst", ".rest")),
    Format("text/html", "html", (".html", ".htm", ".xhtml")),
    Format("text/csv", "csv", (".csv",)),
    Format("text/tab-separated-values", "csv", (".tsv", ".tab")),
    Format("application/json", "json", (".json", ".geojson")),
    Format("application/x-ndjson", "json", (".jsonl", ".ndjson")),
    Format("application/vnd.apache.parquet", "parquet", (".parquet",)),
    Format("text/x-source", "code", _CODE),
    Format("application/pdf", "pdf", (".pdf",)),
    Format("image/png", "picture", (".png",)),
    Format("image/jpeg", "picture", (".jpg", ".jpeg", ".jpe")),
    Format("image/tiff", "picture", (".tif", ".tiff")),
    Format("image/webp", "picture", (".webp",)),
    Format("message/rfc822", "email", (".eml",)),
    Format(f"{_OFFICE}wordprocessingml.document", "docx", (".docx",)),
    Format(f"{_OFFICE}presentationml.presentation", "pptx", (".pptx", ".pptm", ".ppsx", ".ppsm")),
    Format(f"{_OFFICE}spreadsheetml.sheet", "xlsx", (".xlsx", ".xlsm")),
)
HOLDS_FILES = frozenset(
    ("application/pdf", "message/rfc822", *(f.media_type for f in FORMATS if _OFFICE in f.media_type))
)  # whose parsers hand what is inside to others
PAGED = frozenset(("application/pdf", *(f.media_type for f in FORMATS if f.parser == "picture")))  # see ports.parser
_BY_SUFFIX = {suffix: f for f in FORMATS for suffix in f.suffixes}
_TEXT = frozenset(f.media_type for f in FORMATS if f.parser == "json" or f.media_type.startswith("text/"))
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", _OFFICE),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"RIFF", "image/webp"),
)
_MAIL_HEADER = re.compile(rb"(?:>?From [^\n]*\n)?[!-9;-~]+[ \t]*:")  # after the line that parts a mailbox
_HEAD = 4096
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_RST_DIRECTIVE = re.compile(rb"^\.\. (?:_[^\n]+:|[\w-]+::)|:[a-z-]+:`", re.MULTILINE)
_RST_HEADING = re.compile(rb"^\S[^\n]+\n([=~^*-])\1{3,}[ \t]*$", re.MULTILINE)


def media_type(name: str, data: bytes) -> str:
    """The media type of a file; raises Refused `unsupported_type` or, for no bytes at all, `empty`."""
    if not data.strip():
        raise Refused(f"{name!r} is empty", reason="empty")
    suffix = _suffix(name)
    found = _BY_SUFFIX.get(suffix)
    if found is None:
        raise Refused(f"no parser reads {suffix!r} files", reason="unsupported_type", hint=f"known: {_known()}")
    if found.media_type in _TEXT:
        return _as_text(found.media_type, name, data)
    if not _agrees(found.media_type, data):
        raise Refused(f"{name!r} is not what its suffix says", reason="parser_failed", hint="is the file damaged?")
    return found.media_type


def is_plain_text(kind: str) -> bool:
    """Whether nothing in the file says its encoding; a page of HTML does."""
    return kind in _TEXT and kind != "text/html"


def installed_parsers() -> Mapping[str, str]:
    """Media type -> `module:object` of the installed parser that reads it; nothing is imported."""
    found = {e.name: e.value for e in entry_points(group="thruline.backends") if e.name.startswith("parser:")}
    return {f.media_type: found[f"parser:{f.parser}"] for f in FORMATS if f"parser:{f.parser}" in found}


def _agrees(announced: str, data: bytes) -> bool:
    if announced == "message/rfc822":
        return bool(_MAIL_HEADER.match(data))
    magic = _magic(data)
    return bool(magic) and announced.startswith(magic)


def _as_text(announced: str, name: str, data: bytes) -> str:
    head = data[:_HEAD]
    if _magic(head[:8]) or (_is_binary(head) and not data.startswith(_WIDE_MARKS)):
        raise Refused(f"{name!r} is called text and is not", reason="unsupported_type")
    return "text/x-rst" if announced == "text/plain" and _reads_as_rst(data) else announced


def _reads_as_rst(data: bytes) -> bool:
    """Sphinx projects (Django's among them) name reStructuredText pages `.txt`."""
    return bool(_RST_HEADING.search(data)) and bool(_RST_DIRECTIVE.search(data))


def _is_binary(head: bytes) -> bool:
    """Whether control characters other than tabs, line ends, escapes and (UTF-16) NULs make up 5 % or more."""
    control = sum(head.count(c) for c in range(1, 32) if c not in (8, 9, 10, 12, 13, 27))
    return control > len(head) * 0.05


def _magic(data: bytes) -> str:
    return next((kind for mark, kind in _MAGIC if mark in data[: 1024 if mark[:1] == b"%" else len(mark)]), "")


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def _known() -> str:
    return ", ".join(s for s in _BY_SUFFIX if s)

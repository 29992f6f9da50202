"""Addresses of a site's pages: one spelling for each, the links in a page, and the names that people read."""

from __future__ import annotations

import hashlib
import html
import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote, unquote, urljoin, urlsplit

from thruline.core.errors import Invalid

# Content type -> the endings that its files have; the first stands where an address has none of them.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "text/html": (".html", ".htm", ".xhtml"),
    "application/xhtml+xml": (".html", ".xhtml"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".text", ".log", ".md", ".markdown", ".rst", ".csv", ".tsv", ".jsonl"),
    "text/markdown": (".md", ".markdown"),
    "text/x-rst": (".rst",),
    "text/csv": (".csv",),
    "text/tab-separated-values": (".tsv",),
    "application/json": (".json",),
    "application/x-ndjson": (".jsonl", ".ndjson"),
    "message/rfc822": (".eml",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
}
# Servers say this of files whose type they do not know: their own ending then tells.
_UNKNOWN = ("application/octet-stream", "")
_LONGEST_NAME = 200
_TAG = re.compile(r"<(?:a|area)\s([^<>]*)>", re.IGNORECASE)
_BASE = re.compile(r"<base\s([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_DOT = re.compile("%2e", re.IGNORECASE)
_PATH_KEEPS, _QUERY_KEEPS = "/%:@!$&'()*+,;=~", "/?%:@!$&'()*+,;=~"


def canonical(address: str, base: str = "") -> str:
    """The address in the one spelling that it has here, without its fragment; "" for what is no web address."""
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    usual = port in (None, 443 if parts.scheme == "https" else 80)
    place = (f"[{host}]" if ":" in host else host) + ("" if usual else f":{port}")
    path = quote(_DOT.sub(".", parts.path).lstrip("/"), safe=_PATH_KEEPS)
    query = f"?{quote(parts.query, safe=_QUERY_KEEPS)}" if parts.query else ""
    return urljoin(f"{parts.scheme}://{place}/", f"/{path}") + query


def location(address: str) -> str:
    """The address that an operator gave; raises Invalid."""
    found = canonical(address)
    if not found:
        raise Invalid(f"{address!r} is no web address", hint="write for example https://example.org/handbook/")
    return found


def is_below(address: str, start: str) -> bool:
    """Whether an address of the same site lies in the folder of start; a last word without a dot is a folder."""
    folder = urlsplit(start).path
    if "." in folder.rpartition("/")[2]:
        folder = folder.rpartition("/")[0]
    path = urlsplit(address).path
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def links(page: bytes, base: str) -> Iterator[str]:
    """Where a page leads, by pattern and not by parser: nothing in it can cost more than one pass."""
    text = page.decode("utf-8", "replace")
    if found := _BASE.search(text):
        base = next((canonical(link, base) for link in _hrefs(found[1])), "") or base
    for tag in _TAG.finditer(text):
        for link in _hrefs(tag[1]):
            yield canonical(link, base)


def ending(address: str, content_type: str) -> str:
    """What a page's name ends in; "" where nobody reads that type."""
    own = posixpath.splitext(urlsplit(address).path.lower())[1]
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _UNKNOWN:
        return own
    known = ENDINGS.get(kind, ())
    return own if own in known else next(iter(known), "")


def stem(address: str) -> str:
    """How the name of a page begins, whatever its type is: the path and the query below the host, as people read it."""
    parts = urlsplit(address)
    path = f"{parts.path}index" if parts.path.endswith("/") else parts.path
    segments = (_readable(segment) for segment in path.split("/"))
    words = "/".join(segment for segment in segments if segment)
    return (f"{words}?{_readable(parts.query)}" if parts.query else words)[:_LONGEST_NAME]


def names(pages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name -> address, for pages as (address, ending); addresses that read alike are told apart by a digest."""
    found: dict[str, str] = {}
    for address, end in sorted(pages):
        words = stem(address)
        name = words if words.lower().endswith(end) else words + end
        if name in found or len(words) == _LONGEST_NAME:
            digest = hashlib.sha256(address.encode()).hexdigest()[:8]
            name = f"{words} {digest}{end}"  # still begins with its stem
        found[name] = address
    return found


def _hrefs(attributes: str) -> Iterator[str]:
    for found in _HREF.finditer(attributes):
        yield html.unescape(found[1] or found[2] or found[3] or "")


def _readable(words: str) -> str:
    """Decoded, and without what would part a path, turn it round or hide in it."""
    with suppress(UnicodeDecodeError):
        words = unquote(words, errors="strict")
    kept = "".join("_" if c in "/\\" or unicodedata.category(c)[0] == "C" else c for c in words)
    return kept.replace("..", "_") if kept.strip(".") else "_" * len(kept)

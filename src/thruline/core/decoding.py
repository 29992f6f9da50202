"""Bytes of unknown encoding to text, never failing: byte order marks, UTF-8, UTF-16, Windows-1252."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")


def decode(data: bytes) -> str:
    """The text with `\\n` line ends and without control characters; bytes that no encoding explains become U+FFFD."""
    return _CONTROL.sub("", _LINE_END.sub("\n", _raw(data)))


def _raw(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if wide := _wide_without_mark(data):
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as damage:
        return data.decode(_best_guess(data, damage), "replace")


def is_legacy(data: bytes) -> bool:
    """Whether `decode` would have to take it for Windows-1252, because nothing tells what it is."""
    if data.startswith(tuple(mark for mark, _ in _MARKS)) or _wide_without_mark(data):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as damage:
        return _best_guess(data, damage) != "utf-8"
    return b"\x1b$" in data  # ISO-2022-JP is all ASCII


def _wide_without_mark(data: bytes) -> str:
    """UTF-16 written by programs that leave the mark out: every other byte of Western text is NUL."""
    sample = data[:2000]
    if len(sample) < 8 or sample.count(0) < len(sample) * 0.4:
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _best_guess(data: bytes, damage: UnicodeDecodeError) -> str:
    """UTF-8 with a few broken bytes has well-formed sequences elsewhere; Windows-1252 hardly ever has."""
    window = data[max(0, damage.start - 50_000) : damage.start + 50_000]
    wrong = window.decode("utf-8", "replace").count("\ufffd")
    return "utf-8" if len(_MULTIBYTE.findall(window)) >= wrong else "cp1252"

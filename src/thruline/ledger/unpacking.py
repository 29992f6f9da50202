"""What was compressed, for whoever looks through every byte: gzip, zlib, zip, Zstandard, xz, bzip2, and Parquet.

A stream may begin anywhere in a file, and counts as far as it is whole; bytes that look like a beginning by chance
unpack to nothing.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

PIECE_BYTES = 1 << 16
UNPACKED_BYTES = 256 << 20  # of one stream: what unpacks to more is a bomb, not a document
_AT_A_TIME = 1 << 20
ROWS = 20_000  # of a Parquet file that are held at a time

_ZIP, _ZSTD, _XZ, _BZIP2, _PARQUET = b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh", b"PAR1"
_MARKS = tuple(  # one by one: an expression that may begin in several ways takes twice as long
    re.compile(mark)
    for mark in (
        rb"\x78[\x01\x5e\x9c\xda]", rb"\x1f\x8b\x08", re.escape(_ZIP), re.escape(_ZSTD), re.escape(_XZ),
        rb"BZh[1-9]1AY&SY",
    )
)  # fmt: skip
_MEMORY = 128 << 20  # that a stream may ask of who unpacks it
_BROKEN = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError)


def starts(block: bytes) -> Iterator[int]:
    """Where streams may begin."""
    return (match.start() for mark in _MARKS for match in mark.finditer(block))


def unpacked(file: BinaryIO, start: int, *, most: int = UNPACKED_BYTES) -> bytes:
    """What the stream at start unpacks to, as far as it is whole; nothing if it is none after all.

    most: bytes after which it is left; a little more may come.
    """
    parts, size = [], 0
    try:
        for part in _parts(file, start):
            parts.append(part)
            size += len(part)
            if size >= most:
                break
    except _BROKEN:
        pass  # chance bytes that look like a beginning, or a stream that was cut: what came out counts
    return b"".join(parts)


def columns(file: BinaryIO) -> Iterator[bytes]:
    """The texts of a Parquet file, some rows at a time; nothing of another file, or of a damaged one.

    Its pages are compressed one by one, by some in ways that leave no mark where they begin. Needs the extra `train`,
    without which the pages of gzip and Zstandard are found, as any stream is.
    """
    file.seek(0)
    if file.read(len(_PARQUET)) != _PARQUET:
        return
    try:
        import polars as pl
    except ModuleNotFoundError:
        return
    try:
        file.seek(0)
        frame = pl.scan_parquet(file)
        texts = [name for name, kind in frame.collect_schema().items() if kind in (pl.String, pl.Binary)]
        for start in range(0, frame.select(pl.len()).collect().item() if texts else 0, ROWS):
            rows = frame.select(texts).slice(start, ROWS).collect()
            yield b"\n".join(v.encode() if isinstance(v, str) else v for v in rows.iter_columns() for v in v if v)
    except (pl.exceptions.PolarsError, OSError):
        return


def _parts(file: BinaryIO, start: int) -> Iterator[bytes]:
    file.seek(start)
    head = file.read(len(_XZ))
    file.seek(start)
    if head.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor(max_window_size=_MEMORY).stream_reader(file, closefd=False)
        yield from iter(lambda: reader.read(_AT_A_TIME), b"")
    elif head.startswith(_XZ):
        yield from _blockwise(file, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))
    elif head.startswith(_BZIP2):
        yield from _blockwise(file, bz2.BZ2Decompressor())
    else:
        yield from _deflated(file)


def _blockwise(file: BinaryIO, stream: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> Iterator[bytes]:
    while not stream.eof:
        data = file.read(PIECE_BYTES) if stream.needs_input else b""
        if stream.needs_input and not data:
            return
        yield stream.decompress(data, _AT_A_TIME)


def _deflated(file: BinaryIO) -> Iterator[bytes]:
    data = file.read(PIECE_BYTES)
    window = zlib.MAX_WBITS | 32  # gzip or zlib, as its header says
    if data.startswith(_ZIP):
        names, extra = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
        data, window = data[30 + names + extra :], -zlib.MAX_WBITS
    stream = zlib.decompressobj(window)
    while data and not stream.eof:
        yield stream.decompress(data, _AT_A_TIME)
        data = stream.unconsumed_tail or file.read(PIECE_BYTES)

"""A page of a PDF as a picture, as PNG."""

from __future__ import annotations

import struct
import zlib

import pypdfium2 as pdfium

_POINTS_AN_INCH = 72
_MOST_PIXELS = 12_000_000


def draw_page(document: pdfium.PdfDocument, number: int, dots: float, *, bare: bool = False) -> bytes:
    """The page of this number, from 0, at so many dots an inch; fewer where it would be vast.

    bare: without comments and forms that were laid over it.
    """
    page = document[number]
    try:
        width, height = page.get_size()
        scale = min(dots / _POINTS_AN_INCH, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        bitmap = page.render(
            scale=scale,  # type: ignore[arg-type] - any number
            rev_byteorder=True,
            prefer_bgrx=False,
            draw_annots=not bare,
            may_draw_forms=not bare,
        )
        return _png(bitmap)
    finally:
        page.close()


def _png(bitmap: pdfium.PdfBitmap) -> bytes:
    """Lines of red, green and blue, each after its filter, which is none."""
    pixels = bitmap.to_numpy()[:, :, :3]
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

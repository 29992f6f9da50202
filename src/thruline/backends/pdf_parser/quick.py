"""Questions to the engine that are asked for every word: a third of the usual price of a call.

ctypes checks and converts each argument against a function's declaration, and lets go of the interpreter's lock around
it. Here are the same functions without either: what is given to them has to be right, handles and `byref`s.
"""

from __future__ import annotations

import ctypes
from typing import Any

from pypdfium2 import raw


def _bare(function: Any, returns: Any = ctypes.c_int) -> Any:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(returns)(address)


loose_char_box = _bare(raw.FPDFText_GetLooseCharBox)
char_angle = _bare(raw.FPDFText_GetCharAngle, ctypes.c_float)
char_matrix = _bare(raw.FPDFText_GetMatrix)
char_font_size = _bare(raw.FPDFText_GetFontSize, ctypes.c_double)
object_type = _bare(raw.FPDFPageObj_GetType)
object_bounds = _bare(raw.FPDFPageObj_GetBounds)
object_matrix = _bare(raw.FPDFPageObj_GetMatrix)
object_fill = _bare(raw.FPDFPageObj_GetFillColor)
text_font_size = _bare(raw.FPDFTextObj_GetFontSize)
text_render_mode = _bare(raw.FPDFTextObj_GetTextRenderMode)

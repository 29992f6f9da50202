"""Text that was written before UTF-8 was everywhere: which encoding it is in, told by what the bytes would spell.

Other scripts are told by resiliparse's detector. It often takes one Western encoding for another, so between those the
letters decide: a word of `fran\u2021ais` or `Stra\xe1e` is spelt by nobody.
"""

from __future__ import annotations

import re

from thruline.core.decoding import is_legacy

_SAMPLE = 50_000
_WESTERN = ("cp1252", "cp850", "mac-roman")
_OTHER_SCRIPTS = frozenset(
    (
        *("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "cp1253", "iso8859-7", "cp1255", "iso8859-8", "cp1256"),
        *("cp874", "iso8859-11", "shift_jis", "euc_jp", "iso2022_jp", "gb18030", "big5"),
    )
)
_CENTRAL = frozenset(("cp1250", "iso8859-2", "cp1254", "cp1257", "cp1258"))
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_HANGUL = re.compile("[가-힣]{2,}")
_OPENING = "«„“\u2018¿¡\u2013—§©£€"
_CLOSING = "»“”\u2019"
_COMMON = re.compile(
    rf"[áéíóúñäöüßèàêåąęłśżšř]|(?<!\w)[{_OPENING}](?!_)|(?<=[\w.,;!?])[{_CLOSING}](?!\w)"
    r"|(?<=\w)[…°](?!\w)|(?<=[a-zA-Z])\u2019(?=[a-z])"
)
_POSSIBLE = re.compile(
    r"[ß-ïñ-öø-üÿćčďěğıńňőşťůűźžœ]"
    r"|(?<![a-zß-ÿ])[À-ÖØ-ÞĄĆČĎĘĚĞİŁŃŇŐŘŚŞŠŤŮŰŹŻŽŒ]"  # a capital that follows no small letter
)


def as_utf8(data: bytes) -> bytes:
    """The same text in UTF-8; bytes that are no text of an older encoding stay as they are."""
    if not is_legacy(data):
        return data
    return data.decode(_encoding(_sample(data)), "replace").encode()


def _sample(data: bytes) -> bytes:
    """What to judge by: from shortly before the first byte that is not ASCII, cut between lines."""
    high = re.search(rb"[\x80-\xff]", data)
    first = high.start() if high else 0
    start = max(data.rfind(b"\n", 0, first) + 1, first - 1000)
    end = data.find(b"\n", start + _SAMPLE, start + 2 * _SAMPLE)
    return data[start : end if end > 0 else start + 2 * _SAMPLE]


def _encoding(sample: bytes) -> str:
    from resiliparse.parse.encoding import detect_encoding

    told = detect_encoding(sample)
    if told in _OTHER_SCRIPTS:
        return told
    if _is_korean(sample):
        return "cp949"
    nearby = (told,) if told in _CENTRAL else ()
    return max((*_WESTERN[:1], *nearby, *_WESTERN[1:]), key=lambda name: _spelt(sample, name))


def _is_korean(sample: bytes) -> bool:
    """The detector knows no Korean: all of it decodes, and most of what is not ASCII is Hangul in words."""
    try:
        text = sample.decode("cp949")
    except UnicodeDecodeError:
        return False
    return sum(map(len, _HANGUL.findall(text))) > len(_FOREIGN.findall(text)) * 0.7


def _spelt(sample: bytes, name: str) -> float:
    """How many of the characters beyond ASCII stand where such a one may stand; a rarer letter counts as half."""
    text = sample.decode(name, "replace")
    seen = len(_COMMON.findall(text)) + len(_POSSIBLE.findall(_COMMON.sub("", text))) / 2
    return seen / max(len(_FOREIGN.findall(text)), 1)

"""What opens a door or moves money, beside `secrets`: addresses with a password, wallets, the hardware behind them.

| kind | proof | score |
|---|---|---|
| url | a user and a password before the host | .95 |
| wallet | base58check or bech32 checksum (Bitcoin); the shape (Ethereum) | .99, .9 |
| mac | six pairs of hexadecimal digits that name one device | .9 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thruline.core.documents import Mention, MentionKind
from thruline.data.checksums import is_base58check, is_bech32

_OPEN = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@\"'<>]{1,64}:[^\s/@\"'<>]{1,128}@[\w.-]+(?::\d+)?(?:/[^\s\"'<>]*)?",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"(?:user(?:name)?|name|login|me|foo|\w*example\w*|[{$%])[^\s@]*:(?:pass(?:word)?|secret|pw|bar|[{$%*]|\w*example)",
    re.IGNORECASE,
)
_BITCOIN = re.compile(r"[13](?<!\w.)[1-9A-HJ-NP-Za-km-z]{25,34}\b")
_SEGWIT = re.compile(r"\b(?:bc1|BC1)[0-9A-Za-z]{11,71}\b")
_ETHEREUM = re.compile(r"\b0x[0-9a-fA-F]{40}\b")
_MAC = re.compile(
    r"[0-9a-f](?<![\w:-].)[0-9a-f](?P<by>[:-])[0-9a-f]{2}(?:(?P=by)[0-9a-f]{2}){4}(?![\w:-])", re.IGNORECASE
)


def open_addresses(text: str, _: str) -> Iterator[Mention]:
    """Addresses that carry a user and a password; those of examples score .2."""
    for found in _OPEN.finditer(text) if "://" in text and "@" in text else ():
        example = _EXAMPLE.match(found[0].partition("://")[2])
        yield _mention("url", found, found[0], 0.2 if example else 0.95)


def wallets(text: str, _: str) -> Iterator[Mention]:
    """Bitcoin and Ethereum addresses."""
    yield from (_mention("wallet", m, m[0], 0.99) for m in _BITCOIN.finditer(text) if is_base58check(m[0]))
    if "bc1" in text or "BC1" in text:
        yield from (_mention("wallet", m, m[0].lower(), 0.99) for m in _SEGWIT.finditer(text) if is_bech32(m[0]))
    if "0x" in text:
        yield from (_mention("wallet", m, m[0].lower(), 0.9) for m in _ETHEREUM.finditer(text) if len(set(m[0])) > 6)


def devices(text: str, _: str) -> Iterator[Mention]:
    """MAC addresses, without the broadcast address and the empty one."""
    for found in _MAC.finditer(text):
        value = re.sub(r"\W", "", found[0]).lower()
        if value not in ("f" * 12, "0" * 12):
            yield _mention("mac", found, value, 0.9)


def _mention(kind: MentionKind, found: re.Match[str], value: str, score: float) -> Mention:
    return Mention(kind=kind, start=found.start(), end=found.end(), value=value, score=score)

"""What opens a door or moves money: secrets, addresses with a password in them, wallets, and the hardware behind them.

| kind | proof | score |
|---|---|---|
| secret | an issuer's prefix and length; a private key's frame | .95 |
| | after `password:`, `api_key =` and the like, unless it is a placeholder or a program's expression | .8 |
| url | a user and a password before the host | .95 |
| wallet | base58check or bech32 checksum (Bitcoin); the shape (Ethereum) | .99, .9 |
| mac | six pairs of hexadecimal digits that name one device | .9 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thruline.core.documents import Mention, MentionKind
from thruline.data.checksums import is_base58check, is_bech32

# Prefixes as their issuers document them (secret scanning of GitHub and GitLab lists the same).
_ISSUED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (begins, re.compile(rf"(?<![\w-]){shape}(?![\w])"))
    for begins, shape in (
        ("AKIA", r"AKIA[0-9A-Z]{16}"),
        ("ASIA", r"ASIA[0-9A-Z]{16}"),
        ("gh", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
        ("github_pat_", r"github_pat_\w{40,255}"),
        ("glpat-", r"glpat-[\w-]{20,64}"),
        ("sk-", r"sk-(?:proj-|ant-|svcacct-)?[\w-]{20,200}"),
        ("_live_", r"[rs]k_live_[A-Za-z0-9]{16,99}"),
        ("_test_", r"[rs]k_test_[A-Za-z0-9]{16,99}"),
        ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,200}"),
        ("AIza", r"AIza[\w-]{35}"),
        ("SG.", r"SG\.[\w-]{16,32}\.[\w-]{32,64}"),
        ("hf_", r"hf_[A-Za-z0-9]{30,60}"),
        ("npm_", r"npm_[A-Za-z0-9]{36}"),
        ("pypi-", r"pypi-[\w-]{50,250}"),
        ("eyJ", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"),
        ("PRIVATE KEY", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]+-----)?"),
    )
)
_WORDS = (
    "password", "passwd", "passwort", "kennwort", "mot de passe", "contraseña", "passphrase", "pwd", "api key",
    "api_key", "apikey", "api-key", "secret key", "secret_key", "secret-key", "access key", "access_key", "access-key",
    "access token", "access_token", "auth token", "auth_token", "client secret", "client_secret",
)  # fmt: skip
_SAID = re.compile(
    r"[\"']?\s?(?::|=|\bis\b|\bist\b|\best\b|\blautet\b|\bes\b)\s{0,2}[\"'`]?"
    r"(?P<secret>[^\s\"'`<>(){}\[\],;$]{4,128}+)(?![(\[])"
)
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


def secrets(text: str, lowered: str) -> Iterator[Mention]:
    """Keys by their issuer's prefix, and what follows the word for a secret. The value is the secret itself."""
    for begins, shape in _ISSUED:
        if begins in text:
            for found in shape.finditer(text):
                yield _mention("secret", found, found[0], 0.95)
    for word in _WORDS:
        at = lowered.find(word)
        while at >= 0:
            at += len(word)
            found = _SAID.match(text, at)
            if found and _is_chosen(secret := found["secret"].rstrip(".!?")):
                start = found.start("secret")
                yield Mention(kind="secret", start=start, end=start + len(secret), value=secret, score=0.8)
            at = lowered.find(word, at)


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


def _is_chosen(secret: str) -> bool:
    """Somebody's secret, not a placeholder, a word of prose or a name in a program."""
    kinds = sum(bool(re.search(kind, secret)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    masked = len(set(secret)) < 4 or "xxx" in secret.lower() or "***" in secret or "..." in secret
    path = re.fullmatch(r"[A-Za-z_]+(?:[._/:-][A-Za-z_]+)*", secret)
    return any(c.isdigit() for c in secret) and kinds >= 2 and not masked and path is None


def _mention(kind: MentionKind, found: re.Match[str], value: str, score: float) -> Mention:
    return Mention(kind=kind, start=found.start(), end=found.end(), value=value, score=score)

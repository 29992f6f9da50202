"""Secrets: keys by the form that their issuer gives them, and what follows the word for a secret.

| proof | score |
|---|---|
| a checksum, a signature's frame, a key that opens | .99 |
| an issuer's prefix and length | .95 |
| after `password:`, `api_key =` and the like, where it looks chosen, or drawn at random | .8 |

What stands for a secret in a manual is none: `AKIAIOSFODNN7EXAMPLE`, `xxxx`, `<your-key>`, `changeme`, `${TOKEN}`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from thruline.core.documents import Mention
from thruline.data.secret_forms import FORMS
from thruline.data.surprise import surprise

SAID = 0.8
_PASSWORDS = ("password", "passwd", "passwort", "kennwort", "mot de passe", "contraseña", "passphrase", "pwd")
_KEYS = (
    "secret", "token", "api key", "api_key", "apikey", "api-key", "access key", "access_key", "accesskey", "access-key",
    "private_key", "auth_key", "credential", "encryption_key", "signing_key", "account_key", "accountkey",
)  # fmt: skip
# What is called so and is no secret: places, sizes, names of things, marks of pages and of vocabularies.
_OTHER = re.compile(
    r"::|:\d|next|page|continu|cursor|sync|csrf|xsrf|\b(?:pad|eos|bos|sep|cls|mask|unk|end|start|stop)[_ ]|vocab|public"
    r"|(?:_id|id|_name|name|_?urls?|_?uri|_file|_path|_type|_len|_length|_size|_count|_index|_hash|_digest|_arn|_class"
    r"|_re|regex|pattern|prefix|_field|_label|_hint|_help|_error|_policy|_version|_state|_at|_on|_date|manager)$"
)
_NAME = re.compile(r"[\w:-]{0,40}$")
_SAID = re.compile(
    r"(?P<rest>[\w-]{0,24})[\"'`*]{0,3}\]?[ \t]{0,3}(?::=|=>|==?|:|\||\bis\b|\bist\b|\best\b|\blautet\b|\bes\b)"
    r"[*]{0,2}[ \t]{0,3}(?:<\w{1,8}>)?[bru]?[\"'`]?(?P<secret>[^\s\"'`<>(){}\[\],;$]{4,256}+)(?![(\[])"
)
_STANDS_FOR = re.compile(
    r"example|placeholder|change.?(?:me|it)|your|insert|replace|dummy|redact|secret.?here|1234567|abcdef(?!\d)|qwert"
    r"|hunter2|correct.?horse|not.?(?:set|real|secret)|\*{3}|\.{3}|\u2026|x{4}|^[%@/~\\]|://|^arn:|:$|(.)\1{5}"
    r"|(?<![a-z])(?:test|foo|bar|foobar|sample|fake|mock|none|null|true|false|x{3})(?![a-z])|^\d{4}-\d\d-\d\d",
    re.IGNORECASE,
)
_RANDOM_LENGTH = 16
_BITS = 7.5  # a letter, after the two before it: 99 of 100 strings drawn from any alphabet have more, names have less
_HEX = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")
_HEX_BITS = 2.9  # a letter by its frequency, which digits are judged by: no model of English knows them
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # a name more often than a key


class _After(NamedTuple):
    """What is said after a word for a secret. name: the word with what it is part of, in lower case."""

    name: str
    secret: str
    start: int


def secrets(text: str, lowered: str) -> Iterator[Mention]:
    """Keys and passwords; the value is the secret itself."""
    for form in FORMS:
        for found, score in form.found(text):
            if not _is_example(found[0]):
                yield Mention(kind="secret", start=found.start(), end=found.end(), value=found[0], score=score)
    for words, is_one in ((_PASSWORDS, _is_chosen), (_KEYS, _is_drawn)):
        for said in _said(text, lowered, words):
            if not _OTHER.search(said.name) and not _STANDS_FOR.search(said.secret) and is_one(said):
                end = said.start + len(said.secret)
                yield Mention(kind="secret", start=said.start, end=end, value=said.secret, score=SAID)


def _said(text: str, lowered: str, words: tuple[str, ...]) -> Iterator[_After]:
    for word in words:
        at = lowered.find(word)
        while at >= 0:
            end = at + len(word)
            if found := _SAID.match(text, end):
                before = _NAME.search(lowered, max(0, at - 40), at)
                name = f"{before[0] if before else ''}{word}{found['rest'].lower()}"
                secret = found["secret"]
                value = secret if secret.endswith("...") else secret.rstrip(".!?")
                yield _After(name, value, found.start("secret"))
            at = lowered.find(word, end)


def _is_example(key: str) -> bool:
    """A key of a manual: it says so, or nobody drew it."""
    return "EXAMPLE" in key.upper() or "xxxx" in key.lower() or len(set(key)) < 10 or "1234567890" in key


def _is_chosen(said: _After) -> bool:
    """Somebody's password, not a word of prose or a name in a program."""
    secret = said.secret
    path = re.fullmatch(r"[A-Za-z_]+(?:[._/:-][A-Za-z_]+)*", secret)
    return any(c.isdigit() for c in secret) and _kinds(secret) >= 2 and len(set(secret)) >= 4 and path is None


def _is_drawn(said: _After) -> bool:
    """Drawn at random: long, and like no word."""
    secret = said.secret
    if len(secret) < _RANDOM_LENGTH or _kinds(secret) < 2 or (_UUID.fullmatch(secret) and "key" not in said.name):
        return False
    if _HEX.fullmatch(secret):
        return _entropy(secret) >= _HEX_BITS
    return surprise(secret.lower().encode(errors="replace")) >= _BITS


def _kinds(secret: str) -> int:
    """How many of small letters, capitals, digits and the rest are in it."""
    return sum(bool(re.search(kind, secret)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))


def _entropy(text: str) -> float:
    """Bits a letter, by how often each occurs (Shannon 1948)."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())

"""How a token looks: a pseudonym such as `PERSON-7F3K2`, or the form of what it stands for, drawn at random.

Random, not encrypted: who knows every key of a home learns nothing from a token once the vault has forgotten it
(docs/decisions/0015-random-tokens-and-a-vault.md).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from thruline.data.digits import is_luhn

# Forms that have room for a token of their own; the others have no form to keep, or too few values.
FORMED = frozenset((
    "card", "iban", "phone", "ssn", "national_id", "tax_id", "passport", "licence", "plate", "health_id", "vat",
    "account", "imei",
))  # fmt: skip
_LUHN = ("card", "imei")
_CALLED = {"name": "PERSON", "declared": "PERSON", "organisation": "ORG"}
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that are mistaken for one another
_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORTEST = 5
_TRIES = 64  # draws of a form before a pseudonym is taken instead: a plate has few letters


def compact(text: str) -> str:
    """The letters and digits alone, in capitals: tokens and what they stand for compare by these."""
    return "".join(c for c in text if c.isalnum()).upper()


def drawn(kind: str, said: str, *, formed: bool) -> Iterator[str]:
    """Tokens for something of a kind, one after another until one is free; for ever.

    formed: of its length and its classes of characters. Cards and devices then fail Luhn's check, and an IBAN has 00
    as check digits, which no bank gives: such a token is never somebody's number.
    """
    for _ in range(_TRIES if formed else 0):
        token = _of_form(kind, compact(said))
        if token != compact(said) and not (kind in _LUHN and is_luhn(token)):
            yield token
    name, length = _CALLED.get(kind, kind.replace("_", "").upper()), _SHORTEST
    while True:
        yield f"{name}-{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"
        length += 1


def laid_over(token: str, said: str) -> str:
    """A token as it stands in a text: with the separators and the case of what it replaces, where it has its form."""
    if len(token) != len(compact(said)):
        return token
    signs = iter(token)
    return "".join(_cased(next(signs), c) if c.isalnum() else c for c in said)


def _of_form(kind: str, said: str) -> str:
    token = "".join(_like(c) for c in said)
    return f"{said[:2]}00{token[4:]}" if kind == "iban" else token


def _like(char: str) -> str:
    if not char.isascii():
        return char
    return secrets.choice(_DIGITS if char.isdigit() else _LETTERS)


def _cased(sign: str, model: str) -> str:
    return sign.lower() if model.islower() else sign

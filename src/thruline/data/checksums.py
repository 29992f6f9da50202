"""Checksums of personal numbers: each says whether the number could have been issued.

Numbers come without separators, in the shape that the rule before has seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from thruline.data.digits import is_luhn

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
# Values of the characters at odd places of a codice fiscale: 0-9, then A-Z (decree of 12 March 1974).
_FISCALE_ODD = (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
)  # fmt: skip


def is_nhs(number: str) -> bool:
    """NHS number: weights 10..2, modulo 11."""
    check = 11 - _weighted(number, range(10, 1, -1)) % 11
    return len(number) == 10 and check != 10 and check % 11 == int(number[9])


def is_kvnr(number: str) -> bool:
    """German health insurance number: a letter and nine digits, the last by modulo 10."""
    digits = f"{ord(number[0].upper()) - 64:02}{number[1:]}"
    products = [int(d) * (1 + i % 2) for i, d in enumerate(digits[:10])]
    return sum(p // 10 + p % 10 for p in products) % 10 == int(digits[10])


def is_steuer_id(number: str) -> bool:
    """German tax id: ISO 7064 modulo 11,10; of the first ten digits one stands there two or three times."""
    repeated = [number[:10].count(d) for d in set(number[:10])]
    return number[0] != "0" and sorted(repeated)[-1] in (2, 3) and _is_mod_11_10(number)


def is_german_vat(number: str) -> bool:
    """The nine digits of a German VAT id: ISO 7064 modulo 11,10."""
    return len(number) == 9 and _is_mod_11_10(number)


def is_nir(number: str) -> bool:
    """French social security number: thirteen places and their key modulo 97; Corsica writes letters."""
    body = number[:13].upper().replace("2A", "19").replace("2B", "18")
    return body.isdigit() and 97 - int(body) % 97 == int(number[13:])


def is_dni(number: str) -> bool:
    """Spanish DNI or NIE: the letter is the number modulo 23."""
    digits = number[:-1].upper().translate(str.maketrans("XYZ", "012"))
    return digits.isdigit() and _DNI[int(digits) % 23] == number[-1].upper()


def is_fiscale(number: str) -> bool:
    """Italian codice fiscale: the last letter checks the fifteen before it."""
    places = [int(c, 36) for c in number[:15].upper()]
    odd = sum(_FISCALE_ODD[p] for p in places[::2])
    even = sum(p if p < 10 else p - 10 for p in places[1::2])
    return chr(65 + (odd + even) % 26) == number[15].upper()


def is_bsn(number: str) -> bool:
    """Dutch citizen number: the eleven test."""
    total = _weighted(number, range(9, 1, -1)) - int(number[8])
    return total > 0 and total % 11 == 0


def is_pesel(number: str) -> bool:
    """Polish citizen number: a date of birth, weights 1 3 7 9, modulo 10."""
    month = int(number[2:4]) % 20
    total = _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))
    return _is_day(2000, month, int(number[4:6])) and (10 - total % 10) % 10 == int(number[10])


def is_nip(number: str) -> bool:
    """Polish tax number: weights 6 5 7 2 3 4 5 6 7, modulo 11."""
    return number != "0" * 10 and _weighted(number, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(number[9])


def is_personnummer(number: str) -> bool:
    """Swedish personal number: a date of birth (day + 60 for a coordination number) and Luhn over ten digits."""
    ten = number[-10:]
    return _is_day(2000, int(ten[2:4]), int(ten[4:6]) % 60) and is_luhn(ten)


def is_utr(number: str) -> bool:
    """British taxpayer reference: the first digit checks the other nine, modulo 11."""
    return "21987654321"[_weighted(number[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11] == number[0]


def is_routing(number: str) -> bool:
    """American bank routing number: weights 3 7 1, modulo 10."""
    return number != "0" * 9 and _weighted(number, (3, 7, 1) * 3) % 10 == 0


def is_imei(number: str) -> bool:
    """Device number of fifteen digits: Luhn."""
    return len(set(number)) > 2 and is_luhn(number)


def is_machine_readable(line: str) -> bool:
    """Second line of a passport (ICAO 9303): number, birth and expiry each followed by their check digit."""
    return all(_icao(line[a:b]) == line[b] for a, b in ((0, 9), (13, 19), (21, 27)))


def is_base58check(address: str) -> bool:
    """Bitcoin address of the older kinds: four bytes of a double SHA-256 at its end."""
    number = 0
    for character in address:
        number = number * 58 + _BASE58.index(character)
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def is_bech32(address: str) -> bool:
    """Bitcoin address of the newer kinds: the checksum of BIP 173, or that of BIP 350."""
    prefix, _, data = address.lower().rpartition("1")
    if not all(c in _BECH32 for c in data):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, step in enumerate(_BECH32_STEPS):
            check ^= step if top >> i & 1 else 0
    return check in (1, 0x2BC830A3)


def _weighted(number: str, weights: Sequence[int]) -> int:
    return sum(int(d) * w for d, w in zip(number, weights, strict=False))


def _is_mod_11_10(number: str) -> bool:
    product = 10
    for digit in number[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def _icao(field: str) -> str:
    values = (0 if c == "<" else int(c, 36) for c in field)
    return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

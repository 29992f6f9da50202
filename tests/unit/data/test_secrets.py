"""Secrets are told by what proves them; what stands for one in a manual, and what only looks random, is left alone.

No key here was ever issued, but for one that GitHub shows as an example.
"""

from __future__ import annotations

import base64
import json
import random
import string
import time
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.privacy import find_mentions
from thruline.data.secret_forms import base62, has_crc

LETTERS = string.ascii_letters + string.digits


def found(text: str) -> list[str]:
    return [m.value for m in find_mentions(text) if m.kind == "secret"]


def drawn(length: int, alphabet: str = LETTERS, seed: int = 3) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


def token(prefix: str) -> str:
    body = drawn(30)
    return prefix + body + base62(zlib.crc32(body.encode()))


def jwt(**body: str) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, body)]
    return ".".join((*(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts), drawn(43)))


def key() -> str:
    made = ed25519.Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_token_of_github_or_npm_is_proved_by_its_checksum():
    assert has_crc("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")  # shown in GitHub's own documentation
    for prefix in ("ghp_", "gho_", "npm_"):
        real = token(prefix)
        assert found(f"the key is {real}, see") == [real]
        assert found(f"see {real[:-1]}{'A' if real[-1] != 'A' else 'B'} there") == []


@given(st.text(LETTERS, min_size=30, max_size=30))
def test_any_change_of_one_letter_breaks_the_checksum(body: str):
    whole = "ghp_" + body + base62(zlib.crc32(body.encode()))
    assert has_crc(whole)
    other = "a" if body[7] != "a" else "b"
    assert not has_crc(whole[:11] + other + whole[12:])


def test_a_web_token_is_one_when_its_head_and_body_are():
    real = jwt(sub="ann", iss="shop")
    assert found(f"Authorization: Bearer {real}") == [real]
    assert found(jwt(sub="1234567890")) == []  # the one that manuals show
    assert found(f"eyJ{drawn(20)}.eyJ{drawn(20)}.{drawn(30)}") == []


def test_a_private_key_is_one_when_something_stands_in_its_frame():
    assert len(found(f"kept here:\n{key()}\nand no more")) == 1
    assert len(found('pem = "' + key().replace("\n", "\\n") + '"')) == 1
    for body in ("...", "MIIE...", "<your key>", "A" * 64):
        assert found(f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----") == []


@pytest.mark.parametrize(
    "line",
    ["DB_PASSWORD=Maple-4471", "password: 'harbour_88!'", "| wifi password | `Gull-Tern-29` |", "Das Passwort lautet Segel.1908",
     f"aws_secret_access_key = {drawn(40, LETTERS + '/+')}", f"api_key: {drawn(32, '0123456789abcdef')}",
     f'"clientSecret": "{drawn(24)}"', f"**Token:** {drawn(28)}", f"AccountKey={drawn(86)}=="],
)  # fmt: skip
def test_what_follows_the_word_for_a_secret_is_one_where_it_looks_chosen_or_drawn(line: str):
    assert len(found(line)) == 1


@pytest.mark.parametrize(
    "line",
    ["AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "api_key = 'xxxxxxxxxxxxxxxx'", "password: <your-password-1>",
     'password = "changeme1"', "token=${API_TOKEN_1}", "token = {{ vault.key1 }}", "secret: %(secret_1)s",
     "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "password: ********", "the password is at least 12 characters",
     "next_token: " + drawn(40), "csrf_token = " + drawn(40), "token_id: " + drawn(32, "0123456789abcdef"),
     "client_token: 447e55ac-2396-4c6d-b9f9-86b67c17f8b5", "secret = base64.b64encode(data1)", "max_tokens = 4096",
     "secret: arn:aws:secretsmanager:us-west-2:111122223333:secret:mySecret1", "password_hash = hmac_sha256_b64_v2",
     "token: /run/secrets/database_token_2", "sk-toggleable__control-2-label-arrow", "PasswordLastUsed: 2016-09-24T16:18:07Z"],
)  # fmt: skip
def test_what_stands_for_a_secret_in_a_manual_is_none(line: str):
    assert found(line) == []


@pytest.mark.parametrize(
    "unit", ["password", "token: ", "-----BEGIN PRIVATE KEY-----", "eyJa", "secret=" + "a1" * 40 + " ", "api_key is "]
)
def test_hostile_repetitions_take_no_time(unit: str):
    began = time.process_time()
    find_mentions(unit * (200_000 // len(unit)))
    assert time.process_time() - began < 3

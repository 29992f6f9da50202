"""The forms of issued keys: how each begins, its shape, and what proves it.

Shapes as the issuers document them, or as their own scanners look for them. A token of GitHub or npm carries the CRC-32
of what goes before it (GitHub, "Behind GitHub's new authentication token formats", 2021), a key of age is bech32, a
token of PyPI is a macaroon for its site, a JSON Web Token is two objects, and a private key opens as DER does.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from thruline.data.checksums import is_bech32

PROVED, ISSUED = 0.99, 0.95
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = 6  # letters of the checksum
_SITES = ("AgEIcHlwaS5vcmc", "AgENdGVzdC5weXBpLm9yZw")  # the index, and the one for trials: so a macaroon begins
_DER, _OPENSSH, _SHORTEST_KEY = "M", "b3BlbnNzaC1rZXkt", 60  # of an Ed25519 key: 64 letters of base64
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_JOHN_DOE = "1234567890"  # the subject of the token that every page about JSON Web Tokens shows


class Form(NamedTuple):
    """A kind of key. begins: what stands in it, whatever else does; proof: whether one of this shape can be one."""

    begins: str
    shape: re.Pattern[str]
    proof: Callable[[str], bool] | None = None

    def found(self, text: str) -> Iterator[tuple[re.Match[str], float]]:
        """Each in the text that is not disproved, with its score."""
        if self.begins in text:
            for match in self.shape.finditer(text):
                if self.proof is None or self.proof(match[0]):
                    yield match, PROVED if self.proof else ISSUED


def has_crc(token: str) -> bool:
    """Whether its last six letters are the CRC-32, to base 62, of what stands between the prefix and them."""
    body = token.partition("_")[2]
    return base62(zlib.crc32(body[:-_CHECK].encode())) == body[-_CHECK:]


def base62(number: int) -> str:
    """Six letters: digits, capitals, small ones."""
    letters = ""
    for _ in range(_CHECK):
        number, rest = divmod(number, 62)
        letters = _BASE62[rest] + letters
    return letters


def _is_macaroon(token: str) -> bool:
    return token.partition("-")[2].startswith(_SITES)


def _is_jwt(token: str) -> bool:
    """Its head names an algorithm, its body is an object, and not the one of the textbooks."""
    try:
        head, body = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    except (binascii.Error, ValueError):
        return False
    return isinstance(head, dict) and "alg" in head and isinstance(body, dict) and body.get("sub") != _JOHN_DOE


def _is_private_key(frame: str) -> bool:
    """What stands in the frame is a key: DER, OpenSSH's own form, or encrypted; not three dots."""
    head, _, body = frame.partition("KEY")
    letters = "".join(_BASE64.findall(body.replace("\\n", "\n").replace("\\r", "")))
    opens = letters.startswith((_DER, _OPENSSH)) or "ENCRYPTED" in body or "PGP" in head
    return opens and len(letters) >= _SHORTEST_KEY and len(set(letters)) > 20


def _form(begins: str, shape: str, proof: Callable[[str], bool] | None = None) -> Form:
    return Form(begins, re.compile(rf"(?<![\w/+-])(?:{shape})(?![\w/+])"), proof)


FORMS: tuple[Form, ...] = (
    *(_form(f"gh{kind}_", rf"gh{kind}_[A-Za-z0-9]{{36}}", has_crc) for kind in "pousr"),
    _form("github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _form("npm_", r"npm_[A-Za-z0-9]{36}", has_crc),
    _form("pypi-Ag", r"pypi-[\w-]{50,2000}", _is_macaroon),
    _form("eyJ", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}", _is_jwt),
    Form("PRIVATE KEY", re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[^\0]{0,9000}?(?:-----END|\Z)"), _is_private_key),
    _form("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", is_bech32),
    _form("AKIA", r"AKIA[A-Z2-7]{16}"),
    _form("ASIA", r"ASIA[A-Z2-7]{16}"),
    _form("AIza", r"AIza[\w-]{35}"),
    _form("GOCSPX-", r"GOCSPX-[\w-]{28}"),
    _form("ya29.", r"ya29\.[\w-]{40,300}"),
    _form("AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _form("glpat-", r"glpat-[\w-]{20,64}(?:\.[\w.]{9,12})?"),
    _form("T3BlbkFJ", r"sk-[\w-]{20,120}T3BlbkFJ[\w-]{20,120}"),
    _form("sk-ant-", r"sk-ant-(?:api|admin|oat)\d\d-[\w-]{80,120}"),
    _form("sk-or-v1-", r"sk-or-v1-[0-9a-f]{64}"),
    _form("sk-", r"sk-[A-Za-z0-9]{32,64}"),
    *(_form(f"{kind}_live_", rf"{kind}_live_[A-Za-z0-9]{{16,247}}") for kind in ("sk", "rk")),
    *(_form(f"{kind}_test_", rf"{kind}_test_[A-Za-z0-9]{{16,247}}") for kind in ("sk", "rk")),
    _form("whsec_", r"whsec_[A-Za-z0-9+/]{32,64}={0,2}"),
    _form("xox", r"xox[abeoprs]-(?:\d+-){1,4}[A-Za-z0-9-]{16,200}"),
    _form("xapp-", r"xapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[a-f0-9]{64}"),
    _form("hooks.slack.com", r"https://hooks\.slack\.com/(?:services|workflows)/T\w{8,}/[AB]\w{8,}/(?:\d+/)?\w{24}"),
    _form("/api/webhooks/", r"https://discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,80}"),
    _form("SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
    _form("hf_", r"hf_[A-Za-z0-9]{34}"),
    _form("dop_v1_", r"do[oprt]_v1_[a-f0-9]{64}"),
    _form("shpat_", r"shpat_[a-fA-F0-9]{32}"),
    _form("dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    _form("hvs.", r"hvs\.[\w-]{24,200}"),
    _form("ATATT3", r"ATATT3[\w-]{150,250}=[A-F0-9]{8}"),
    _form("dckr_pat_", r"dckr_pat_[\w-]{27}"),
    _form("glsa_", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}"),
    _form("rubygems_", r"rubygems_[a-f0-9]{48}"),
    _form("PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _form("NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _form("sq0", r"sq0(?:atp-[\w-]{22}|csp-[\w-]{43})"),
    _form(":AA", r"\d{8,10}:AA[\w-]{33}"),
    _form("-us", r"[0-9a-f]{32}-us\d{1,2}"),
    _form("SK", r"SK[0-9a-f]{32}"),
)  # fmt: skip

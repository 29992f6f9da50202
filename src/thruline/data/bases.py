"""Legal bases: which of the six of GDPR article 6(1) a source states in its words, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from thruline.core.errors import Invalid

Basis = Literal[
    "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"
]  # in the order of the letters of article 6(1)
BASES: tuple[Basis, ...] = get_args(Basis)
OPTION = "basis"
WORDS = tuple(basis.replace("_", " ") for basis in BASES)
Why = Literal["waiting", "withdrawn", "objected"]
# Article 21(1) gives no right to object to these. Consent is not among them: who objects to what they allowed
# withdraws it. Nor is a basis that nobody stated: it cannot be held against a person.
FIRM: frozenset[Basis] = frozenset(("contract", "legal_obligation", "vital_interests"))
MARKETING = frozenset(("marketing", "direct-marketing", "direct_marketing"))  # article 21(2), (3): whatever the basis

_BEGINS: Mapping[Basis, str] = {
    "consent": r"(explicit |express )?consent", "contract": r"contract|performance of (a|the) contract",
    "legal_obligation": r"legal obligations?", "vital_interests": r"vital interests?",
    "public_task": r"public (task|interest)|official authority", "legitimate_interests": r"legitimate interests?",
}  # fmt: skip
_BEGIN: Mapping[Basis, re.Pattern[str]] = {basis: re.compile(rf"({pattern})\b") for basis, pattern in _BEGINS.items()}
_LETTER = re.compile(r"\b6 ?\(?1\)? ?(?:lit\.?|letter|point)? ?\(?([a-f])\b")


class Standing(NamedTuple):
    """What is in force of what a person said about a purpose. consent: empty where they said nothing of it."""

    consent: Literal["", "given", "withdrawn", "expired"] = ""
    objected: bool = False


SILENT = Standing()


def basis_of(said: str) -> Basis | None:
    """The basis that a text begins with, as `consent, form of 2025`, or whose article it names, as `art. 6(1)(f)`."""
    text = " ".join(re.sub(r"[_\-\s]+", " ", said).casefold().split())
    for basis, begins in _BEGIN.items():
        if begins.match(text):
            return basis
    article = _LETTER.search(text)
    return BASES["abcdef".index(article[1])] if article else None


def checked(said: str) -> Basis:
    """The basis that a text states; raises Invalid where it states none."""
    if (basis := basis_of(said)) is None:
        raise Invalid(
            f"{said[:80]!r} states no legal basis",
            hint=f"begin with one of: {', '.join(WORDS)}; or name the article, as art. 6(1)(f)",
        )
    return basis


def why_barred(basis: Basis | None, standing: Standing, purpose: str) -> Why | None:
    """Why a record may not be used for a purpose because of one person in it, None where it may.

    basis: in force for that person. A withdrawal holds whatever the basis is.
    """
    if standing.consent == "withdrawn":
        return "withdrawn"
    if standing.objected and (basis not in FIRM or purpose in MARKETING):
        return "objected"
    return "waiting" if basis == "consent" and standing.consent != "given" else None

"""Which addresses are taken, and which hold what must not be kept in the clear."""

from __future__ import annotations

import pytest

from thruline.core.errors import Invalid
from thruline.data.patience import patience
from thruline.data.places import place_of


@pytest.mark.parametrize(
    "address",
    ["https://token@wiki.example.org/", "git+https://token@git.example.org/x.git", "postgresql://me:secret@db/shop",
     "push://name:secret@x", "https://[::1/x", "ftp://example.org/"],
)  # fmt: skip
def test_an_address_with_a_secret_or_without_sense_is_refused(address: str):
    with pytest.raises(Invalid):
        place_of(address)


@pytest.mark.parametrize(
    ("address", "kind"),
    [("https://wiki.example.org/a", "web"), ("git+ssh://git@git.example.org/x.git", "git"), ("postgresql://me@db/shop", "sql"),
     ("s3://bucket/prefix", "s3"), ("imaps://me@mail.example.org/INBOX", "mail"), ("push://crm", "push"),
     ("dlt://crm.sources:contacts", "dlt")],
)  # fmt: skip
def test_an_address_says_its_kind(address: str, kind: str):
    assert place_of(address) == (kind, address)


@pytest.mark.parametrize("rate", ["nan", "inf", "1e-320", "-1", "fast"])
def test_a_rate_that_cannot_be_meant_is_refused(rate: str):
    with pytest.raises(Invalid):
        patience({"rate": rate})

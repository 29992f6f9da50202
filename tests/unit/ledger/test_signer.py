"""The home's key: one file, one key, for ever."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.core.errors import Corrupt
from thruline.ledger.proof import seal
from thruline.testing.memory import MemoryLedger


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    first = Ed25519Signer.open(str(path))
    assert Ed25519Signer.open(str(path)).public_key == first.public_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["signing.key"]


def test_those_that_make_it_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        signers = list(pool.map(lambda _: Ed25519Signer.open(str(tmp_path / "key")), range(8)))
    assert len({signer.public_key for signer in signers}) == 1


def test_a_signature_is_of_its_data() -> None:
    signer = Ed25519Signer(b"k" * 32)
    public = Ed25519PublicKey.from_public_bytes(signer.public_key)
    public.verify(signer.sign(b"data"), b"data")
    with pytest.raises(InvalidSignature):
        public.verify(signer.sign(b"data"), b"date")


def test_a_cut_key_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(Corrupt, match="32 bytes, not 5"):
        Ed25519Signer.open(str(tmp_path / "key"))


def test_any_ledger_can_be_sealed() -> None:
    ledger = MemoryLedger()
    event = seal(ledger, Ed25519Signer(b"k" * 32))
    assert (event.verb, event.facts["upto"], event.facts["head"]) == ("ledger.sealed", 0, "0" * 64)

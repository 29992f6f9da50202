"""What every vault promises, as tests: subclass VaultSuite and give a `vault` fixture."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thruline.core.errors import Corrupt, NotFound
from thruline.core.ids import random_id
from thruline.ports.vault import Vault

OWNER, OTHER = "subject:" + "a" * 32, "record:" + "b" * 32
ID = "chunk:" + "c" * 32


class VaultSuite:
    """Keys by owner, and encryption that is bound to an id."""

    @given(data=st.binary(max_size=2000))
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_was_encrypted_decrypts(self, vault: Vault, data: bytes) -> None:
        assert vault.decrypt(OWNER, vault.encrypt(OWNER, data, bound_to=ID), bound_to=ID) == data

    def test_the_data_does_not_show(self, vault: Vault) -> None:
        assert b"Ada Quine" not in vault.encrypt(OWNER, b"Ada Quine" * 20, bound_to=ID)

    def test_it_tells_who_has_a_key(self, vault: Vault) -> None:
        vault.encrypt(OWNER, b"Ada", bound_to=ID)
        vault.encrypt(OTHER, b"Bob", bound_to=ID)
        vault.shred([OWNER])
        assert vault.owners() == [OTHER]

    def test_the_same_data_never_looks_the_same(self, vault: Vault) -> None:
        assert len({vault.encrypt(OWNER, b"Ada", bound_to=ID) for _ in range(50)}) == 50

    def test_it_opens_only_for_its_owner_and_its_id(self, vault: Vault) -> None:
        sealed = vault.encrypt(OWNER, b"Ada", bound_to=ID)
        vault.encrypt(OTHER, b"Bob", bound_to=ID)
        with pytest.raises(Corrupt):
            vault.decrypt(OTHER, sealed, bound_to=ID)
        with pytest.raises(Corrupt):
            vault.decrypt(OWNER, sealed, bound_to=random_id("chunk"))

    @pytest.mark.parametrize("place", [0, 11, 12, -1])
    def test_a_changed_bit_is_noticed(self, vault: Vault, place: int) -> None:
        sealed = bytearray(vault.encrypt(OWNER, b"Ada Quine", bound_to=ID))
        sealed[place] ^= 1
        with pytest.raises(Corrupt):
            vault.decrypt(OWNER, bytes(sealed), bound_to=ID)

    @pytest.mark.parametrize("length", [0, 5, 12, 27])
    def test_cut_bytes_are_noticed(self, vault: Vault, length: int) -> None:
        with pytest.raises(Corrupt):
            vault.decrypt(OWNER, vault.encrypt(OWNER, b"Ada Quine", bound_to=ID)[:length], bound_to=ID)

    def test_without_its_key_data_is_gone(self, vault: Vault) -> None:
        mine, others = vault.encrypt(OWNER, b"Ada", bound_to=ID), vault.encrypt(OTHER, b"Bob", bound_to=ID)
        assert vault.shred([OWNER, random_id("subject")]) == 1
        with pytest.raises(NotFound):
            vault.decrypt(OWNER, mine, bound_to=ID)
        assert vault.decrypt(OTHER, others, bound_to=ID) == b"Bob"
        assert vault.shred([OWNER]) == 0

    def test_an_owner_who_comes_back_gets_a_new_key(self, vault: Vault) -> None:
        old = vault.encrypt(OWNER, b"Ada", bound_to=ID)
        vault.shred([OWNER])
        new = vault.encrypt(OWNER, b"Ada again", bound_to=ID)
        assert vault.decrypt(OWNER, new, bound_to=ID) == b"Ada again"
        with pytest.raises(Corrupt):
            vault.decrypt(OWNER, old, bound_to=ID)

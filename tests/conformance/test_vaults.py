"""Data keys, held to their promises on both databases."""

import pytest

from thruline.backends.local_vault import LocalVault
from thruline.core.errors import Corrupt
from thruline.testing.vault_suite import ID, OWNER, VaultSuite


class TestLocalVault(VaultSuite):
    @pytest.fixture
    def vault(self, database) -> LocalVault:
        return LocalVault(database, b"m" * 32)

    def test_two_processes_agree_on_an_owners_key(self, open_database) -> None:
        one, other = (LocalVault(open_database(), b"m" * 32) for _ in range(2))
        assert other.decrypt(OWNER, one.encrypt(OWNER, b"Ada", bound_to=ID), bound_to=ID) == b"Ada"
        assert one.decrypt(OWNER, other.encrypt(OWNER, b"Bob", bound_to=ID), bound_to=ID) == b"Bob"

    def test_a_key_that_another_process_shredded_encrypts_nothing_more(self, open_database) -> None:
        one, other = (LocalVault(open_database(), b"m" * 32) for _ in range(2))
        one.encrypt(OWNER, b"Ada", bound_to=ID)
        other.shred([OWNER])
        late = one.encrypt(OWNER, b"Ada again", bound_to=ID)
        fresh = LocalVault(open_database(), b"m" * 32)
        assert fresh.decrypt(OWNER, late, bound_to=ID) == b"Ada again"

    def test_another_master_key_opens_nothing(self, database) -> None:
        sealed = LocalVault(database, b"m" * 32).encrypt(OWNER, b"Ada", bound_to=ID)
        with pytest.raises(Corrupt):
            LocalVault(database, b"x" * 32).decrypt(OWNER, sealed, bound_to=ID)

"""Verifies a ledger, offline and alone."""

"""Nouns, facts, errors, ids, units and clock: what every other layer speaks in. Standard library only."""

"""The record of what was made from what: events, lineage, proof, payloads."""

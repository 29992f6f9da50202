"""Composition root: config, backends, operations."""

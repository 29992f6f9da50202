"""Qdrant: rows as points of a collection on a server, asked over its REST interface."""

from thruline.backends.qdrant_dense.index import QdrantDense

__all__ = ["QdrantDense"]

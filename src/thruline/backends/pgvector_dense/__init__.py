"""PostgreSQL with pgvector: rows in a table, an HNSW index on it, and row-level security over our masks."""

from thruline.backends.pgvector_dense.index import PgvectorDense

__all__ = ["PgvectorDense"]

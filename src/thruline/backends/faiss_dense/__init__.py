"""Two engines by faiss: `pq4`, a scan of 4-bit codes, and `hnsw`, a graph for a million rows and more."""

from thruline.backends.faiss_dense.hnsw import HnswDense
from thruline.backends.faiss_dense.pq4 import Pq4Dense

__all__ = ["HnswDense", "Pq4Dense"]

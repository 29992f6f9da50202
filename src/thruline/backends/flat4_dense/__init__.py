"""A 4-bit scan by turbovec, then exact scores for the candidates: the laptop's answer up to millions of rows."""

from thruline.backends.flat4_dense.index import Flat4Dense

__all__ = ["Flat4Dense"]

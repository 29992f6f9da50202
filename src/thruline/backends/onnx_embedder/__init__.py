"""Sentence embeddings by ONNX Runtime: on a CPU text by text, on a GPU in batches of like length."""

from thruline.backends.onnx_embedder.embedder import OnnxEmbedder

__all__ = ["OnnxEmbedder"]

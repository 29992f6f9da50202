"""Search: embedding, serving indexes, fusion, context."""

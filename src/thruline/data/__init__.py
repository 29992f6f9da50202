"""Records in: sources, parsing, chunks, duplicates, personal data."""

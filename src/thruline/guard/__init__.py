"""Protection: access, screening, poison and hidden text."""

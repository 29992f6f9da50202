"""Names by spaCy, where the operator installs it and a model."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from thruline.core.errors import Unsupported
from thruline.ports.names import Span

# spaCy gives no probability for an entity; this is what its small English model earns on synthetic mail.
_SCORE = 0.7


class SpacyNames:
    """The PERSON (or PER) entities of a pipeline."""

    def __init__(self, model: str = "en_core_web_sm") -> None:
        try:
            self._pipeline = import_module("spacy").load(model, disable=["parser", "lemmatizer", "attribute_ruler"])
        except (ImportError, OSError) as failure:
            hint = f"pip install spacy, and the package of the model {model}"
            raise Unsupported(f"names by spaCy need spaCy and its model {model!r}", hint=hint) from failure
        meta = self._pipeline.meta
        self.version = f"spacy {meta['name']} {meta['version']}"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans."""
        return [
            [Span(e.start_char, e.end_char, _SCORE) for e in document.ents if e.label_ in ("PERSON", "PER")]
            for document in self._pipeline.pipe(texts)
        ]

"""Names of people, places and organisations by spaCy, where the operator installs it and a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from thruline.core.errors import Unsupported
from thruline.ports.names import Named, Span

# spaCy gives no probability for an entity. Of the names that its small English model finds in synthetic mail 71 % are
# names: enough to mask them, not to tie a document to a person.
_SCORE = 0.45
# What the labels of spaCy's English (OntoNotes) and other (WikiNER) models mean.
_KINDS: Mapping[str, Named] = {
    "PERSON": "name", "PER": "name", "GPE": "place", "LOC": "place", "ORG": "organisation",
}  # fmt: skip


class SpacyNames:
    """The entities of a pipeline that are people, places or organisations."""

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
            [_span(entity) for entity in document.ents if entity.label_ in _KINDS]
            for document in self._pipeline.pipe(texts)
        ]


def _span(entity: Any) -> Span:
    return Span(entity.start_char, entity.end_char, _SCORE, _KINDS[entity.label_])

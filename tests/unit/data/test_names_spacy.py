import pytest

from thruline.backends.spacy_names import SpacyNames
from thruline.core.errors import Unsupported

MODEL = "en_core_web_sm"


def test_without_spacy_or_its_model_the_way_out_is_named():
    with pytest.raises(Unsupported) as refused:
        SpacyNames("no_such_model")
    assert "no_such_model" in refused.value.hint


def test_spacy_finds_people_and_places_and_links_nobody():
    pytest.importorskip("spacy", reason="spaCy is not installed")
    pytest.importorskip(MODEL, reason=f"spaCy's model {MODEL} is not installed")
    text = "John Smith flew from Berlin to London with Maria Lopez."
    spans = SpacyNames(MODEL).find([text])[0]
    assert {(text[s.start : s.end], s.kind) for s in spans} >= {("John Smith", "name"), ("London", "place")}
    assert all(span.score < 0.5 for span in spans)

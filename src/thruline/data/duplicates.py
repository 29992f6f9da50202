"""Near-duplicates: MinHash (Broder 1997) over word 5-grams finds candidates, exact Jaccard decides."""

from __future__ import annotations

import hashlib
import re
import struct

from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

PERMUTATIONS = 128
# 32 bands of 4 rows: two texts with similarity s share a band with chance 1 - (1 - s^4)^32: .999996 at .8,
# .88 at .5 and .05 at .2, so that almost nothing above the threshold is missed and few strangers are compared.
BANDS = 32
# Of these so many are kept of a document, since each is a row on a page of its own. .9998 of the pairs at .8 share one
# of 16, and all but one in 200,000 of those at .85; every second stranger less is compared.
KEPT = 16
# A page that was copied and edited in places keeps 4 of 5 of its 5-grams; two pages on one subject share under 1 of 5.
THRESHOLD = 0.8
_SEED = 7
_SHINGLE = 5
_WORD = re.compile(r"\w+")
_PACKED = struct.Struct(f"<{PERMUTATIONS}I")


def signature(text: str) -> bytes:
    """512 bytes: 128 minima; equal for texts that differ only in case, spacing and punctuation."""
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update(sorted(shingles(text)))
    return _PACKED.pack(*sketch.digest())


def bands(signature: bytes) -> tuple[str, ...]:
    """16 keys, 18 hex digits each; texts that share one are candidates."""
    size = len(signature) // BANDS
    parts = (signature[i * size : (i + 1) * size] for i in range(KEPT))
    return tuple(f"{n:02x}{hashlib.blake2b(part, digest_size=8).hexdigest()}" for n, part in enumerate(parts))


def jaccard(a: str, b: str) -> float:
    """Share of word 5-grams that the texts have in common, in [0, 1]; two texts without words are equal."""
    ours, theirs = shingles(a), shingles(b)
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def shingles(text: str) -> frozenset[str]:
    """The text's word 5-grams, lower case; a shorter text is one shingle."""
    words = _WORD.findall(text.lower())
    last = max(len(words) - _SHINGLE, 0)
    return frozenset(" ".join(words[i : i + _SHINGLE]) for i in range(last + 1)) if words else frozenset()

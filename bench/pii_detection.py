"""How much personal data is found, how often is there a false alarm, and how fast is it?

Recall and precision by kind, and for personal data of any kind, on the synthetic texts of presidio-research (gold
spans); alarms per 100,000 words on technical documentation (`--clean`, or the demo's handbook); megabytes a CPU second.
Half of the templates of those texts, drawn by a hash, were read while the rules were written; `kinds` holds the figures
of the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kept import CACHE, SHARED, keep

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.core.documents import Mention
from thruline.core.pinned import fetch
from thruline.data.names import ContextNames
from thruline.data.privacy import find_mentions
from thruline.data.reading_names import NamesInContext
from thruline.demo import desk
from thruline.ports.names import NameDetector
from thruline.vectors.weights import BGE_SMALL, find_weights

KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "PERSON": "name",
    "GPE": "place",
    "ORGANIZATION": "organisation",
    "STREET_ADDRESS": "address",
    "ZIP_CODE": "postcode",
    "AGE": "age",
    "NRP": "origin",
    "US_DRIVER_LICENSE": "licence",
    "DATE_TIME": "date",
    "DOMAIN_NAME": "web",
    "TITLE": "title",
}
WORTH_A_LINK, WORTH_A_MASK = 0.5, 0.3
ANY_F1, ANY_F1_WITH_EMBEDDER, MB_PER_CPU_S = 0.80, 0.90, 2.0
CHECKED_F1 = dict.fromkeys(("email", "iban", "card", "ssn", "ip"), 0.99)  # what a checksum or a form gives away
Span = tuple[str, int, int]


def main() -> int:
    """Print the tables, and write them when asked to."""
    arguments = _arguments()
    if not arguments.texts.exists():
        print(f"skipped: {arguments.texts} is not here")
        return 0
    rows = json.loads(arguments.texts.read_text("utf-8"))
    names = ContextNames()
    weights = find_weights(BGE_SMALL, cache=CACHE)
    embedder = OnnxEmbedder(weights, threads=1, **BGE_SMALL.settings)
    reading = ContextNames(NamesInContext(embedder))
    unseen = [row for row in rows if not was_read(row)]
    result: dict[str, Any] = {
        "kinds": measured(unseen, names),
        "kinds_of_all_templates": measured(rows, names),
        "rules_only": measured(unseen, None)["any"],
        "with_embedder": measured(unseen, reading),
        "mb_per_cpu_second": {
            "rules": speed([row["full_text"] for row in rows], None),
            "rules_and_names": speed([row["full_text"] for row in rows], names),
            "rules_and_embedder": speed([row["full_text"] for row in unseen], reading),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        if arguments.clean is None:
            desk.unpack_handbook(fetch(desk.HANDBOOK, CACHE), Path(folder))
        clean = arguments.clean or Path(folder)
        texts = [path.read_text("utf-8") for path in sorted(clean.rglob("*.txt"))]
    result["alarms_per_100k_words"] = {
        "worth_a_link": alarms(texts, names, WORTH_A_LINK, show=arguments.show),
        "worth_a_mask": alarms(texts, names, WORTH_A_MASK),
    }
    result["mb_per_cpu_second_prose"] = {"rules": speed(texts, None), "rules_and_names": speed(texts, names)}
    result["targets"] = beside_targets(result)
    print(json.dumps(result, indent=1))
    if arguments.write:
        keep("pii_detection", result)
    return 0


def beside_targets(result: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Each figure that has a target, with it; a kind that the unseen half lacks is measured on all templates."""
    unseen, every = result["kinds"], result["kinds_of_all_templates"]
    pairs = {
        "any kind, span F1": (unseen["any"]["span_f1"], ANY_F1),
        "any kind with the embedder, span F1": (result["with_embedder"]["any"]["span_f1"], ANY_F1_WITH_EMBEDDER),
        "rules on prose, MB a CPU second": (result["mb_per_cpu_second_prose"]["rules"], MB_PER_CPU_S),
    }
    for kind, target in CHECKED_F1.items():
        row = unseen[kind] if unseen[kind]["gold"] else every[kind]
        pairs[f"{kind}, F1"] = (_f1(row["recall"], row["precision"]), target)
    return {name: {"measured": measured, "target": target} for name, (measured, target) in pairs.items()}


def was_read(row: dict) -> bool:
    """Whether the row's template belongs to the half that was looked at while the rules were written."""
    return hashlib.sha256(str(row["template_id"]).encode()).digest()[0] % 2 == 0


def measured(rows: Sequence[dict], names: NameDetector | None) -> dict[str, dict[str, float]]:
    """By kind the gold spans, recall by the right kind and by any, precision; and for any kind spans and characters.

    Mentions count that are worth a mask, and for `name, worth a link` those that are.
    """
    found = [find_mentions(row["full_text"], names) for row in rows]
    truth = [[(KINDS[s["entity_type"]], s["start_position"], s["end_position"]) for s in row["spans"]] for row in rows]
    masks = [[m for m in mentions if m.score >= WORTH_A_MASK] for mentions in found]
    table = {kind: _kind(kind, truth, masks) for kind in KINDS.values()}
    certain = [[m for m in mentions if m.score >= WORTH_A_LINK] for mentions in found]
    table["name, worth a link"] = _kind("name", truth, certain)
    return table | {"any": _any(truth, masks), "of": {"texts": len(rows)}}


def _kind(kind: str, truth: Sequence[Sequence[Span]], found: Sequence[Sequence[Mention]]) -> dict[str, float]:
    pairs = [
        ([s for s in t if s[0] == kind], t, f, [m for m in f if m.kind == kind])
        for t, f in zip(truth, found, strict=True)
    ]
    gold = sum(len(own) for own, _, _, _ in pairs)
    mentions = sum(len(mine) for _, _, _, mine in pairs)
    return {
        "gold": gold,
        "recall": _share(sum(_overlaps(s, mine) for own, _, _, mine in pairs for s in own), gold),
        "recall_by_any_kind": _share(sum(_overlaps(s, f) for own, _, f, _ in pairs for s in own), gold),
        "precision": _share(sum(_overlapped(m, own) for own, _, _, mine in pairs for m in mine), mentions),
        "precision_as_any_kind": _share(sum(_overlapped(m, t) for _, t, _, mine in pairs for m in mine), mentions),
    }


def _any(truth: Sequence[Sequence[Span]], found: Sequence[Sequence[Mention]]) -> dict[str, float]:
    pairs = list(zip(truth, found, strict=True))
    spans, mentions = sum(map(len, truth)), sum(map(len, found))
    recall = _share(sum(_overlaps(s, f) for t, f in pairs for s in t), spans)
    precision = _share(sum(_overlapped(m, t) for t, f in pairs for m in f), mentions)
    gold = [_characters((a, b) for _, a, b in t) for t in truth]
    masked = [_characters((m.start, m.end) for m in f) for f in found]
    both = sum(len(g & m) for g, m in zip(gold, masked, strict=True))
    by_character = _share(both, sum(map(len, gold))), _share(both, sum(map(len, masked)))
    return {
        "span_recall": recall, "span_precision": precision, "span_f1": _f1(recall, precision),
        "character_recall": by_character[0], "character_precision": by_character[1], "character_f1": _f1(*by_character),
    }  # fmt: skip


def alarms(texts: Iterable[str], names: NameDetector | None, worth: float, *, show: bool = False) -> dict[str, float]:
    """Mentions of at least this score per 100,000 words, by kind."""
    words, count = 0, Counter[str]()
    for text in texts:
        words += len(text.split())
        mentions = [m for m in find_mentions(text, names) if m.score >= worth]
        count.update(m.kind for m in mentions)
        if show:
            print(*((m.kind, round(m.score, 2), text[max(0, m.start - 25) : m.end + 10]) for m in mentions), sep="\n")
    by_kind = {kind: round(number * 1e5 / words, 2) for kind, number in sorted(count.items())}
    return by_kind | {"all": round(count.total() * 1e5 / words, 2), "words": words}


def speed(texts: Sequence[str], names: NameDetector | None) -> float:
    """Megabytes of UTF-8 a CPU second, in pieces of a few thousand characters."""
    joined = "\n\n".join(texts)
    pieces = [joined[at : at + 4000] for at in range(0, len(joined), 4000)]
    started = time.process_time()
    for piece in pieces:
        find_mentions(piece, names)
    return round(len(joined.encode()) / 1e6 / (time.process_time() - started), 2)


def _overlaps(span: Span, mentions: Sequence[Mention]) -> bool:
    return any(m.start < span[2] and span[1] < m.end for m in mentions)


def _overlapped(mention: Mention, spans: Sequence[Span]) -> bool:
    return any(mention.start < b and a < mention.end for _, a, b in spans)


def _characters(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {at for start, end in spans for at in range(start, end)}


def _share(part: float, whole: float) -> float:
    return round(part / max(whole, 1), 3)


def _f1(recall: float, precision: float) -> float:
    return round(2 * recall * precision / max(recall + precision, 1e-9), 3)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=SHARED / "pii" / "synth_dataset_v2.json")
    parser.add_argument("--clean", type=Path, help="a folder of .txt files without personal data; the handbook")
    parser.add_argument("--show", action="store_true", help="print every alarm on the clean texts")
    parser.add_argument("--write", action="store_true", help="write bench/results/pii_detection.json")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

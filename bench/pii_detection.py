"""How much personal data do the rules find, and how often do they cry wolf?

Recall and precision by kind on the synthetic texts of presidio-research (gold spans), and alarms per 100,000 words on a
folder of technical documentation without personal data, by default the handbook that `thruline demo` unpacks. `--texts`
and `--clean` say where they are.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from kept import CACHE, SHARED, keep

from thruline.core.documents import Mention
from thruline.core.pinned import fetch
from thruline.data.names import ContextNames
from thruline.data.privacy import find_mentions
from thruline.demo import desk

KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "PERSON": "name",
}
WORTH_A_LINK = 0.5


def main() -> int:
    """Print the table, and write it when asked to."""
    arguments = _arguments()
    if not arguments.texts.exists():
        print(f"skipped: {arguments.texts} is not here")
        return 0
    result: dict[str, object] = {"kinds": by_kind(json.loads(arguments.texts.read_text("utf-8")))}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.clean is None:
            desk.unpack_handbook(fetch(desk.HANDBOOK, CACHE), Path(folder))
        result["alarms_per_100k_words"] = false_alarms(arguments.clean or Path(folder))
    print(json.dumps(result, indent=2))
    if arguments.write:
        keep("pii_detection", result)
    return 0


def by_kind(rows: list[dict]) -> dict[str, dict[str, float]]:
    """For each kind the gold spans, recall (any overlap by the right kind) and precision (overlap with its gold)."""
    gold, found, hit, right = Counter(), Counter(), Counter(), Counter()
    started = time.process_time()
    for row in rows:
        truth = [
            (KINDS[s["entity_type"]], s["start_position"], s["end_position"])
            for s in row["spans"]
            if s["entity_type"] in KINDS
        ]
        mentions = _worthy(row["full_text"])
        gold.update(kind for kind, _, _ in truth)
        found.update(m.kind for m in mentions)
        hit.update(k for k, a, b in truth if any(m.kind == k and m.start < b and a < m.end for m in mentions))
        right.update(m.kind for m in mentions if any(m.kind == k and m.start < b and a < m.end for k, a, b in truth))
    seconds = time.process_time() - started
    table = {
        kind: {
            "gold": gold[kind],
            "recall": round(hit[kind] / max(gold[kind], 1), 3),
            "precision": round(right[kind] / max(found[kind], 1), 3),
        }
        for kind in KINDS.values()
    }
    return table | {"all": {"texts": len(rows), "cpu_seconds": round(seconds, 3)}}


def false_alarms(folder: Path) -> dict[str, float]:
    """Mentions worth a link per 100,000 words, by kind; --show prints them."""
    words, alarms = 0, Counter()
    for path in sorted(folder.rglob("*.txt")):
        text = path.read_text("utf-8")
        words += len(text.split())
        mentions = _worthy(text)
        alarms.update(m.kind for m in mentions)
        if "--show" in sys.argv:
            print(*((m.kind, text[max(0, m.start - 25) : m.end]) for m in mentions), sep="\n")
    return {kind: round(count * 1e5 / words, 2) for kind, count in sorted(alarms.items())} | {"words": words}


def _worthy(text: str) -> list[Mention]:
    return [m for m in find_mentions(text, ContextNames()) if m.score >= WORTH_A_LINK]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=SHARED / "pii" / "synth_dataset_v2.json")
    parser.add_argument("--clean", type=Path)
    parser.add_argument("--write", action="store_true", help="write bench/results/pii_detection.json")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

"""`thruline-verify PATH`: a verdict in two lines that a person understands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thruline_verify.chain import Findings, check
from thruline_verify.reading import Ledger, Unreadable, kept_receipts, read, read_receipt
from thruline_verify.signatures import document_is_signed

VERIFIED, NOT_VERIFIED, CANNOT_READ = 0, 1, 3  # bad usage is 2, from argparse
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """verified, one line that says what was looked at, one that says what follows from it, and the problems."""

    verified: bool
    looked_at: str
    follows: str
    problems: Sequence[tuple[int, str]] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdict; the exit code is 0 verified, 1 not verified, 2 bad usage, 3 cannot read."""
    options = _parser().parse_args(arguments)
    trusted = frozenset(key.lower() for key in options.public_key)
    try:
        found = read(options.path)
        receipts = [read_receipt(path) for path in (*kept_receipts(options.path), *options.receipt)]
        verdict = judge_ledger(found, trusted, receipts) if isinstance(found, Ledger) else judge_receipt(found, trusted)
    except Unreadable as error:
        print(f"thruline-verify: {error}", file=sys.stderr)
        return CANNOT_READ
    print(_as_json(verdict) if options.json else _as_text(verdict))
    return VERIFIED if verdict.verified else NOT_VERIFIED


def judge_ledger(ledger: Ledger, trusted: frozenset[str], receipts: Sequence[dict[str, Any]]) -> Verdict:
    """The verdict on a chain, with the heads that valid receipts remember."""
    forged = [receipt for receipt in receipts if not judge_receipt(receipt, trusted).verified]
    if forged:
        return Verdict(
            verified=False,
            looked_at="A receipt that was given or lies in the home",
            follows="It is not as it was signed.",
        )
    findings = check(ledger, trusted, [head for receipt in receipts for head in _heads(receipt)])
    looked_at = f"{findings.events} events, sealed up to event {findings.sealed}"
    if findings.problems:
        count = len({seq for seq, _ in findings.problems})
        follows = f"Something was done to {count} of them after they were written."
        return Verdict(verified=False, looked_at=looked_at, follows=follows, problems=findings.problems)
    if trusted and findings.events and not findings.sealed:
        return Verdict(verified=False, looked_at=looked_at, follows="No seal by the key that you trust is in it.")
    return Verdict(verified=True, looked_at=looked_at, follows=_meaning(findings, trusted))


def judge_receipt(receipt: dict[str, Any], trusted: frozenset[str]) -> Verdict:
    """The verdict on a signed document."""
    key = str(receipt.get("public_key"))
    looked_at = f"A document signed by {key}"
    if not document_is_signed(receipt):
        return Verdict(verified=False, looked_at=looked_at, follows="It is not as it was signed.")
    if trusted and key not in trusted:
        return Verdict(verified=False, looked_at=looked_at, follows="That is not the key that you trust.")
    follows = "It is as it was signed." + ("" if trusted else " Whose key that is, only --public-key can tell.")
    return Verdict(verified=True, looked_at=looked_at, follows=follows)


def _meaning(findings: Findings, trusted: frozenset[str]) -> str:
    if not findings.sealed:
        return "Its hashes agree; nobody has sealed it, so a rewrite of the whole would not show."
    if not trusted:
        keys = ", ".join(sorted(findings.keys))
        return f"Nothing was changed since it was sealed by {keys}; whose key that is, only --public-key can tell."
    return "Nothing in it was changed, moved, added or taken out since your key sealed it."


def _heads(receipt: dict[str, Any]) -> list[tuple[int, str]]:
    head = receipt["body"].get("head") if isinstance(receipt["body"], dict) else None
    if isinstance(head, dict) and isinstance(head.get("seq"), int):
        return [(head["seq"], str(head.get("hash")))]
    return []


def _as_text(verdict: Verdict) -> str:
    word = "VERIFIED" if verdict.verified else "NOT VERIFIED"
    lines = [f"{word}: {verdict.looked_at}.", verdict.follows]
    lines += [f"  event {seq}: {what}" for seq, what in verdict.problems[:_SHOWN]]
    if len(verdict.problems) > _SHOWN:
        lines.append(f"  and {len(verdict.problems) - _SHOWN} more; --json lists all")
    return "\n".join(lines)


def _as_json(verdict: Verdict) -> str:
    problems = [{"seq": seq, "what": what} for seq, what in verdict.problems]
    shown = {"verified": verdict.verified, "looked_at": verdict.looked_at, "follows": verdict.follows}
    return json.dumps(shown | {"problems": problems})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thruline-verify", description="Verify a ledger or a receipt, offline.")
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a home, its thruline.db, an exported ledger, a receipt"
    )
    parser.add_argument(
        "--public-key", action="append", default=[], type=_key, metavar="HEX", help="trust only this key; may repeat"
    )
    parser.add_argument(
        "--receipt", action="append", default=[], type=Path, metavar="FILE",
        help="a later receipt, beside those in a home: shows whether the end was cut off; may repeat",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return parser


def _key(text: str) -> str:
    if len(text) != 64 or set(text.lower()) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a public key: 64 hex digits")
    return text.lower()

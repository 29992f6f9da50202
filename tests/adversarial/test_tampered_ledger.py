"""Whoever can write to the database file can change the ledger, and is found out: by the product and by the verifier."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import thruline_verify
from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Corrupt, Denied
from thruline.core.nouns import Draft, Head
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.proof import check_document, export, seal, sign_document, verify
from thruline.testing.drafts import made, new

OWNER, STRANGER = Ed25519Signer(b"o" * 32), Ed25519Signer(b"s" * 32)
SEAL, LAST = 9, 12

Attack = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Path:
    """A home of twelve events; the ninth seals the eight before it."""
    home = tmp_path_factory.mktemp("home")
    database = SqliteDatabase(str(home / "thruline.db"))
    ledger = SqlLedger(database)
    records, chunks, answers = new(4, "record"), new(4), new(3, "answer")
    ledger.append([made(c, of=(r,)) for r, c in zip(records, chunks, strict=True)])
    ledger.append([Draft(verb="record.quarantined", inputs=(r,), facts={"reason": "poison"}) for r in records])
    seal(ledger, OWNER)
    ledger.append([made(a, of=tuple(chunks[:2]), via=(records[3],)) for a in answers])
    database.close()
    return home


@pytest.fixture
def home(intact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(intact, tmp_path / "home"))


def run(sql: str) -> Attack:
    """One statement."""
    return lambda connection: connection.execute(sql)


def replace_body(place: int, old: str, new: str, *, rehash: bool = False, onwards: bool = False) -> Attack:
    """Change an event's text; with its hash; and with the whole chain after it."""

    def attack(connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT seq, body FROM events WHERE seq >= ? ORDER BY seq", [place]).fetchall()
        prev = ""
        for seq, body in rows if onwards else rows[:1]:
            fields = json.loads(body.replace(old, new) if seq == place else body)
            fields["prev"] = prev or fields["prev"]
            body = json.dumps(fields, sort_keys=True, separators=(",", ":"))
            connection.execute("UPDATE events SET body = ? WHERE seq = ?", [body, seq])
            prev = hashlib.sha256(body.encode()).hexdigest()
            if rehash:
                connection.execute("UPDATE events SET hash = ? WHERE seq = ?", [prev, seq])

    return attack


def swap(one: int, other: int) -> Attack:
    """Let two events change places, columns and all but the place."""

    def attack(connection: sqlite3.Connection) -> None:
        for place, to in ((one, -1), (other, one), (-1, other)):
            connection.execute("UPDATE events SET seq = ? WHERE seq = ?", [to, place])

    return attack


def seal_with(signer: Ed25519Signer, *, forge: bool = False) -> Attack:
    """Append a seal by somebody, with a signature over something else if forged."""

    def attack(connection: sqlite3.Connection) -> None:
        seq, head = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        message = b"thruline ledger seal v1\n" + f"{seq + forge}\n{head}".encode()
        facts = {
            "upto": seq,
            "head": head,
            "public_key": signer.public_key.hex(),
            "signature": signer.sign(message).hex(),
        }
        fields = {"seq": seq + 1, "at": 1, "verb": "ledger.sealed", "run": "", "actor": "", "inputs": [], "outputs": []}
        body = json.dumps(fields | {"via": [], "facts": facts, "prev": head}, sort_keys=True, separators=(",", ":"))
        row = [seq + 1, "ledger.sealed", body, hashlib.sha256(body.encode()).hexdigest()]
        connection.execute("INSERT INTO events (seq, verb, run, body, hash) VALUES (?, ?, '', ?, ?)", row)

    return attack


ZEROS = "0" * 64
ATTACKS: dict[str, tuple[Attack, int, str]] = {
    "a changed body": (replace_body(6, "poison", "secret"), 6, "its body was changed"),
    "a changed last body": (replace_body(LAST, '"chunks":1', '"chunks":2'), LAST, "its body or its hash was changed"),
    "a body that is no event": (run("UPDATE events SET body = '{}' WHERE seq = 3"), 3, "not an event any more"),
    "a changed hash": (run(f"UPDATE events SET hash = '{ZEROS}' WHERE seq = 5"), 5, "its hash was changed"),
    "a body with its hash": (replace_body(6, "poison", "secret", rehash=True), 6, "replaced by another"),
    "a rewritten chain under an old seal": (
        replace_body(2, '"chunks":1', '"chunks":9', rehash=True, onwards=True), SEAL, "made over another chain",
    ),
    "swapped events": (swap(2, 3), 2, "another event stands in its place: that of place 3"),
    "a changed verb": (run("UPDATE events SET verb = 'record.released' WHERE seq = 7"), 7, "its columns were changed"),
    "a changed run": (run("UPDATE events SET run = 'run:x' WHERE seq = 7"), 7, "its columns were changed"),
    "a deleted first event": (run("DELETE FROM events WHERE seq = 1"), 1, "missing"),
    "a deleted middle": (run("DELETE FROM events WHERE seq BETWEEN 4 AND 6"), 4, "events 4 to 6 are missing"),
    "a hidden edge": (run("DELETE FROM edges WHERE seq = 10 AND role = 'via'"), 10, "removed from the table"),
    "an invented edge": (run("UPDATE edges SET parent = child || '0' WHERE seq = 2"), 2, "no event made it"),
    "an edge put down to another event": (run("UPDATE edges SET seq = 4 WHERE seq = 3"), 3, "put down to event 4"),
    "a hidden artifact": (run("DELETE FROM artifacts WHERE seq = 11"), 11, "removed from the table"),
    "a forged seal": (seal_with(OWNER, forge=True), LAST + 1, "its seal is forged"),
    "a stranger's seal": (seal_with(STRANGER), LAST + 1, "a key that is not trusted"),
}  # fmt: skip


def tamper(home: Path, attack: Attack) -> None:
    connection = sqlite3.connect(home / "thruline.db", isolation_level=None)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    attack(connection)
    connection.close()


def product_finds(home: Path, anchors: tuple[Head, ...] = ()) -> list[tuple[int, str]]:
    database = SqliteDatabase(str(home / "thruline.db"))
    found = verify(SqlLedger(database), [OWNER.public_key], anchors)
    database.close()
    assert found.ok == (not found.problems)
    return list(found.problems)


def verifier_finds(capsys, path: Path, *options: str) -> list[tuple[int, str]]:
    code = thruline_verify.main([str(path), "--json", "--public-key", OWNER.public_key.hex(), *options])
    verdict = json.loads(capsys.readouterr().out)
    assert (code == 0) == verdict["verified"] == (not verdict["problems"])
    return [(problem["seq"], problem["what"]) for problem in verdict["problems"]]


def test_an_intact_ledger_passes_both(home: Path, capsys) -> None:
    assert product_finds(home) == verifier_finds(capsys, home) == verifier_finds(capsys, home / "thruline.db") == []


@pytest.mark.parametrize("name", ATTACKS)
def test_both_name_the_event_and_what_was_done(name: str, home: Path, capsys) -> None:
    attack, place, what = ATTACKS[name]
    tamper(home, attack)
    by_verifier, by_product = verifier_finds(capsys, home), product_finds(home)
    assert any(seq == place and what in said for seq, said in by_product), by_product
    assert any(seq == place and what in said for seq, said in by_verifier), by_verifier
    assert {seq for seq, _ in by_product} == {seq for seq, _ in by_verifier}


@pytest.mark.parametrize(
    "name", ["a changed body", "a changed hash", "a deleted middle", "an invented edge", "a hidden artifact"]
)
def test_one_change_is_not_reported_as_many(name: str, home: Path) -> None:
    attack, place, _ = ATTACKS[name]
    tamper(home, attack)
    own = {seq for seq, said in product_finds(home) if "the artifact" not in said and "the edge" not in said}
    assert own <= {place}


def test_several_changes_are_all_found(home: Path) -> None:
    for name in ("a changed hash", "a changed verb", "a hidden edge", "a changed last body"):
        tamper(home, ATTACKS[name][0])
    assert {seq for seq, _ in product_finds(home)} == {5, 7, 10, LAST}


def test_a_cut_tail_shows_against_a_later_receipt(home: Path, tmp_path: Path, capsys) -> None:
    database = SqliteDatabase(str(home / "thruline.db"))
    head = SqlLedger(database).head()
    database.close()
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps(sign_document(OWNER, {"erased": 3, "head": {"seq": head.seq, "hash": head.hash}})))
    assert verifier_finds(capsys, home, "--receipt", str(receipt)) == product_finds(home, (head,)) == []

    for table in ("events", "edges", "artifacts"):
        tamper(home, run(f"DELETE FROM {table} WHERE seq > 10"))
    assert verifier_finds(capsys, home) == product_finds(home) == []
    cut = (11, "events 11 to 12 were cut off: a receipt remembers them")
    assert cut in verifier_finds(capsys, home, "--receipt", str(receipt))
    assert cut in product_finds(home, (head,))


def test_a_rewritten_end_shows_against_a_later_receipt(home: Path) -> None:
    database = SqliteDatabase(str(home / "thruline.db"))
    head = SqlLedger(database).head()
    database.close()
    tamper(home, replace_body(LAST, '"chunks":1', '"chunks":2', rehash=True))
    assert product_finds(home) == []
    assert product_finds(home, (head,)) == [(LAST, "it is not the event that a receipt remembers at this place")]


def test_an_exported_chain_is_checked_like_the_home(home: Path, tmp_path: Path, capsys) -> None:
    database = SqliteDatabase(str(home / "thruline.db"))
    lines = list(export(SqlLedger(database)))
    database.close()
    exported = tmp_path / "ledger.jsonl"
    exported.write_text("".join(lines))
    assert verifier_finds(capsys, exported) == []
    exported.write_text("".join(lines[:3] + lines[4:]))
    assert [seq for seq, _ in verifier_finds(capsys, exported)] == [4]
    exported.write_text("".join([*lines[:5], lines[5].replace("poison", "secret"), *lines[6:]]))
    assert verifier_finds(capsys, exported) == [(6, "its body was changed after it was written")]


def test_a_receipt_is_good_only_as_it_was_signed_and_by_whom_one_trusts(tmp_path: Path, capsys) -> None:
    document = sign_document(OWNER, {"name": "Zoë", "erased": 12, "share": 0.1, "scope": ["index", "ledger"]})
    assert check_document(json.loads(json.dumps(document)), [OWNER.public_key]) == document["body"]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(document, indent=2))
    assert thruline_verify.main([str(path), "--public-key", OWNER.public_key.hex()]) == 0
    assert capsys.readouterr().out.startswith("VERIFIED: A document signed by")
    assert thruline_verify.main([str(path), "--public-key", STRANGER.public_key.hex()]) == 1
    with pytest.raises(Denied):
        check_document(document, [STRANGER.public_key])

    changed = document | {"body": document["body"] | {"erased": 13}}
    path.write_text(json.dumps(changed))
    assert thruline_verify.main([str(path)]) == 1
    for bad in (changed, document | {"signature": "00"}, document | {"public_key": 5}, {"body": {}}):
        with pytest.raises(Corrupt):
            check_document(bad)


def test_a_seal_does_not_pass_for_a_document(home: Path) -> None:
    head = Head(seq=1, hash=ZEROS)
    signature = OWNER.sign(b"thruline ledger seal v1\n" + f"{head.seq}\n{head.hash}".encode()).hex()
    with pytest.raises(Corrupt):
        check_document({"body": {}, "public_key": OWNER.public_key.hex(), "signature": signature})

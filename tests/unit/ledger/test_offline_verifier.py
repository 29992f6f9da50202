"""The verifier as a stranger meets it: two lines, an exit code, and nothing of thruline."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import thruline_verify
from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.backends.sqlite import SqliteDatabase
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.proof import seal
from thruline.testing.drafts import made, new

SIGNER = Ed25519Signer(b"k" * 32)
KEY = SIGNER.public_key.hex()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    database = SqliteDatabase(str(tmp_path / "thruline.db"))
    ledger = SqlLedger(database)
    ledger.append([made(i) for i in new(3)])
    seal(ledger, SIGNER)
    database.close()
    return tmp_path


def said(capsys, *arguments: object) -> tuple[int, list[str]]:
    code = thruline_verify.main([str(argument) for argument in arguments])
    return code, capsys.readouterr().out.splitlines()


def test_a_verdict_is_two_lines(home: Path, capsys) -> None:
    code, lines = said(capsys, home, "--public-key", KEY)
    assert code == 0
    assert lines == [
        "VERIFIED: 4 events, sealed up to event 3.",
        "Nothing in it was changed, moved, added or taken out since your key sealed it.",
    ]


def test_without_a_key_it_says_whose_key_it_believed(home: Path, capsys) -> None:
    code, lines = said(capsys, home)
    assert code == 0
    assert KEY in lines[1]
    assert "only --public-key can tell" in lines[1]


def test_another_key_is_not_enough(home: Path, capsys) -> None:
    code, lines = said(capsys, home, "--public-key", "ab" * 32)
    assert code == 1
    assert lines[0].startswith("NOT VERIFIED")


def test_a_ledger_that_the_trusted_key_never_sealed_is_not_verified(tmp_path: Path, capsys) -> None:
    database = SqliteDatabase(str(tmp_path / "thruline.db"))
    SqlLedger(database).append([made(*new(1))])
    database.close()
    assert said(capsys, tmp_path, "--public-key", KEY)[0] == 1
    code, lines = said(capsys, tmp_path)
    assert code == 0
    assert "nobody has sealed it" in lines[1]


def test_a_home_in_use_is_read_up_to_its_last_commit(home: Path, capsys) -> None:
    database = SqliteDatabase(str(home / "thruline.db"))
    SqlLedger(database).append([made(i) for i in new(5)])
    assert said(capsys, home)[1][0] == "VERIFIED: 9 events, sealed up to event 3."
    database.close()


AS_A_GUEST = """
import locale, os, shutil, sys, thruline_verify  # all it needs, while Python's own folder can be read
os.geteuid() or os.setuid(65534)  # to root, nothing is read-only
sys.exit(thruline_verify.main(sys.argv[1:]))
"""


def test_a_home_that_one_may_only_read_is_read(home: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(home, Path(folder) / "home"))
        Path(folder).chmod(0o755)
        (copy / "thruline.db").chmod(0o444)
        copy.chmod(0o555)
        command = [sys.executable, "-c", AS_A_GUEST, str(copy), "--public-key", KEY]
        done = subprocess.run(command, capture_output=True, text=True)
        copy.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VERIFIED: 4 events")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot read"),
        (b"hello", "neither a home"),
        (b"\xff\xfe", "cannot read"),
        (b"SQLite format 3\0junk", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_exit_3_and_one_line(tmp_path: Path, capsys, content: bytes | None, why: str) -> None:
    path = tmp_path / "what"
    if content is not None:
        path.write_bytes(content)
    assert thruline_verify.main([str(path)]) == 3
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1


def test_bad_usage_is_exit_2(home: Path, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        thruline_verify.main([str(home), "--public-key", "short"])
    assert ended.value.code == 2
    assert "64 hex digits" in capsys.readouterr().err


def test_json_is_one_document(home: Path, capsys) -> None:
    verdict = json.loads("\n".join(said(capsys, home, "--json", "--public-key", KEY)[1]))
    assert verdict["verified"] is True
    assert verdict["problems"] == []


def test_it_imports_nothing_of_thruline(home: Path) -> None:
    script = "import sys, thruline_verify; thruline_verify.main(sys.argv[1:]); print([m for m in sys.modules if m.split('.')[0] == 'thruline'])"
    done = subprocess.run([sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

"""Backup and restore: data and keys in two files, so that a copy of the data alone is noise."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path

from thruline.app import home as homes
from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Corrupt, Invalid
from thruline.core.nouns import Draft
from thruline.flows.reports import BackupReport, VerifyReport
from thruline.ledger import proof

DATA = "data.tar.gz"
KEYS = "keys.tar.gz"
IN_DATA = ("blobs", "thruline.toml", homes.MARK)


def backup(p: Platform, folder: str) -> BackupReport:
    """Write data.tar.gz and keys.tar.gz into a new folder; the home goes on serving meanwhile.

    Keys are copied after the data: a key made in between is a spare, one missing would make data unreadable.
    """
    target = Path(folder).expanduser()
    if target.exists():
        raise Conflict(f"{folder!r} exists already", hint="a backup goes into a new folder")
    home, line = p.home, p.line
    target.mkdir(mode=0o700, parents=True)
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        proof.seal(line.ledger, line.signer)
        database, keys = Path(scratch) / "thruline.db", Path(scratch) / "keys.db"
        receipts = Path(scratch) / "receipts"
        shutil.copytree(home.receipts, receipts)  # before the ledger: a receipt must not know of a later head
        line.database.copy_to(str(database))
        _pack(
            target / DATA,
            {"thruline.db": database, "receipts": receipts, **{n: home.path / n for n in IN_DATA}},
        )
        line.key_database.copy_to(str(keys))
        _pack(target / KEYS, {"keys.db": keys, "keys": home.path / "keys"})
    digest, size = _sha256(target / DATA), (target / DATA).stat().st_size
    line.ledger.append([Draft(verb="backup.made", facts={"size": size, "sha256": digest}, actor=p.actor.id)])
    return BackupReport(data=str(target / DATA), keys=str(target / KEYS), size=size, sha256=digest)


def restore(data: Path, keys: Path, home: Path) -> VerifyReport:
    """A new home from a backup, verified before it is given back; raises Conflict when the folder is not empty."""
    if home.exists() and any(home.iterdir()):
        raise Conflict(f"{str(home)!r} is not empty", hint="restore into a new folder with --home")
    home.parent.mkdir(parents=True, exist_ok=True)
    # Unpacked beside and then renamed: a wrong key or a full disk leaves no half home behind.
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{home.name}-") as scratch:
        beside = Path(scratch) / "home"
        beside.mkdir(mode=0o700)
        for archive in (data, keys):
            _unpack(archive, beside)
        for folder in ("blobs", "jobs", "receipts"):
            (beside / folder).mkdir(mode=0o700, exist_ok=True)
        with Platform.open(beside) as platform:
            done = Draft(verb="restore.done", facts={"sha256": _sha256(data)}, actor=platform.actor.id)
            platform.line.ledger.append([done])
            report = platform.ledger.verify()
        if not report.ok:
            first = report.problems[0]
            raise Corrupt(
                f"the ledger in {str(data)!r} is not what was written: event {first.seq}: {first.what}",
                hint="are the two files of one backup? else use another",
            )
        beside.rename(home)
    return report


def _pack(target: Path, parts: dict[str, Path]) -> None:
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        for name, path in parts.items():
            if path.exists():
                archive.add(path, name)
    target.chmod(0o600)


def _unpack(archive: Path, home: Path) -> None:
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(home, filter="data")
    except FileNotFoundError as error:
        raise Invalid(
            f"there is no file {str(archive)!r}", hint="give the two files that `thruline backup` wrote"
        ) from error
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Corrupt(f"{str(archive)!r} cannot be unpacked: {error}", hint="use another copy of the backup") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

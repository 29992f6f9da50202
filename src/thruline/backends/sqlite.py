"""SQLite as the store of record: one file, write-ahead log, durable at every commit."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Literal
from weakref import WeakSet

from thruline.core.errors import Conflict, Corrupt, Denied, Invalid, ThrulineError, Unavailable
from thruline.ports.database import Params, Row

BUSY_TIMEOUT_MS = 30_000  # a sync and an erase may hold the write lock for seconds, not for minutes

# secure_delete overwrites what is deleted; FULL survives a power cut at any byte, not only a crash.
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",  # first: the others wait for locks too
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # Of 4 kB, in the log before they are moved into the file, which whoever commits waits for: a page that changed more
    # than once is moved once. With 1,000 a batch of 100 passages cost 20 ms CPU here instead of 15.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA cache_size = -16000",  # kB a connection, taken as needed: ids are random, so a batch touches many pages
)


class SqliteDatabase:
    """One database file (or `:memory:`); a connection per thread, one writing transaction at a time."""

    dialect: Literal["sqlite"] = "sqlite"
    out_of_scope: tuple[str, ...] = ("the file system's journal and snapshots, the disk's spare blocks",)

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        self._open_ones: WeakSet[_Owned] = WeakSet()
        self._lock = threading.Lock()  # guards _open_ones
        self._writer = threading.RLock()  # one writing transaction in this process
        self._alone = threading.RLock() if path == ":memory:" else nullcontext()  # :memory: is one connection
        self._memory = self._open() if path == ":memory:" else None
        self._connection()

    def query(self, sql: str, params: Params = {}) -> list[Row]:
        """All rows of a statement."""
        with self._alone, _TRANSLATED:
            return self._connection().execute(sql, params).fetchall()

    def execute(self, sql: str, params: Params = {}) -> int:
        """Run one statement; the number of rows it touched."""
        with self.transaction(), _TRANSLATED:
            return self._connection().execute(sql, params).rowcount

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters."""
        with self.transaction(), _TRANSLATED:
            self._connection().executemany(sql, rows)

    def script(self, statements: Sequence[str]) -> None:
        """Run schema statements in one transaction."""
        with self.transaction(), _TRANSLATED:
            for statement in statements:
                self._connection().execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested use joins the outer one."""
        with self._alone, self._writer:
            connection = self._connection()
            if connection.in_transaction:
                yield
                return
            try:  # around the beginning, too: Ctrl-C that came while it waited is raised right after it
                with _TRANSLATED:
                    connection.execute("BEGIN IMMEDIATE")
                yield
                with _TRANSLATED:
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def scrub(self) -> None:
        """Rewrite the file without its free pages and empty the write-ahead log."""
        with self._alone, self._writer, _TRANSLATED:
            connection = self._connection()
            self._checkpoint(connection)
            connection.execute("VACUUM")
            self._checkpoint(connection)

    def copy_to(self, path: str) -> None:
        """A consistent copy in one new file."""
        with self._alone, _TRANSLATED:
            self._connection().execute("VACUUM INTO :path", {"path": path})

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for owned in list(self._open_ones):
                owned.connection.close()
            self._open_ones.clear()
            self._local = threading.local()

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise Unavailable(
                f"{self._path!r} is being read by another process, so deleted text may still stand in its log",
                hint="stop the other process, or try again in a moment",
            )

    def _connection(self) -> sqlite3.Connection:
        if self._memory is not None:
            return self._memory.connection
        owned = getattr(self._local, "owned", None)
        if owned is None:
            owned = self._local.owned = self._open()
        return owned.connection

    def _open(self) -> _Owned:
        with _TRANSLATED:
            owned = _Owned(sqlite3.connect(self._path, isolation_level=None, check_same_thread=False))
            with self._lock:
                self._open_ones.add(owned)
            for pragma in _PRAGMAS:
                owned.connection.execute(pragma)
        return owned


class _Owned:
    """A thread's connection. It closes with its thread: left alone it would wait for the cycle collector."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class _Translated:
    """SQLite's errors come out as ours. A class and one instance: every statement passes here."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise _ours(error) from error


_TRANSLATED = _Translated()
_NO_ROOM = ("SQLITE_IOERR_SHMSIZE",)  # for the index of the log, which the first to open a database makes


def _ours(error: sqlite3.Error) -> ThrulineError:
    said = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(f"the database refused the change: {said}")
    if "readonly" in said or "read-only" in said:
        return Denied(f"the database is read-only: {said}", hint="check the permissions of the home folder")
    if "full" in said or getattr(error, "sqlite_errorname", "") in _NO_ROOM:
        return Unavailable(f"the disk is full: {said}", hint="free some space; nothing was changed")
    if "locked" in said or "busy" in said:
        return Unavailable("another process is writing to the database", hint="try again in a moment")
    if "unable to open" in said:
        return Unavailable(f"the database file cannot be opened: {said}", hint="check the path and its permissions")
    if "malformed" in said or "not a database" in said:
        return Corrupt(f"the database file is damaged: {said}", hint="restore the last backup")
    if isinstance(error, sqlite3.OperationalError) and "disk I/O" in said:
        return Unavailable(f"the disk failed: {said}", hint="check the disk of the home, and that it has room")
    return Invalid(f"the database refused a statement: {said}")

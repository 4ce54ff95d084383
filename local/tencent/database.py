"""The SQLite database of a simulator, on disk or in memory.

Everything is written before it is answered, so a killed process loses nothing. Only the number of
attempts of a push that is in progress starts at zero again.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_VERSION = 2

_SCHEMA = """
CREATE TABLE templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, type INTEGER NOT NULL,
    title TEXT NOT NULL, remark TEXT NOT NULL, international INTEGER NOT NULL,
    status INTEGER NOT NULL, reply TEXT NOT NULL,
    applied REAL NOT NULL, reviewed REAL, review_due REAL);
CREATE TABLE signs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL,
    remark TEXT NOT NULL, international INTEGER NOT NULL,
    status INTEGER NOT NULL, reply TEXT NOT NULL,
    applied REAL NOT NULL, reviewed REAL, review_due REAL);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, sid TEXT NOT NULL, endpoint TEXT NOT NULL,
    nationcode TEXT NOT NULL, mobile TEXT NOT NULL, sign TEXT NOT NULL, tpl_id INTEGER NOT NULL,
    params TEXT NOT NULL, text TEXT NOT NULL, fee INTEGER NOT NULL,
    extend TEXT NOT NULL, ext TEXT NOT NULL, time REAL NOT NULL);
CREATE INDEX messages_by_mobile ON messages (mobile);
CREATE TABLE refusals (time REAL NOT NULL, numbers INTEGER NOT NULL, result INTEGER NOT NULL);
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY, sid TEXT NOT NULL, nationcode TEXT NOT NULL, mobile TEXT NOT NULL,
    report_status TEXT NOT NULL, errmsg TEXT NOT NULL, description TEXT NOT NULL,
    due REAL NOT NULL, first INTEGER NOT NULL,
    push INTEGER NOT NULL DEFAULT 0, pulled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX receipts_by_mobile ON receipts (mobile);
CREATE INDEX receipts_to_pull ON receipts (due) WHERE pulled = 0;
CREATE TABLE replies (
    id INTEGER PRIMARY KEY, nationcode TEXT NOT NULL, mobile TEXT NOT NULL, text TEXT NOT NULL,
    sign TEXT NOT NULL, extend TEXT NOT NULL, due REAL NOT NULL,
    push INTEGER NOT NULL DEFAULT 0, pulled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX replies_by_mobile ON replies (mobile);
CREATE INDEX replies_to_pull ON replies (due) WHERE pulled = 0;
CREATE TABLE blocked (
    nationcode TEXT NOT NULL, mobile TEXT NOT NULL, PRIMARY KEY (nationcode, mobile));
"""

# What each version lacks that the next one has.
_MIGRATIONS = {
    1: """
ALTER TABLE templates ADD COLUMN sms_type INTEGER NOT NULL DEFAULT 0;
CREATE TABLE rejections (
    time REAL NOT NULL, endpoint TEXT NOT NULL, nationcode TEXT NOT NULL, mobile TEXT NOT NULL,
    code TEXT NOT NULL, text TEXT NOT NULL, params TEXT NOT NULL);
CREATE INDEX rejections_by_mobile ON rejections (mobile);
""",
}

# The ranges are far apart and far from zero, so that an id of one table is not valid in the other.
_FIRST_IDS = {"signs": 100_000, "templates": 200_000}


class StateError(Exception):
    """The state folder cannot be used."""


class Database:
    """A connection on which each statement commits, unless it is inside ``transaction``."""

    def __init__(self, directory: Path | None = None) -> None:
        try:
            self._connection = _open(directory)
            self._prepare()
        except (OSError, sqlite3.DatabaseError) as error:
            raise StateError(f"{directory} is in use or cannot be used: {error}") from error

    def _prepare(self) -> None:
        # A second process on the same folder would assign the same ids.
        self.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")
        version = self.number("PRAGMA user_version")
        if version not in range(_VERSION + 1):
            raise StateError(f"the state folder has version {version}, not {_VERSION}")
        with self.transaction():
            if version == 0:
                self._execute_all(_SCHEMA)
                self.execute("DELETE FROM sqlite_sequence")
                self.execute_many("INSERT INTO sqlite_sequence VALUES (?, ?)", _FIRST_IDS.items())
            for earlier in range(max(version, 1), _VERSION):
                self._execute_all(_MIGRATIONS[earlier])
            # Acquires the lock now, even if nothing else is written.
            self.execute(f"PRAGMA user_version = {_VERSION}")

    def _execute_all(self, statements: str) -> None:
        for statement in statements.split(";"):
            self.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the statements of a block together, or none of them if it raises."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute a statement."""
        return self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement once for each row of values."""
        self._connection.executemany(statement, rows)

    def number(self, query: str, values: Sequence[Any] = ()) -> int:
        """Return the single number that a query selects; 0 for NULL."""
        row = self.execute(query, values).fetchone()
        return int(row[0] or 0)

    def close(self) -> None:
        """Close the connection. Everything is written already."""
        self._connection.close()


def _open(directory: Path | None) -> sqlite3.Connection:
    if directory is None:
        return sqlite3.connect(":memory:", isolation_level=None)
    directory.mkdir(parents=True, exist_ok=True)
    # Transactions are explicit here, and another process holds the database only for moments.
    return sqlite3.connect(directory / "tencent.sqlite3", isolation_level=None, timeout=0.2)

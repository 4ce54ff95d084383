"""What the simulator remembers: one SQLite database, on disk or in memory.

Everything is written before it is answered, so killing the process loses nothing; only the try
count of a push that is under way starts again.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.tencent import records
from local.tencent.records import DeliveryReceipt, Message, Pushed, Reply, Sign, Template

_VERSION = 1

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

# Far apart and far from zero, so that the one kind of id is not taken for the other.
_FIRST_IDS = {"signs": 100_000, "templates": 200_000}


class StateError(Exception):
    """The state folder cannot be used."""


def _open(directory: Path | None) -> sqlite3.Connection:
    if directory is None:
        return sqlite3.connect(":memory:", isolation_level=None)
    directory.mkdir(parents=True, exist_ok=True)
    # Transactions are written out here, and nobody else holds the database for long.
    return sqlite3.connect(directory / "tencent.sqlite3", isolation_level=None, timeout=0.2)


class State:
    """The database. Every method commits what it wrote."""

    def __init__(self, directory: Path | None = None) -> None:
        try:
            self._db = _open(directory)
            self._prepare()
        except (OSError, sqlite3.DatabaseError) as error:
            raise StateError(f"{directory} is in use or cannot be used: {error}") from error
        self._next_ids = {
            table: self._number(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608
            for table in ("messages", "receipts", "replies")
        }
        self._blocked = set(self._db.execute("SELECT nationcode, mobile FROM blocked"))
        self.accepted = self._number("SELECT count(*) FROM messages")
        self.refused = self._number("SELECT sum(numbers) FROM refusals")

    def _prepare(self) -> None:
        # A second process on the same folder would hand out the same ids.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        version = self._number("PRAGMA user_version")
        if version not in {0, _VERSION}:
            raise StateError(f"the state folder is of version {version}, not {_VERSION}")
        with self._transaction():
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._seed_ids()
            # Takes the lock now, even where nothing else is written.
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def _seed_ids(self) -> None:
        self._db.execute("DELETE FROM sqlite_sequence")
        self._db.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", _FIRST_IDS.items())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _number(self, query: str, values: Sequence[Any] = ()) -> int:
        row = self._db.execute(query, values).fetchone()
        return int(row[0] or 0)

    def close(self) -> None:
        """Write everything out."""
        self._db.close()

    def clear(self, *, keep_templates: bool) -> None:
        """Forget messages, receipts and replies, and templates and signs if they are not kept.

        Ids go on, so that what is still under way cannot be taken for what comes after.
        """
        with self._transaction():
            for table in ("messages", "refusals", "receipts", "replies", "blocked"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
            if not keep_templates:
                self._db.execute("DELETE FROM templates")
                self._db.execute("DELETE FROM signs")
        self._blocked.clear()
        self.accepted = self.refused = 0

    def next_id(self, table: str) -> int:
        """Take the next id of messages, receipts or replies."""
        taken = self._next_ids[table]
        self._next_ids[table] += 1
        return taken

    # templates

    def add_template(self, template: Template) -> int:
        """Add a template; id 0 lets one be chosen. Return the id."""
        return self._put("templates", template, template.id or None)

    def save_template(self, template: Template) -> None:
        """Write a template that changed."""
        self._put("templates", template, template.id)

    def template(self, tpl_id: int) -> Template | None:
        """Find a template."""
        row = self._db.execute("SELECT * FROM templates WHERE id = ?", (tpl_id,)).fetchone()
        return Template(*row) if row else None

    def templates(self, offset: int = 0, limit: int = -1) -> list[Template]:
        """List templates by id."""
        rows = self._db.execute(
            "SELECT * FROM templates ORDER BY id LIMIT ? OFFSET ?", (limit, offset)
        )
        return [Template(*row) for row in rows]

    def count_templates(self) -> int:
        """Count all templates."""
        return self._number("SELECT count(*) FROM templates")

    def delete_templates(self, ids: Iterable[int]) -> None:
        """Delete templates."""
        with self._transaction():
            self._db.executemany("DELETE FROM templates WHERE id = ?", ((id_,) for id_ in ids))

    # signs

    def add_sign(self, sign: Sign) -> int:
        """Add a sign; id 0 lets one be chosen. Return the id."""
        return self._put("signs", sign, sign.id or None)

    def save_sign(self, sign: Sign) -> None:
        """Write a sign that changed."""
        self._put("signs", sign, sign.id)

    def sign(self, sign_id: int) -> Sign | None:
        """Find a sign."""
        row = self._db.execute("SELECT * FROM signs WHERE id = ?", (sign_id,)).fetchone()
        return Sign(*row) if row else None

    def signs(self) -> list[Sign]:
        """List signs by id."""
        return [Sign(*row) for row in self._db.execute("SELECT * FROM signs ORDER BY id")]

    def delete_signs(self, ids: Iterable[int]) -> None:
        """Delete signs."""
        with self._transaction():
            self._db.executemany("DELETE FROM signs WHERE id = ?", ((id_,) for id_ in ids))

    def _put(self, table: str, item: Template | Sign, id_: int | None) -> int:
        values = records.values(item)
        marks = ", ".join("?" * len(values))
        cursor = self._db.execute(
            f"INSERT OR REPLACE INTO {table} VALUES ({marks})",  # noqa: S608
            (id_, *values[1:]),
        )
        return int(cursor.lastrowid or 0)

    # messages

    def record(
        self,
        messages: list[Message],
        receipts: list[DeliveryReceipt],
        replies: list[Reply],
        refusals: list[tuple[float, int, int]],
    ) -> None:
        """Keep what came of one send: (time, numbers, result) for what was refused."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, messages),
            )
            self._db.executemany(
                "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, receipts),
            )
            self._db.executemany(
                "INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, replies),
            )
            self._db.executemany("INSERT INTO refusals VALUES (?, ?, ?)", refusals)
        self.accepted += len(messages)
        self.refused += sum(numbers for _, numbers, _ in refusals)

    def messages(self, mobile: str | None, after: int, limit: int) -> list[Message]:
        """List accepted messages whose id is above ``after``."""
        query = "SELECT * FROM messages WHERE id > ?"
        values: list[Any] = [after]
        if mobile is not None:
            query += " AND mobile = ?"
            values.append(mobile)
        rows = self._db.execute(f"{query} ORDER BY id LIMIT ?", (*values, limit))
        return [Message(*row) for row in rows]

    def last_message(self, nationcode: str, mobile: str) -> Message | None:
        """Find the newest message to a number."""
        row = self._db.execute(
            "SELECT * FROM messages WHERE mobile = ? AND nationcode = ? ORDER BY id DESC LIMIT 1",
            (mobile, nationcode),
        ).fetchone()
        return Message(*row) if row else None

    # delivery receipts and replies

    def receipts_of(self, message: Message) -> list[DeliveryReceipt]:
        """List the receipts of a message, those to come included."""
        rows = self._db.execute(
            "SELECT * FROM receipts WHERE mobile = ? AND sid = ? ORDER BY id",
            (message.mobile, message.sid),
        )
        return [DeliveryReceipt(*row) for row in rows]

    def receipts_to_push(self) -> list[DeliveryReceipt]:
        """List the receipts that were not yet pushed."""
        rows = self._db.execute("SELECT * FROM receipts WHERE push = 0")
        return [DeliveryReceipt(*row) for row in rows]

    def replies_to_push(self) -> list[Reply]:
        """List the replies that were not yet pushed."""
        return [Reply(*row) for row in self._db.execute("SELECT * FROM replies WHERE push = 0")]

    def mark_receipts(self, receipts: Iterable[DeliveryReceipt], push: Pushed) -> None:
        """Note what became of the push of receipts."""
        with self._transaction():
            self._db.executemany(
                "UPDATE receipts SET push = ? WHERE id = ?",
                [(push, receipt.id) for receipt in receipts],
            )

    def mark_reply(self, reply: Reply, push: Pushed) -> None:
        """Note what became of the push of a reply."""
        self._db.execute("UPDATE replies SET push = ? WHERE id = ?", (push, reply.id))

    def pull_receipts(self, now: float, limit: int) -> list[DeliveryReceipt]:
        """Take receipts off the pull queue."""
        return [DeliveryReceipt(*row) for row in self._pull("receipts", now, limit)]

    def pull_replies(self, now: float, limit: int) -> list[Reply]:
        """Take replies off the pull queue."""
        return [Reply(*row) for row in self._pull("replies", now, limit)]

    def _pull(self, table: str, now: float, limit: int) -> list[Any]:
        with self._transaction():
            rows = self._db.execute(
                f"SELECT * FROM {table} WHERE pulled = 0 AND due <= ? ORDER BY due LIMIT ?",  # noqa: S608
                (now, limit),
            ).fetchall()
            self._db.executemany(
                f"UPDATE {table} SET pulled = 1 WHERE id = ?",  # noqa: S608
                [row[:1] for row in rows],
            )
        return rows

    def receipts_between(
        self, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[DeliveryReceipt]:
        """List the receipts of a (nationcode, mobile) from a stretch of time."""
        rows = self._between("receipts", number, begin, end, limit)
        return [DeliveryReceipt(*row) for row in rows]

    def replies_between(
        self, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[Reply]:
        """List the replies of a (nationcode, mobile) from a stretch of time."""
        rows = self._between("replies", number, begin, end, limit)
        return [Reply(*row) for row in rows]

    def _between(
        self, table: str, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[Any]:
        return self._db.execute(
            f"SELECT * FROM {table} WHERE nationcode = ? AND mobile = ?"  # noqa: S608
            " AND due BETWEEN ? AND ? ORDER BY due LIMIT ?",
            (*number, begin, end, limit),
        ).fetchall()

    # users who unsubscribed

    def block(self, nationcode: str, mobile: str) -> None:
        """Remember that a user unsubscribed."""
        self._blocked.add((nationcode, mobile))
        self._db.execute("INSERT OR IGNORE INTO blocked VALUES (?, ?)", (nationcode, mobile))

    def is_blocked(self, nationcode: str, mobile: str) -> bool:
        """Tell whether a user unsubscribed."""
        return (nationcode, mobile) in self._blocked

    # statistics

    def sent_between(self, begin: float, end: float) -> tuple[int, int, int]:
        """Count numbers refused, messages accepted and their fees, from begin up to before end."""
        refused = self._number(
            "SELECT sum(numbers) FROM refusals WHERE time >= ? AND time < ?", (begin, end)
        )
        accepted, fees = self._db.execute(
            "SELECT count(*), coalesce(sum(fee), 0) FROM messages WHERE time >= ? AND time < ?",
            (begin, end),
        ).fetchone()
        return refused, accepted, fees

    def receipt_codes_between(self, begin: float, end: float) -> list[tuple[str, str, int]]:
        """Count first receipts by (report_status, errmsg), from begin up to before end."""
        return self._db.execute(
            "SELECT report_status, errmsg, count(*) FROM receipts"
            " WHERE first = 1 AND due >= ? AND due < ? GROUP BY report_status, errmsg",
            (begin, end),
        ).fetchall()

"""The tables of messages, receipts, replies, refusals and blocked numbers."""

from collections.abc import Iterable
from typing import Any

from local.tencent import records
from local.tencent.database import Database
from local.tencent.records import DeliveryReceipt, Message, PushStatus, Rejection, Reply


class Traffic:
    """The messages of the application and their receipts. Every method commits what it writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next_ids = {
            table: database.number(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608
            for table in ("messages", "receipts", "replies")
        }
        self._blocked = set(database.execute("SELECT nationcode, mobile FROM blocked"))
        self.accepted = database.number("SELECT count(*) FROM messages")
        self.refused = database.number("SELECT sum(numbers) FROM refusals")

    def reset_counts(self) -> None:
        """Set the counts to zero after the tables were emptied."""
        self._blocked.clear()
        self.accepted = self.refused = 0

    def next_id(self, table: str) -> int:
        """Assign the next id of ``messages``, ``receipts`` or ``replies``."""
        assigned = self._next_ids[table]
        self._next_ids[table] += 1
        return assigned

    # messages

    def record(
        self,
        messages: list[Message],
        receipts: list[DeliveryReceipt],
        replies: list[Reply],
        refusals: list[tuple[float, int, int]],
        rejections: Iterable[Rejection] = (),
    ) -> None:
        """Store the results of one send.

        Args:
            messages: the accepted messages.
            receipts: their receipts, including those that are due later.
            replies: their replies, including those that are due later.
            refusals: (time, number of recipients, result) of the refused recipients.
            rejections: those of them who were refused one by one.
        """
        with self._database.transaction():
            self._database.execute_many(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, messages),
            )
            self._database.execute_many(
                "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, receipts),
            )
            self._database.execute_many(
                "INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(records.values, replies),
            )
            self._database.execute_many("INSERT INTO refusals VALUES (?, ?, ?)", refusals)
            self._database.execute_many(
                "INSERT INTO rejections VALUES (?, ?, ?, ?, ?, ?, ?)",
                map(records.values, rejections),
            )
        self.accepted += len(messages)
        self.refused += sum(numbers for _, numbers, _ in refusals)

    def messages(self, mobile: str | None, after: int, limit: int) -> list[Message]:
        """Return accepted messages with an id above ``after``, ordered by id."""
        query = "SELECT * FROM messages WHERE id > ?"
        values: list[Any] = [after]
        if mobile is not None:
            query += " AND mobile = ?"
            values.append(mobile)
        rows = self._database.execute(f"{query} ORDER BY id LIMIT ?", (*values, limit))
        return [Message(*row) for row in rows]

    def last_message(self, nationcode: str, mobile: str) -> Message | None:
        """Return the newest message to a number, or None."""
        row = self._database.execute(
            "SELECT * FROM messages WHERE mobile = ? AND nationcode = ? ORDER BY id DESC LIMIT 1",
            (mobile, nationcode),
        ).fetchone()
        return Message(*row) if row else None

    def messages_between(self, number: tuple[str, str], begin: float, end: float) -> list[Message]:
        """Return the messages to a (nationcode, mobile) that were sent from begin to end."""
        rows = self._database.execute(
            "SELECT * FROM messages WHERE mobile = ? AND nationcode = ?"
            " AND time BETWEEN ? AND ? ORDER BY id",
            (number[1], number[0], begin, end),
        )
        return [Message(*row) for row in rows]

    def rejections_between(
        self, number: tuple[str, str], begin: float, end: float
    ) -> list[Rejection]:
        """Return the refusals of a (nationcode, mobile) from begin to end."""
        rows = self._database.execute(
            "SELECT * FROM rejections WHERE mobile = ? AND nationcode = ?"
            " AND time BETWEEN ? AND ? ORDER BY rowid",
            (number[1], number[0], begin, end),
        )
        return [Rejection(*row) for row in rows]

    def contexts(self, receipts: Iterable[DeliveryReceipt]) -> dict[str, str]:
        """Return the ``ext`` or SessionContext of the receipts' messages, by their sid."""
        found = {}
        for receipt in receipts:
            row = self._database.execute(
                "SELECT ext FROM messages WHERE mobile = ? AND sid = ?",
                (receipt.mobile, receipt.sid),
            ).fetchone()
            if row:
                found[receipt.sid] = str(row[0])
        return found

    # delivery receipts and replies

    def receipts_of(self, message: Message) -> list[DeliveryReceipt]:
        """Return the receipts of a message, including those that are due later."""
        rows = self._database.execute(
            "SELECT * FROM receipts WHERE mobile = ? AND sid = ? ORDER BY id",
            (message.mobile, message.sid),
        )
        return [DeliveryReceipt(*row) for row in rows]

    def receipts_to_push(self) -> list[DeliveryReceipt]:
        """Return the receipts whose push is pending."""
        rows = self._database.execute("SELECT * FROM receipts WHERE push = 0")
        return [DeliveryReceipt(*row) for row in rows]

    def replies_to_push(self) -> list[Reply]:
        """Return the replies whose push is pending."""
        rows = self._database.execute("SELECT * FROM replies WHERE push = 0")
        return [Reply(*row) for row in rows]

    def mark_receipts(self, receipts: Iterable[DeliveryReceipt], status: PushStatus) -> None:
        """Record the result of a push of receipts."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE receipts SET push = ? WHERE id = ?",
                [(status, receipt.id) for receipt in receipts],
            )

    def mark_reply(self, reply: Reply, status: PushStatus) -> None:
        """Record the result of a push of a reply."""
        self._database.execute("UPDATE replies SET push = ? WHERE id = ?", (status, reply.id))

    def pull_receipts(self, now: float, limit: int) -> list[DeliveryReceipt]:
        """Remove receipts from the pull queue and return them."""
        return [DeliveryReceipt(*row) for row in self._pull("receipts", now, limit)]

    def pull_replies(self, now: float, limit: int) -> list[Reply]:
        """Remove replies from the pull queue and return them."""
        return [Reply(*row) for row in self._pull("replies", now, limit)]

    def _pull(self, table: str, now: float, limit: int) -> list[Any]:
        with self._database.transaction():
            rows = self._database.execute(
                f"SELECT * FROM {table} WHERE pulled = 0 AND due <= ? ORDER BY due LIMIT ?",  # noqa: S608
                (now, limit),
            ).fetchall()
            self._database.execute_many(
                f"UPDATE {table} SET pulled = 1 WHERE id = ?",  # noqa: S608
                [row[:1] for row in rows],
            )
        return rows

    def receipts_between(
        self, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[DeliveryReceipt]:
        """Return the receipts of a (nationcode, mobile) that are due from begin to end."""
        rows = self._between("receipts", number, begin, end, limit)
        return [DeliveryReceipt(*row) for row in rows]

    def replies_between(
        self, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[Reply]:
        """Return the replies of a (nationcode, mobile) that are due from begin to end."""
        rows = self._between("replies", number, begin, end, limit)
        return [Reply(*row) for row in rows]

    def _between(
        self, table: str, number: tuple[str, str], begin: float, end: float, limit: int
    ) -> list[Any]:
        return self._database.execute(
            f"SELECT * FROM {table} WHERE nationcode = ? AND mobile = ?"  # noqa: S608
            " AND due BETWEEN ? AND ? ORDER BY due LIMIT ?",
            (*number, begin, end, limit),
        ).fetchall()

    # users who unsubscribed

    def block(self, nationcode: str, mobile: str) -> None:
        """Record that a user unsubscribed."""
        self._blocked.add((nationcode, mobile))
        self._database.execute("INSERT OR IGNORE INTO blocked VALUES (?, ?)", (nationcode, mobile))

    def is_blocked(self, nationcode: str, mobile: str) -> bool:
        """Return whether a user unsubscribed."""
        return (nationcode, mobile) in self._blocked

    # statistics

    def sent_between(self, begin: float, end: float) -> tuple[int, int, int]:
        """Return the numbers of refused recipients, accepted messages and billed messages.

        The period includes ``begin`` and excludes ``end``.
        """
        refused = self._database.number(
            "SELECT sum(numbers) FROM refusals WHERE time >= ? AND time < ?", (begin, end)
        )
        accepted, fees = self._database.execute(
            "SELECT count(*), coalesce(sum(fee), 0) FROM messages WHERE time >= ? AND time < ?",
            (begin, end),
        ).fetchone()
        return refused, accepted, fees

    def receipt_codes_between(self, begin: float, end: float) -> list[tuple[str, str, int]]:
        """Return the number of first receipts for each (report_status, errmsg).

        The period includes ``begin`` and excludes ``end``.
        """
        return self._database.execute(
            "SELECT report_status, errmsg, count(*) FROM receipts"
            " WHERE first = 1 AND due >= ? AND due < ? GROUP BY report_status, errmsg",
            (begin, end),
        ).fetchall()

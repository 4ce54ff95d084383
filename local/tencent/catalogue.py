"""The table of templates and the table of signs."""

from collections.abc import Iterable

from local.tencent import records
from local.tencent.database import Database
from local.tencent.records import Sign, Template


class Catalogue:
    """The templates and signs of the application. Every method commits what it writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # templates

    def add_template(self, template: Template) -> int:
        """Add a template and return its id. An id of 0 is replaced by the next free one."""
        return self._put("templates", template, template.id or None)

    def save_template(self, template: Template) -> None:
        """Write a template that changed."""
        self._put("templates", template, template.id)

    def template(self, tpl_id: int) -> Template | None:
        """Return a template, or None."""
        query = "SELECT * FROM templates WHERE id = ?"
        row = self._database.execute(query, (tpl_id,)).fetchone()
        return Template(*row) if row else None

    def templates(self, offset: int = 0, limit: int = -1) -> list[Template]:
        """Return templates, ordered by id."""
        query = "SELECT * FROM templates ORDER BY id LIMIT ? OFFSET ?"
        return [Template(*row) for row in self._database.execute(query, (limit, offset))]

    def count_templates(self) -> int:
        """Return the number of templates."""
        return self._database.number("SELECT count(*) FROM templates")

    def delete_templates(self, ids: Iterable[int]) -> None:
        """Delete templates."""
        with self._database.transaction():
            self._database.execute_many(
                "DELETE FROM templates WHERE id = ?", ((id_,) for id_ in ids)
            )

    # signs

    def add_sign(self, sign: Sign) -> int:
        """Add a sign and return its id. An id of 0 is replaced by the next free one."""
        return self._put("signs", sign, sign.id or None)

    def save_sign(self, sign: Sign) -> None:
        """Write a sign that changed."""
        self._put("signs", sign, sign.id)

    def sign(self, sign_id: int) -> Sign | None:
        """Return a sign, or None."""
        query = "SELECT * FROM signs WHERE id = ?"
        row = self._database.execute(query, (sign_id,)).fetchone()
        return Sign(*row) if row else None

    def signs(self) -> list[Sign]:
        """Return all signs, ordered by id."""
        return [Sign(*row) for row in self._database.execute("SELECT * FROM signs ORDER BY id")]

    def delete_signs(self, ids: Iterable[int]) -> None:
        """Delete signs."""
        with self._database.transaction():
            self._database.execute_many("DELETE FROM signs WHERE id = ?", ((id_,) for id_ in ids))

    # both

    def _put(self, table: str, item: Template | Sign, id_: int | None) -> int:
        values = records.values(item)
        marks = ", ".join("?" * len(values))
        cursor = self._database.execute(
            f"INSERT OR REPLACE INTO {table} VALUES ({marks})",  # noqa: S608
            (id_, *values[1:]),
        )
        return int(cursor.lastrowid or 0)

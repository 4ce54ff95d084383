"""Everything that the simulator stores: the catalogue and the traffic, in one database."""

from pathlib import Path

from local.tencent.catalogue import Catalogue
from local.tencent.database import Database
from local.tencent.traffic import Traffic


class State:
    """The stored data of one application."""

    def __init__(self, directory: Path | None = None) -> None:
        """Open the database.

        Args:
            directory: the folder that survives restarts; None keeps the data in memory.

        Raises:
            StateError: the folder is in use or cannot be used.
        """
        self._database = Database(directory)
        self.catalogue = Catalogue(self._database)
        self.traffic = Traffic(self._database)

    def clear(self, *, keep_templates: bool) -> None:
        """Delete messages, receipts and replies; and templates and signs unless they are kept.

        The numbering of ids continues, so an id from before a reset never names a later item.
        """
        with self._database.transaction():
            for table in ("messages", "refusals", "rejections", "receipts", "replies", "blocked"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608
            if not keep_templates:
                self._database.execute("DELETE FROM templates")
                self._database.execute("DELETE FROM signs")
        self.traffic.reset_counts()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

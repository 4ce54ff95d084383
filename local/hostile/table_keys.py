"""The keys of the items that a call of DynamoDB reads or writes."""

import re
from collections.abc import Mapping
from typing import Any

from .calls import Call

Key = tuple[str, ...]
"""A table's name, and the values of an item's key attributes as texts, that of the partition first."""

_PARTIQL_TABLE = re.compile(r'\b(?:UPDATE|INTO|FROM)\s+"([^"]+)"', re.IGNORECASE)
_PARTIQL_PARAMETER = re.compile(r'"?(\w+)"?\s*=\s*\?')


class TableKeys:
    """Knows the key attributes of tables, once it has asked for them."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def of(self, call: Call, table: str, attributes: Mapping[str, Any]) -> Key:
        """Return the key of an item, given some of its attributes."""
        return (table, *(repr(attributes.get(name)) for name in self.names(call, table)))

    def partition(self, call: Call, table: str, attributes: Mapping[str, Any]) -> Key:
        """Return the key of an item's partition."""
        return self.of(call, table, attributes)[:2]

    def of_statement(self, call: Call, statement: Mapping[str, Any]) -> Key:
        """Return the key of the item that a PartiQL statement with parameters for its key is about."""
        return self.of(call, *self.in_statement(statement))

    @staticmethod
    def in_statement(statement: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the table of a PartiQL statement, and the attributes that its parameters are about."""
        text = statement["Statement"]
        found = _PARTIQL_TABLE.search(text)
        names = _PARTIQL_PARAMETER.findall(text)
        attributes = dict(zip(names, statement.get("Parameters", []), strict=False))
        return found[1] if found else "", attributes

    def names(self, call: Call, table: str) -> list[str]:
        """Return the names of a table's key attributes."""
        if table not in self._names:
            schema = call.ask("DescribeTable", TableName=table)["Table"]["KeySchema"]
            self._names[table] = [one["AttributeName"] for one in schema]
        return self._names[table]


def written(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the attributes in an entry of BatchWriteItem or TransactWriteItems: an item or a key."""
    [request] = entry.values()
    attributes: Mapping[str, Any] = request.get("Item") or request["Key"]
    return attributes

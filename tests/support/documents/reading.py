"""The documents' examples and fields, as `tests/documents` keeps them, and the coverage table."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2] / "documents"
TABLE = Path("docs/coverage.md")

# A string, or something that is not JSON: a comment, or "more of the same".
_TOKEN = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|,?\s*\.\.\.')
_WRAPPED = re.compile(r"^-d '(.*)'$", re.DOTALL)


def examples(document: str) -> dict[str, dict[str, str]]:
    """Return the examples of a document by heading and kind, unchanged except for curl's `-d ''`."""
    found: dict[str, dict[str, str]] = {}
    text = (HERE / f"{document}_examples.md").read_text()
    pattern = r"^## ([^\n]+)$|^### (\w+)\n\n```\n(.*?)\n```$"
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        if match[1]:
            kinds = found.setdefault(match[1], {})
        else:
            kinds[match[2]] = _WRAPPED.sub(r"\1", match[3])
    return found


def loads(example: str) -> Any:
    """Read an example as JSON, without the document's comments, `...` and misplaced commas."""
    text = _TOKEN.sub(lambda match: match[1] or "", example)
    text = re.sub(r",(\s*[}\]])", r"\1", text)
    text = re.sub(r'(["\d}\]])(\s*\n\s*")', r"\1,\2", text)
    return json.loads(text)


def shape(value: Any) -> Any:
    """Return the names and JSON types in a value; of a list, those of its first element."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def fields() -> dict[str, list[tuple[str, str]]]:
    """Return the documented fields by heading: kind and field, in the documents' spelling."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in (HERE / "documented_fields.txt").read_text().splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            kind, _, field = line.partition(" | ")
            rows.append((kind, field))
    return found


@dataclass(frozen=True)
class Row:
    """A row of the coverage table."""

    heading: str
    cells: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Return kind and field, as in `fields`."""
        name, _, rest = self.cells[1].removeprefix("`").partition("`")
        return self.cells[0], name + rest

    @property
    def places(self) -> list[str]:
        """Return where the field is implemented: `module:name`, or a path."""
        return re.findall(r"`([^`]+)`", self.cells[3])

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.cells[4])


def table() -> list[Row]:
    """Return the rows of docs/coverage.md with their headings of the third level."""
    rows: list[Row] = []
    heading = ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("### "):
            heading = line[4:]
        elif line.startswith("|") and heading and not line.startswith(("| ---", "| Part ")):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            rows.append(Row(heading, tuple(cell.strip() for cell in cells)))
    return rows

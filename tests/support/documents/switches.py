"""What `local/hostile/switches.py` says about each switch, as rows of the table in docs/hostile-aws.md."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

SOURCE = Path("local/hostile/switches.py")
PAGE = Path("docs/hostile-aws.md")
SURENESS = re.compile(r"\[(doc|seen|src|guess)\]")


class Row(NamedTuple):
    """A switch: its name, AWS's behaviour with how sure that is, and what is imitated of it and what isn't."""

    name: str
    aws: str
    imitated: str
    not_imitated: str


def described() -> list[Row]:
    """Return the switches as their docstrings describe them."""
    tree = ast.parse(SOURCE.read_text())
    [body] = [
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Switch"
    ]
    rows = []
    for member, text in pairwise(body):
        if isinstance(member, ast.Assign):
            assert isinstance(text, ast.Expr)
            rows.append(_row(ast.literal_eval(member.value), ast.literal_eval(text.value)))
    return rows


def tabled() -> list[Row]:
    """Return the rows of the page's table."""
    section = PAGE.read_text().split("## The switches")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [Row(name.strip("`"), *others) for name, *others in cells]


def _row(name: str, docstring: str) -> Row:
    text = " ".join(docstring.split())
    aws, _, rest = text.partition(" Imitated: ")
    imitated, _, not_imitated = rest.partition(" Not imitated: ")
    summary, _, details = aws.partition(" AWS")
    return Row(name, f"**{summary}** AWS{details}", _sentence(imitated), _sentence(not_imitated))


def _sentence(text: str) -> str:
    """Return a text that starts with a capital letter; a dash for none."""
    return text[:1].upper() + text[1:] if text else "–"

"""Long lists of texts, such as a request's hundred thousand numbers."""

import operator
from itertools import islice


def copy_contiguous(texts: list[str]) -> list[str]:
    """The same texts, copied: what goes through them afterwards goes through memory from its start to its end.

    Texts that were sorted lie all over it, and each look at one of them waits for another place of it: for a
    seventh of the time that accepting a hundred thousand texts to as many numbers takes.
    """
    copies = "\n".join(texts).split("\n")
    return copies if len(copies) == len(texts) else texts


def has_duplicates(ordered: list[str]) -> bool:
    """Whether a text is twice in a sorted list: seen in half of the time that a set takes."""
    return any(map(operator.eq, ordered, islice(ordered, 1, None)))

"""Bodies of several megabytes that are expensive for a careless reader."""

import json
from typing import Any

SIX_MEGABYTES = 6_000_000
"""The maximum size of an event of Lambda, in bytes."""

# Each is repeated until it fills a text: white space, digits, and texts that the regular expressions of
# chalicelib and its readers of JSON, numbers, addresses and lists start to match.
_FILLINGS = [
    *(
        "x",
        " ",
        "\n",
        "1",
        "9",
        "0",
        "-",
        "+",
        ",",
        "$",
        "{",
        "}",
        "${",
        "${a",
        "${a}",
        "{1}",
        "{1",
        "{",
    ),
    *(
        "T ",
        "回 ",
        "回复",
        "1 ",
        "1-",
        "1,",
        ",,",
        "\\",
        '"',
        "[",
        "[]",
        "{}",
        '{"a":',
        "[1,",
        "a.",
        ".",
    ),
    *(
        "ü",
        "。",
        "http://",
        "www.",
        "%",
        "%41",
        "\u3000",
        "\x00",
        "é",
        "👍",
        "2026-03-02 ",
        "86",
        "００",
    ),
]
# A start, white space or a run that a regular expression may give back character by character, and an end that
# does not match.
_RUNS = [
    *(
        ("T", " ", "x"),
        ("回", " ", "x"),
        ("回复", "\n", "x"),
        ("${", " ", "x"),
        ("${a", " ", "b}"[:1]),
    ),
    *(
        ("${a", "b ", "$"),
        ("{", "1", "x"),
        ("{", "9", "}"),
        ("{1}", " ", "x"),
        ("1", " ", "x"),
        ("1", "-", ""),
    ),
    *(
        ("+", "9", "*"),
        ("https://", "a.", "/"),
        ("https://", "ü", "/"),
        ("https://a:", "9", "/"),
        ("1", "_1", ""),
    ),
    *(
        ("https://[", ":", "]"),
        ("\n", " \n", "x"),
        ("[", "[", ""),
        ('"', "\\", '"'),
        ("1e", "9", ""),
    ),
    *(("2026-03-02 10:00:00.", "1", "x"), ("https://", "xn--", "/"), ("www.", "x", "。")),
]


def texts(size: int) -> list[str]:
    """Return texts of a number of bytes in JSON, each of another shape."""
    found = [
        filling * (size // len(json.dumps(filling, ensure_ascii=False).encode()[1:-1]))
        for filling in _FILLINGS
    ]
    for start, run, end in _RUNS:
        found.append(
            start + run * (size // len(json.dumps(run, ensure_ascii=False).encode()[1:-1])) + end
        )
    return [*found, _wrapped(size)]


def lists(size: int) -> list[Any]:
    """Return values of a number of bytes in JSON that are not texts."""
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    return [
        *(
            [0] * (size // 2),
            [1.5] * (size // 4),
            [""] * (size // 3),
            ["1"] * (size // 4),
            [[]] * (size // 3),
        ),
        *([{}] * (size // 3), [None] * (size // 5), [{"a": 1}] * (size // 8), ["{}"] * (size // 5)),
        *(
            ['{"a":"{}"}'] * (size // 19),
            [deep] * (size // 820),
            {str(n): n for n in range(size // 16)},
        ),
        *(
            [10**4000] * (size // 4001),
            int("9" * 4000),
            ["\ud800"] * (size // 9),
            [" "] * (size // 4),
        ),
        *(["13900001111"] * (size // 14), [f"139{n:08d}" for n in range(size // 14)]),
    ]


def _wrapped(size: int) -> str:
    """Return a text that is nested in JSON texts: its quotation marks double each time."""
    value = "{}"
    while len(again := json.dumps(value)) < size:
        value = again
    return value


def whole(size: int) -> list[bytes]:
    """Return bodies of a number of bytes that belong to no endpoint."""
    keys = ",".join(f'"{n}":0' for n in range(size // 10))
    return [
        *(
            b"[" * size,
            b"]" * size,
            b'{"a":' * (size // 5),
            b'"' + b"\\" * size,
            b'"' + b"x" * size,
        ),
        *(
            b" " * size,
            b"1" * size,
            b"-" * size,
            b"\xff" * size,
            b"\x00" * size,
            b"{" + b" " * size + b"}",
        ),
        *(
            f"{{{keys}}}".encode(),
            b"{" + b'"a":0,' * (size // 6) + b'"b":0}',
            b"[" + b"0," * (size // 2) + b"0]",
        ),
        *(
            b'{"a":"' + b"\\ud83d\\ude00" * (size // 12) + b'"}',
            b'{"a":[' + b"1e5," * (size // 4) + b"0]}",
        ),
        *(
            b'{"a":[' + b"{}," * (size // 3) + b"0]}",
            b'{"a":[' + (b"9" * 4000 + b",") * (size // 4001) + b"0]}",
        ),
        *(
            b'{"a":[' + b'"\\u0000",' * (size // 9) + b"0]}",
            b'{"a":' + b"[" * 900 + b"]" * 900 + b" " * size + b"}",
        ),
    ]

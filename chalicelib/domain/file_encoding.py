"""The encoding of a recipient file, from its first bytes; and what is no text file at all.

Bytes that are UTF-16 or UTF-32 are converted to UTF-8 before they are divided into lines. UTF-8 and GB18030 are
divided as they are: which of the two a file is, the majority of its lines decides (`file_survey.survey`).
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

HEAD = 4096
"""Bytes that show what a file is."""

WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
"""The encodings that are converted."""

# UTF-32's mark begins like UTF-16's, so it comes first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FORMATS = (
    (b"PK\x03\x04", "Excel(xlsx)或zip压缩文件"),
    (b"PK\x05\x06", "zip压缩文件"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel(xls)文件"),
    (b"\x1f\x8b", "gzip压缩文件"),
    (b"BZh", "bzip2压缩文件"),
    (b"\xfd7zXZ\x00", "xz压缩文件"),
    (b"\x28\xb5\x2f\xfd", "zstd压缩文件"),
    (b"7z\xbc\xaf\x27\x1c", "7z压缩文件"),
    (b"Rar!\x1a\x07", "rar压缩文件"),
    (b"\x89PNG\r\n", "图片(PNG)"),
    (b"\xff\xd8\xff", "图片(JPEG)"),
    (b"GIF8", "图片(GIF)"),
    (b"%PDF-", "PDF文件"),
    (b"PAR1", "Parquet文件"),
    (b"SQLite format 3\x00", "数据库文件"),
)
_MARKUP = re.compile(r"[\s\ufeff]*<[!?/A-Za-z]")
_DIGITS = re.compile(rb"[0-9]{5}")


def peek(parts: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first HEAD bytes of a file that is read in parts, or all bytes of a shorter one; and all its parts."""
    remaining = iter(parts)
    first: list[bytes] = []
    size = 0
    while size < HEAD and (part := next(remaining, None)) is not None:
        first.append(part)
        size += len(part)
    return b"".join(first)[:HEAD], chain(first, remaining)


def wide(head: bytes) -> str:
    """Return which of WIDE a file is, by its byte order mark or its NUL bytes; "" if it is none of them."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    quads = len(head) // 4
    zeros = [head[offset : quads * 4 : 4].count(0) for offset in range(4)]
    # Digits that stand together in bytes of their own belong to a narrow encoding, whatever NULs are around them.
    if sum(zeros) * 10 < quads * 4 or not quads or _DIGITS.search(head):
        return ""
    if zeros[3] == quads and zeros[2] * 10 >= quads * 9:
        return "utf-32-le"
    if zeros[0] == quads and zeros[1] * 10 >= quads * 9:
        return "utf-32-be"
    return "utf-16-le" if zeros[1] + zeros[3] > zeros[0] + zeros[2] else "utf-16-be"


def problem(head: bytes) -> str:
    """Return why a file that begins with these bytes is no text file of numbers, for a marketer; "" if it may be."""
    for mark, name in _FORMATS:
        if head.startswith(mark):
            return f"文件是{name}, 不是文本文件: 请导出为 txt 文本, 每行一个手机号"
    text = head.decode(wide(head) or "utf-8", "replace")
    if _MARKUP.match(text):
        return "文件内容是网页或XML(可能是OSS的错误信息), 不是手机号: 请核对文件地址"
    return ""


def to_utf8(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Convert a file that is read in parts from one of WIDE to UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for part in parts:
        if text := decoder.decode(part):
            yield text.encode()
    if text := decoder.decode(b"", final=True):
        yield text.encode()

"""The items of the table: what one release stored, the release before and the one after it read.

Each literal is an item as release 0.1 stored it, as `chalicelib.store.table` returns it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.breaker import Breaker
from chalicelib.domain.chunks import ChunkKey, ChunkProgress, SendSums
from chalicelib.domain.digital_message import Part
from chalicelib.domain.messages import Message, Origin, Receipt
from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import (
    attributes,
    batches,
    breakers,
    chunks,
    due_chunks,
    files,
    inquiries,
    messages,
    pages,
    send_requests,
    signs,
    submissions,
    table,
    templates,
)
from chalicelib.store.files import File
from chalicelib.store.inquiries import Inquiry
from chalicelib.store.packing import pack, unpack
from chalicelib.store.pages import Page
from chalicelib.store.signs import Sign
from chalicelib.store.table import Item, Key
from chalicelib.store.templates import Revision

NOW = 1_772_416_800
EXPIRES = NOW + 32 * 24 * 3600
HOUR = NOW // 3600


class MemoryTable:
    """The functions of `table` that readers and writers of items use, over a dict."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> Item | None:
        return self.items.get((pk, sk))

    def query(
        self, pk: str, prefix: str = "", *, newest_first: bool = False, **_: Any
    ) -> Iterator[Item]:
        keys = sorted(key for key in self.items if key[0] == pk and key[1].startswith(prefix))
        return (self.items[key] for key in (reversed(keys) if newest_first else keys))

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        return {key: self.items[key] for key in keys if key in self.items}

    def put(self, item: Item) -> None:
        # As DynamoDB returns it: without attributes that are None, with lists for tuples.
        stored = {
            name: attributes.read(attributes.write(value))
            for name, value in item.items()
            if value is not None
        }
        self.items[item["pk"], item["sk"]] = stored

    def put_new(self, item: Item) -> bool:
        if (item["pk"], item["sk"]) in self.items:
            return False
        self.put(item)
        return True

    def replace(self, item: Item, name: str, value: Any) -> bool:
        if self.items.get((item["pk"], item["sk"]), {}).get(name) != value:
            return False
        self.put(item)
        return True

    def batch_put(self, items: Sequence[Item]) -> None:
        for item in items:
            self.put(item)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryTable]:
    made = MemoryTable()
    for name in ("get", "query", "put", "put_new", "replace"):
        monkeypatch.setattr(table, name, getattr(made, name))
    for name in ("get", "put"):
        monkeypatch.setattr(batches, name, getattr(made, f"batch_{name}"))
    monkeypatch.setattr(batches, "put_new", made.batch_put)
    send_requests.get.cache_clear()
    yield made
    send_requests.get.cache_clear()


@dataclass(frozen=True)
class Stored:
    """A kind of item: one as it was stored, how it is read, what it means, and how it is written today.

    `bare` is the same item with its required attributes only, and `bare_value` what that means.
    """

    item: Item
    read: Callable[[], object]
    value: object
    write: Callable[[], object]
    bare: Item
    bare_value: object


def but(item: Item, *names: str, **changes: Any) -> Item:
    """Return an item without some attributes, and with others changed."""
    return {name: value for name, value in item.items() if name not in names} | changes


KEY = ChunkKey("task-1", "b1", 200)

REQUEST = SendRequest(
    out_id="task-1",
    biz_id="b1",
    sign="品牌",
    template_code="7000",
    revision=2,
    tpl_id=7001,
    accepted_at=NOW,
    recipients=1000,
    refused=3,
    related={"relatedTaskId": "9"},
)
REQUEST_ITEM: Item = {
    "pk": "OUT#task-1",
    "sk": "REQUEST#b1",
    "out_id": "task-1",
    "biz_id": "b1",
    "sign": "品牌",
    "template_code": "7000",
    "revision": 2,
    "tpl_id": 7001,
    "accepted_at": NOW,
    "recipients": 1000,
    "refused": 3,
    "related": '{"relatedTaskId": "9"}',
    "expires": EXPIRES,
}
SUBMISSION_ITEM: Item = {
    "pk": "SUBMISSION#0f",
    "sk": "-",
    "request": '{"out_id": "task-1", "biz_id": "b1", "sign": "\\u54c1\\u724c", "template_code": "7000", '
    '"revision": 2, "tpl_id": 7001, "accepted_at": 1772416800, "recipients": 1000, "refused": 3, '
    '"related": {"relatedTaskId": "9"}}',
    "accepted": True,
    "expires": NOW + 12 * 3600,
}
BARE_REQUEST = replace(REQUEST, recipients=0, refused=0, related=None)


def accepted_submission() -> None:
    submissions.claim_submission("0f", REQUEST)
    submissions.mark_accepted("0f", REQUEST)


def claimed_again() -> object:
    """Return the request that a request with equal content finds."""
    return submissions.claim_submission("0f", replace(REQUEST, biz_id="b2", accepted_at=NOW + 60))


FILE = File(
    out_id="task-1",
    biz_id="b1",
    url="https://a.oss.aliyuncs.com/numbers.txt",
    digest="0f",
    expires=EXPIRES,
    limit=1000,
    state="reading",
    reason="",
    over="",
    version="etag-1",
    encoding="utf-8",
    lines=900,
    offset=4096,
    line=300,
    position=295,
    repeated=3,
    unreadable=2,
    bad=((7, "号码格式错误"), (9, "缺少变量")),
    failures=1,
    token="0123456789abcdef",
    until=NOW + 60,
)
FILE_ITEM: Item = {
    "pk": "OUT#task-1",
    "sk": "FILE#b1",
    "file": '{"out_id": "task-1", "biz_id": "b1", "url": "https://a.oss.aliyuncs.com/numbers.txt", '
    '"digest": "0f", "expires": 1775181600, "limit": 1000, "state": "reading", "reason": "", "over": "", '
    '"version": "etag-1", "encoding": "utf-8", "lines": 900, "offset": 4096, "line": 300, "position": 295, '
    '"repeated": 3, "unreadable": 2, "bad": [[7, "号码格式错误"], [9, "缺少变量"]], "failures": 1, '
    '"token": "0123456789abcdef", "until": 1772416860}',
    "token": "0123456789abcdef",
    "expires": EXPIRES,
}

REVISION = Revision(
    code="7000",
    number=2,
    tpl_id=7001,
    name="名",
    remark="备注",
    kind=1,
    content="您好${name}",
    text="您好{1}",
    names=("name",),
    status=2,
    reply="内容不合规",
    author="u1",
    created_at=NOW,
    checked_at=NOW + 60,
    page="Ab3Ab3Ab3Ab",
)
REVISION_ITEM: Item = {
    "pk": "TEMPLATE#7000",
    "sk": "REVISION#000002",
    "code": "7000",
    "number": 2,
    "tpl_id": 7001,
    "name": "名",
    "remark": "备注",
    "kind": 1,
    "content": "您好${name}",
    "text": "您好{1}",
    "names": ["name"],
    "status": 2,
    "reply": "内容不合规",
    "author": "u1",
    "created_at": NOW,
    "checked_at": NOW + 60,
    "page": "Ab3Ab3Ab3Ab",
}

BREAKER = Breaker(
    name="tencent",
    why="1001",
    opened_at=NOW,
    closed_at=NOW + 90,
    probes=3,
    probed_at=NOW + 80,
    probe_at=NOW + 140,
    token="0123456789abcdef0123456789abcdef",
)
BREAKER_ITEM: Item = {
    "pk": "BREAKER",
    "sk": "tencent",
    "name": "tencent",
    "why": "1001",
    "opened_at": NOW,
    "closed_at": NOW + 90,
    "probes": 3,
    "probed_at": NOW + 80,
    "probe_at": NOW + 140,
    "token": "0123456789abcdef0123456789abcdef",
}

INQUIRY = Inquiry(hour=HOUR, age=24, after="b1#00000200", done=True)
INQUIRY_ITEM: Item = {
    "pk": "INQUIRED",
    "sk": f"{HOUR:08d}",
    "hour": HOUR,
    "age": 24,
    "after": "b1#00000200",
    "done": True,
    "expires": (HOUR + 96) * 3600,
}

SIGN = Sign(name="品牌", sign_id=1001, status=0, reply="通过", created_at=NOW, checked_at=NOW + 60)
SIGN_ITEM: Item = {
    "pk": "SIGN#品牌",
    "sk": "-",
    "name": "品牌",
    "sign_id": 1001,
    "status": 0,
    "reply": "通过",
    "created_at": NOW,
    "checked_at": NOW + 60,
}

ORIGIN = Origin(out_id="task-1", biz_id="b1", sign="品牌", template_code="7000", sent_at=NOW)
SENT = Message(
    phone="8613900001111",
    position=203,
    origin=ORIGIN,
    sid="2019:538353649",
    original_form="+8613900001111",
    params=("张三", "5"),
    receipt=Receipt(
        state="failed",
        code="MK:100D",
        reason="空号",
        received="2026-03-02 10:00:07",
        by="0123456789abcdef",
    ),
)
SENT_ITEM: Item = {
    "pk": "PHONE#8613900001111",
    "sk": "SID#2019:538353649",
    "outId": "task-1",
    "bizId": "b1",
    "position": 203,
    "sign": "品牌",
    "template": "7000",
    "sentAt": NOW,
    "expires": EXPIRES,
    "given": "+8613900001111",
    "params": ["张三", "5"],
    "receipt": {
        "state": "failed",
        "code": "MK:100D",
        "reason": "空号",
        "received": "2026-03-02 10:00:07",
        "by": "0123456789abcdef",
    },
}
UNKNOWN = replace(SENT, sid="", unknown=True, receipt=None)
REFUSED = replace(
    SENT,
    sid="",
    receipt=Receipt(
        state="failed", code="1016", reason="手机号格式错误", received="2026-03-02 10:00:00"
    ),
)
RECEIPT_WITHOUT_WORK = {
    "state": "failed",
    "code": "1016",
    "reason": "手机号格式错误",
    "received": "2026-03-02 10:00:00",
}


def of_phone() -> object:
    [message] = messages.of_phone("8613900001111")
    return message


PAGE = Page(
    code="Ab3Ab3Ab3Ab",
    theme="上新",
    parts=(
        Part("text", "txt", "", "您好"),
        Part("image", "jpg", "a.jpg", "https://a.aliyuncs.com/a.jpg"),
    ),
    made_at=NOW,
)
PAGE_ITEM: Item = {
    "pk": "PAGE#Ab3Ab3Ab3Ab",
    "sk": "-",
    "theme": "上新",
    "parts": [
        {"kind": "text", "suffix": "txt", "name": "", "contents": "您好"},
        {
            "kind": "image",
            "suffix": "jpg",
            "name": "a.jpg",
            "contents": "https://a.aliyuncs.com/a.jpg",
        },
    ],
    "made_at": NOW,
}

DUE_ITEM: Item = {
    "pk": f"DUE#{HOUR + 72}",
    "sk": "b1#00000200",
    "outId": "task-1",
    "bizId": "b1",
    "start": 200,
    "expires": EXPIRES,
}

STORED: dict[str, Stored] = {
    "a request": Stored(
        REQUEST_ITEM,
        lambda: send_requests.get("task-1", "b1"),
        REQUEST,
        lambda: send_requests.record(REQUEST),
        but(REQUEST_ITEM, "recipients", "refused", "related"),
        BARE_REQUEST,
    ),
    "a request among those of its outId": Stored(
        REQUEST_ITEM,
        lambda: send_requests.of_out_id("task-1"),
        [REQUEST],
        lambda: send_requests.record(REQUEST),
        but(REQUEST_ITEM, "recipients", "refused", "related"),
        [BARE_REQUEST],
    ),
    "a submission": Stored(
        SUBMISSION_ITEM,
        claimed_again,
        (REQUEST, True),
        accepted_submission,
        but(
            SUBMISSION_ITEM,
            request='{"out_id": "task-1", "biz_id": "b1", "sign": "品牌", "template_code": "7000", '
            '"revision": 2, "tpl_id": 7001, "accepted_at": 1772416800}',
        ),
        (BARE_REQUEST, True),
    ),
    "a file": Stored(
        FILE_ITEM,
        lambda: files.get("task-1", "b1"),
        FILE,
        lambda: files.record(FILE),
        but(
            FILE_ITEM,
            file='{"out_id": "task-1", "biz_id": "b1", "url": "https://a", "digest": "0f", "expires": 5}',
        ),
        File(out_id="task-1", biz_id="b1", url="https://a", digest="0f", expires=5),
    ),
    "a revision": Stored(
        REVISION_ITEM,
        lambda: templates.get("7000", 2),
        REVISION,
        lambda: templates.add(REVISION),
        but(REVISION_ITEM, "page"),
        replace(REVISION, page=""),
    ),
    "a breaker": Stored(
        BREAKER_ITEM,
        lambda: breakers.get("tencent"),
        BREAKER,
        lambda: breakers.trip("tencent", "1001", NOW),
        {"pk": "BREAKER", "sk": "tencent", "name": "tencent", "token": BREAKER.token},
        Breaker(name="tencent", token=BREAKER.token),
    ),
    "an inquiry": Stored(
        INQUIRY_ITEM,
        inquiries.by_hour,
        {HOUR: INQUIRY},
        lambda: inquiries.record([INQUIRY]),
        but(INQUIRY_ITEM, "after", "done"),
        {HOUR: Inquiry(hour=HOUR, age=24)},
    ),
    "a sign": Stored(
        SIGN_ITEM,
        lambda: signs.get("品牌"),
        SIGN,
        lambda: signs.put(SIGN),
        SIGN_ITEM,
        SIGN,
    ),
    "a message with its receipt": Stored(
        SENT_ITEM,
        of_phone,
        SENT,
        lambda: messages.record([SENT]),
        but(SENT_ITEM, "given", "params", receipt=RECEIPT_WITHOUT_WORK),
        replace(SENT, original_form="", params=(), receipt=REFUSED.receipt),
    ),
    "a message of unknown outcome": Stored(
        but(SENT_ITEM, sk="UNKNOWN#b1#00000203", receipt=""),
        of_phone,
        UNKNOWN,
        lambda: messages.record([UNKNOWN]),
        but(SENT_ITEM, "given", "params", sk="UNKNOWN#b1#00000203", receipt=""),
        replace(UNKNOWN, original_form="", params=()),
    ),
    "a refused recipient": Stored(
        but(SENT_ITEM, sk="REFUSED#b1#00000203", receipt=RECEIPT_WITHOUT_WORK | {"by": ""}),
        of_phone,
        REFUSED,
        lambda: messages.record([REFUSED]),
        but(SENT_ITEM, "given", "params", sk="REFUSED#b1#00000203", receipt=RECEIPT_WITHOUT_WORK),
        replace(REFUSED, original_form="", params=()),
    ),
    "a page": Stored(
        PAGE_ITEM,
        lambda: pages.get("Ab3Ab3Ab3Ab"),
        PAGE,
        lambda: pages.put(PAGE),
        PAGE_ITEM,
        PAGE,
    ),
    "a due chunk": Stored(
        DUE_ITEM,
        lambda: list(due_chunks.due((HOUR + 73) * 3600, 1)),
        [(HOUR + 72, KEY)],
        lambda: table.put(due_chunks.item(REQUEST, KEY)),
        DUE_ITEM,
        [(HOUR + 72, KEY)],
    ),
}


@pytest.fixture(params=list(STORED.values()), ids=list(STORED))
def stored(request: pytest.FixtureRequest) -> Stored:
    made: Stored = request.param
    return made


# Maps whose keys are data, not names of attributes.
_MAPS = ("related", "outcomes", "given")


def with_unknown(value: Any) -> Any:
    """Return a stored value with an attribute that this release doesn't know in it, and in each map inside it."""
    if isinstance(value, dict):
        inside = {name: one if name in _MAPS else with_unknown(one) for name, one in value.items()}
        return {**inside, "later": {"a": 1}}
    if isinstance(value, list):
        return [with_unknown(one) for one in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(with_unknown(json.loads(value)))
    return value


def test_an_item_of_release_0_1_is_read(memory: MemoryTable, stored: Stored) -> None:
    memory.put(stored.item)
    assert stored.read() == stored.value


def test_attributes_that_an_item_does_not_know_are_ignored(
    memory: MemoryTable, stored: Stored
) -> None:
    memory.put(with_unknown(stored.item))
    assert stored.read() == stored.value


def test_attributes_that_an_item_lacks_take_their_defaults(
    memory: MemoryTable, stored: Stored
) -> None:
    memory.put(stored.bare)
    assert stored.read() == stored.bare_value


def names(value: Any) -> set[str]:
    """Return the names of the attributes in a stored value, those in JSON and inner maps included."""
    if isinstance(value, str) and value.startswith("{"):
        return names(json.loads(value))
    if isinstance(value, dict):
        inner = [names(one) for name, one in value.items() if name not in _MAPS]
        return set(value).union(*inner)
    if isinstance(value, list):
        return set[str]().union(*map(names, value))
    return set()


def test_an_item_keeps_every_attribute_that_release_0_1_read(
    memory: MemoryTable, stored: Stored
) -> None:
    """After a rollback by one release, the older code reads the items that the newer one stored."""
    stored.write()
    written = memory.items[stored.item["pk"], stored.item["sk"]]
    assert names(stored.item) <= names(written)
    for name, value in stored.item.items():
        assert type(written[name]) is type(value), name


CHUNK = Chunk(
    200,
    (
        Call(("8613900001111", "8613900002222"), ("张三", "5")),
        Call(("85261234567",), ("李四", "6")),
    ),
    (("12345", Failure("isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")),),
    {201: "+8613900002222"},
)
PLAN_ITEM: Item = {
    "pk": "OUT#task-1",
    "sk": "CHUNK#b1#00000200#PLAN",
    "numbers": bytes.fromhex("8613900001111f8613900002222f85261234567f"),
    "plan": (
        '{"params":["张三","5","李四","6"],"calls":[2,1],"refused":[["12345","isv.MOBILE_NUMBER_ILLEGAL",'
        '"手机号码格式错误"]],"given":{"201":"+8613900002222"}}'
    ).encode(),
    "expires": EXPIRES,
}
CLAIM_ITEM: Item = {
    "pk": "OUT#task-1",
    "sk": "CHUNK#b1#00000200#CLAIM#0001",
    "until": NOW + 330,
    "token": "0123456789abcdef0123456789abcdef",
    "expires": EXPIRES,
}
RESULT_ITEM: Item = {
    "pk": "OUT#task-1",
    "sk": "CHUNK#b1#00000200#RESULT#0001",
    "outcomes": '{"200":"2019:1","201":["1016","手机号格式错误"],"202":null}'.encode(),
    "expires": EXPIRES,
}
PROGRESS = ChunkProgress(
    CHUNK,
    {200: "2019:1", 201: Failure("1016", "手机号格式错误"), 202: None},
    {1: NOW + 330},
    frozenset({1}),
    sent={1: SendSums(sent=1, unknown=1)},
)
# The same of a longer chunk, whose plan and outcomes zlib made shorter.
LONG_CHUNK = Chunk(
    0, tuple(Call((f"861390000{n:04d}",), (f"客户{n}", "验证码" * 3)) for n in range(12))
)
LONG_PLAN_ITEM: Item = PLAN_ITEM | {
    "sk": "CHUNK#b1#00000000#PLAN",
    "numbers": bytes.fromhex(
        "8613900000000f8613900000001f8613900000002f8613900000003f8613900000004f8613900000005f"
        "8613900000006f8613900000007f8613900000008f8613900000009f8613900000010f8613900000011f"
    ),
    "plan": bytes.fromhex(
        "7801ab562a482c4acc2d56b28a567aba6ed1b38eed064a3a4a2f57f5bc58dff87c41232603280b516748a43a23"
        "22d51913a9ce844875a644aa3323529d3991ea2c88546749a43a43a22384508cc4ea282527e6e480e2da50072b"
        "04aa284a4d2b2d4e4d01aa0172d233cb52f394acaa6b6b013ed036a6"
    ),
}
LONG_RESULT_ITEM: Item = RESULT_ITEM | {
    "sk": "CHUNK#b1#00000000#RESULT#0000",
    "outcomes": bytes.fromhex(
        "789c65cfb115c0200c03d15d54a7c03606cc6a79d93d4a4ad1feeaee46c38637ab9db12263f4860ba668445774"
        "622806b12b76622a2671280ee2549cc4a5b888a5585ffcb164ffd33965785eecd03199"
    ),
}


def test_the_items_of_a_chunk_of_release_0_1_are_read(memory: MemoryTable) -> None:
    for item in (CLAIM_ITEM, PLAN_ITEM, RESULT_ITEM, LONG_PLAN_ITEM, LONG_RESULT_ITEM):
        memory.put(item)
    assert chunks.progress(KEY) == PROGRESS
    long = ChunkProgress(
        LONG_CHUNK,
        {n: f"2019:53835364{n}" for n in range(12)},
        {},
        frozenset({0}),
        sent={0: SendSums(sent=12)},
    )
    assert dict(chunks.all_progress("task-1", "b1")) == {
        ChunkKey("task-1", "b1", 0): long,
        KEY: PROGRESS,
    }


def test_attributes_that_the_items_of_a_chunk_do_not_know_are_ignored(
    memory: MemoryTable,
) -> None:
    plan = pack(with_unknown(unpack(PLAN_ITEM["plan"])))
    for item in (CLAIM_ITEM, PLAN_ITEM | {"plan": plan}, RESULT_ITEM):
        memory.put(with_unknown(item))
    assert chunks.progress(KEY) == PROGRESS


def test_a_chunk_keeps_every_attribute_that_release_0_1_read(memory: MemoryTable) -> None:
    chunks.record_plan(REQUEST, [CHUNK])
    assert chunks.claim(KEY, 1, NOW + 330, EXPIRES)
    chunks.record_result(KEY, 1, PROGRESS.outcomes, EXPIRES)
    for item in (PLAN_ITEM, RESULT_ITEM):
        assert memory.items[item["pk"], item["sk"]] == item
    claim = memory.items[CLAIM_ITEM["pk"], CLAIM_ITEM["sk"]]
    assert claim == CLAIM_ITEM | {"token": claim["token"]}
    assert memory.items[DUE_ITEM["pk"], DUE_ITEM["sk"]] == DUE_ITEM


def test_a_claim_and_a_result_without_a_plan_are_no_chunk(memory: MemoryTable) -> None:
    memory.put(CLAIM_ITEM)
    memory.put(RESULT_ITEM)
    assert chunks.progress(KEY) is None

"""Magic numbers: mobiles whose last four digits say what goes wrong with them."""

from dataclasses import dataclass

from local.tencent.behaviour import Fault

# Where a failed receipt is counted in pullcallbackstatus.
CARRIER_ERROR, NO_SUCH_NUMBER, SWITCHED_OFF, BLACKLISTED, CARRIER_LIMIT = range(5)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a delivery receipt says."""

    report_status: str
    errmsg: str
    description: str


DELIVERED = Receipt("SUCCESS", "DELIVRD", "用户短信送达成功")
UNDELIVERED = Receipt("FAIL", "UNDELIV", "下发失败")

_BUCKETS = {
    "MK:0001": NO_SUCH_NUMBER,
    "MK:100F": NO_SUCH_NUMBER,
    "MI:0013": SWITCHED_OFF,
    "DB:0141": BLACKLISTED,
    "MX:0003": CARRIER_LIMIT,
}


def failure_bucket(errmsg: str) -> int:
    """Sort a receipt code into one of the five kinds of failure of the statistics."""
    return _BUCKETS.get(errmsg, CARRIER_ERROR)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message to a number."""

    meaning: str
    receipts: tuple[Receipt, ...] = (DELIVERED,)
    replies: tuple[str, ...] = ()
    refusal: int | None = None
    fault: Fault | None = None
    early: bool = False


def _fails(errmsg: str, description: str) -> Fate:
    return Fate(
        f"receipt FAIL {errmsg} ({description})",
        receipts=(Receipt("FAIL", errmsg, description),),
    )


def _refused(result: int, why: str) -> Fate:
    return Fate(f"refused in the answer with {result} ({why})", refusal=result)


def _replies(*texts: str) -> Fate:
    shown = " and then ".join(repr(text) for text in texts)
    return Fate(f"delivered, then the user replies {shown}", replies=texts)


ORDINARY = Fate("delivered")

FATES = {
    "9901": _fails("UNDELIV", "下发失败"),
    "9902": _fails("MK:0001", "空号"),
    "9903": _fails("MI:0013", "关机或停机"),
    "9904": _fails("EXPIRED", "短信过期"),
    "9905": _fails("DB:0141", "黑名单"),
    "9906": _fails("MX:0003", "运营商频率限制"),
    "9907": _fails("MK:100F", "空号"),
    "9908": _fails("CJ：0006", "其他"),
    "9911": _refused(1016, "number format"),
    "9912": _refused(1015, "blacklisted"),
    "9913": _refused(1023, "too many in 30 seconds"),
    "9914": _refused(1025, "too many today"),
    "9915": _refused(1026, "same content again"),
    "9918": Fate(
        "the whole call is refused with 1016, without detail",
        fault=Fault(answer="error", code=1016),
    ),
    "9921": Fate(
        "the whole call is sent, then the connection is reset instead of an answer",
        fault=Fault(answer="reset", accept=True),
    ),
    "9922": Fate(
        "the whole call is sent, no answer for 60 seconds, then the connection is closed",
        fault=Fault(answer="hang", accept=True, seconds=60),
    ),
    "9923": Fate(
        "the whole call is sent, but the answer is 1008 (timed out)",
        fault=Fault(answer="error", code=1008, accept=True),
    ),
    "9924": Fate(
        "the whole call is not sent, the gateway answers 60008 (timed out)",
        fault=Fault(answer="gateway", code=60008),
    ),
    "9925": Fate(
        "the whole call is not sent, the answer is HTTP 503",
        fault=Fault(answer="http", status=503),
    ),
    "9931": Fate("sent, never a receipt", receipts=()),
    "9932": Fate("the receipt comes twice", receipts=(DELIVERED, DELIVERED)),
    "9933": Fate("the receipt comes before the answer to the send", early=True),
    "9934": Fate(
        "receipt FAIL UNDELIV, and after it a receipt SUCCESS",
        receipts=(UNDELIVERED, DELIVERED),
    ),
    "9941": _replies("T"),
    "9942": _replies("退订"),
    "9943": _replies("请问几点开始？"),
    "9944": _replies("第一条", "第二条 😀"),
}


def fate_of(mobile: str) -> Fate:
    """Look up what becomes of a message to this mobile."""
    return FATES.get(mobile[-4:], ORDINARY)


def table() -> str:
    """Write the table for people."""
    return "\n".join(f"  …{ending}  {fate.meaning}" for ending, fate in FATES.items())

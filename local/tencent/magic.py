"""Magic numbers: mobiles whose last four digits decide what happens to their messages."""

from dataclasses import dataclass

from local.tencent.behaviour import Fault

# The classes in which pullcallbackstatus counts failed receipts.
CARRIER_ERROR, NO_SUCH_NUMBER, SWITCHED_OFF, BLACKLISTED, CARRIER_LIMIT = range(5)


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """The content of a delivery receipt."""

    report_status: str
    errmsg: str
    description: str


DELIVERED = ReceiptContent("SUCCESS", "DELIVRD", "用户短信送达成功")
UNDELIVERED = ReceiptContent("FAIL", "UNDELIV", "下发失败")

_FAILURE_CLASSES = {
    "MK:0001": NO_SUCH_NUMBER,
    "MK:100F": NO_SUCH_NUMBER,
    "MI:0013": SWITCHED_OFF,
    "DB:0141": BLACKLISTED,
    "MX:0003": CARRIER_LIMIT,
}


def failure_class(errmsg: str) -> int:
    """Return the statistics' class of a failed receipt's code."""
    return _FAILURE_CLASSES.get(errmsg, CARRIER_ERROR)


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the simulator treats a message to a number."""

    meaning: str
    """The description that ``--help`` prints."""
    receipts: tuple[ReceiptContent, ...] = (DELIVERED,)
    replies: tuple[str, ...] = ()
    refusal: int | None = None
    """The error code of the number in the answer."""
    fault: Fault | None = None
    """The fault of the whole call."""
    early: bool = False
    """Whether the first receipt is pushed before the call is answered."""


def _fails(errmsg: str, description: str) -> Treatment:
    return Treatment(
        f"receipt FAIL {errmsg} ({description})",
        receipts=(ReceiptContent("FAIL", errmsg, description),),
    )


def _refused(result: int, why: str) -> Treatment:
    return Treatment(f"refused in the answer with {result} ({why})", refusal=result)


def _replies(*texts: str) -> Treatment:
    shown = " and then ".join(repr(text) for text in texts)
    return Treatment(f"delivered, then the user replies {shown}", replies=texts)


ORDINARY = Treatment("delivered")

TREATMENTS = {
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
    "9918": Treatment(
        "the whole call is refused with 1016, without detail",
        fault=Fault(answer="error", code=1016),
    ),
    "9921": Treatment(
        "the whole call is sent, then the connection is reset without an answer",
        fault=Fault(answer="reset", accept=True),
    ),
    "9922": Treatment(
        "the whole call is sent, no answer for 60 seconds, then the connection is closed",
        fault=Fault(answer="hang", accept=True, seconds=60),
    ),
    "9923": Treatment(
        "the whole call is sent, but the answer is 1008 (timed out)",
        fault=Fault(answer="error", code=1008, accept=True),
    ),
    "9924": Treatment(
        "the whole call is not sent, the gateway answers 60008 (timed out)",
        fault=Fault(answer="gateway", code=60008),
    ),
    "9925": Treatment(
        "the whole call is not sent, the answer is HTTP 503",
        fault=Fault(answer="http", status=503),
    ),
    "9931": Treatment("sent, without a receipt", receipts=()),
    "9932": Treatment("the receipt comes twice", receipts=(DELIVERED, DELIVERED)),
    "9933": Treatment("the receipt comes before the answer to the send", early=True),
    "9934": Treatment(
        "receipt FAIL UNDELIV, and after it a receipt SUCCESS",
        receipts=(UNDELIVERED, DELIVERED),
    ),
    "9941": _replies("T"),
    "9942": _replies("退订"),
    "9943": _replies("请问几点开始？"),
    "9944": _replies("第一条", "第二条 😀"),
}


def treatment_of(mobile: str) -> Treatment:
    """Return the treatment of a mobile, by its last four digits."""
    return TREATMENTS.get(mobile[-4:], ORDINARY)


def table() -> str:
    """Return the magic numbers as lines of text."""
    return "\n".join(
        f"  …{ending}  {treatment.meaning}" for ending, treatment in TREATMENTS.items()
    )

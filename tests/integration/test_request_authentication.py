"""Authentication of requests below /sms/, and the use of nonces."""

import time
from typing import Any

import pytest

from chalicelib import aws
from tests.support.in_process import aws as aws_tables
from tests.support.in_process.bridge import SIGN, Bridge, template_body
from tests.support.in_process.quickaudience import KEY, sign, signed

PATH = f"/sms/smsSign/{SIGN}"
HEADER = "X-QA-Hmac-Signature"


@pytest.mark.parametrize(
    ("key", "nonce", "expected"),
    [
        (
            "123456789",
            "2e6eceb5737b473284c930c8ef79090e",
            "459fa2f7e79389c337e6b2077538fb9408241e79715b2f40dfa6c2757e2ecce8",
        ),
        (
            "zzz",
            "0e6eceb5737b473284c930c8ef79090e",
            "3d86baf6745348c294cfa928d3426f72a6ddd38fc3c32c5747ab2579a721b754",
        ),
        (
            "my key",
            "2e6eceb5737b473284c930c8ef79090e",
            "d6da84626d22fed69fc8caf82b66b8229e67ed52362a1ce917a1c54bc6f22e38",
        ),
        (
            "密钥",
            "2e6eceb5737b473284c930c8ef79090e",
            "c24d93e64b1b8e8477bbe175f31a523d4c42a14ae9ed493974c89911ad0b37c4",
        ),
    ],
)
def test_the_known_signatures_are_accepted(
    linked: Bridge, key: str, nonce: str, expected: str
) -> None:
    assert sign(key, "1631865523", nonce) == expected, "the test's own signature"
    linked.configure(QA_KEY=key, QA_CLOCK_SKEW_SECONDS="0")
    url = f"{PATH}?timestamp=1631865523&nonce={nonce}"
    assert linked.send("GET", url, headers={HEADER: expected}).code == "OK"


def test_an_upper_case_signature_is_accepted(linked: Bridge) -> None:
    url, headers = signed(PATH)
    assert linked.send("GET", url, headers={HEADER: headers[HEADER].upper()}).code == "OK"


@pytest.mark.parametrize("given", [None, "", " ", "0" * 64, "密" * 64, "é", "a" * 10_000])
def test_a_missing_or_wrong_signature_is_401(linked: Bridge, given: str | None) -> None:
    url, _ = signed(PATH)
    answer = linked.send("GET", url, headers={} if given is None else {HEADER: given})
    assert (answer.status, answer.code) == (401, "401")


def test_the_signature_of_another_key_is_401(linked: Bridge) -> None:
    url, headers = signed(PATH, key=KEY + "x")
    assert linked.send("GET", url, headers=headers).status == 401


@pytest.mark.parametrize("without", ["timestamp", "nonce"])
def test_a_missing_parameter_is_401(linked: Bridge, without: str) -> None:
    given = {"timestamp": str(int(time.time())), "nonce": "n" * 32} | {without: ""}
    url = f"{PATH}?" + "&".join(f"{name}={value}" for name, value in given.items() if value)
    headers = {HEADER: sign(KEY, given["timestamp"], given["nonce"])}
    assert linked.send("GET", url, headers=headers).status == 401


def test_a_request_without_parameters_is_401(linked: Bridge) -> None:
    assert linked.send("GET", PATH, headers={HEADER: "x"}).status == 401


def test_a_request_without_a_valid_signature_reaches_neither_table_nor_tencent(
    linked: Bridge,
) -> None:
    with linked.outside.watched():
        linked.send("POST", "/sms/smsTemplate", template_body("您好"))
        linked.send("GET", signed(PATH)[0], headers={HEADER: "0" * 64})
    assert linked.outside.names == []


@pytest.mark.parametrize(
    ("offset", "status"), [(-901, 401), (-900, 200), (0, 200), (900, 200), (901, 401)]
)
def test_the_clock_may_be_15_minutes_off(linked: Bridge, offset: int, status: int) -> None:
    assert linked.ask("GET", PATH, timestamp=str(int(time.time()) + offset)).status == status


def test_the_clock_tolerance_is_a_setting(linked: Bridge) -> None:
    linked.configure(QA_CLOCK_SKEW_SECONDS="10")
    assert linked.ask("GET", PATH, timestamp=str(int(time.time()) - 11)).status == 401
    assert linked.ask("GET", PATH, timestamp=str(int(time.time()) - 10)).status == 200


def test_a_timestamp_in_milliseconds_is_accepted(linked: Bridge) -> None:
    now = int(time.time() * 1000)
    assert linked.ask("GET", PATH, timestamp=str(now)).status == 200
    assert linked.ask("GET", PATH, timestamp=str(now - 901_000)).status == 401


@pytest.mark.parametrize("timestamp", ["abc", "-5", "1e9", "１６３１８６５５２３", "9" * 40, " "])
def test_an_invalid_timestamp_is_401(linked: Bridge, timestamp: str) -> None:
    assert linked.ask("GET", PATH, timestamp=timestamp).status == 401


def test_any_timestamp_is_accepted_if_the_clock_is_not_checked(linked: Bridge) -> None:
    linked.configure(QA_CLOCK_SKEW_SECONDS="0")
    assert linked.ask("GET", PATH, timestamp="1631865523").status == 200


@pytest.mark.parametrize("query", ["", "?timestamp=&nonce=", "?timestamp=1&nonce=1"])
def test_with_authentication_off_nothing_is_checked(linked: Bridge, query: str) -> None:
    linked.configure(QA_AUTH="off", QA_KEY="")
    for headers in ({}, {HEADER: ""}, {HEADER: "wrong"}):
        assert linked.send("GET", PATH + query, headers=headers).code == "OK"


def test_a_repeated_request_gets_the_stored_answer_and_has_no_second_effect(bridge: Bridge) -> None:
    body = template_body("您好")
    first = bridge.ask("POST", "/sms/smsTemplate", body, nonce="a" * 32)
    again = bridge.ask("POST", "/sms/smsTemplate", body, nonce="a" * 32)
    assert again["templateCode"] == first["templateCode"]
    assert again.code == "OK"
    assert len(bridge.tencent.calls_of("add_template")) == 1


def test_a_repeated_query_gets_a_new_answer(linked: Bridge) -> None:
    assert linked.ask("GET", PATH, nonce="b" * 32)["signStatus"] == 1
    linked.tencent.signs[501]["status"] = 2
    assert linked.ask("GET", PATH, nonce="b" * 32)["signStatus"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/sms/smsTemplate", template_body("您好!")),
        ("PUT", "/sms/smsTemplate/7000", template_body("您好")),
        ("GET", "/sms/smsTemplate/7000", None),
        ("GET", PATH, None),
        ("POST", "/sms/sendBatchList", template_body("您好")),
    ],
)
def test_a_nonce_with_other_content_is_403(
    linked: Bridge, method: str, path: str, body: object
) -> None:
    linked.ask("POST", "/sms/smsTemplate", template_body("您好"), nonce="c" * 32)
    made = len(linked.tencent.calls)
    answer = linked.ask(method, path, body, nonce="c" * 32)
    assert (answer.status, answer.code) == (403, "403")
    assert len(linked.tencent.calls) == made


def test_a_nonce_for_one_template_is_not_accepted_for_another(linked: Bridge) -> None:
    linked.template("您好")
    linked.template("再见")
    assert linked.ask("GET", "/sms/smsTemplate/7000", nonce="d" * 32).status == 200
    assert linked.ask("GET", "/sms/smsTemplate/7001", nonce="d" * 32).status == 403


def test_a_refused_request_may_come_again_with_its_nonce(bridge: Bridge) -> None:
    assert bridge.ask("GET", PATH, nonce="e" * 32).status == 404
    bridge.link()
    assert bridge.ask("GET", PATH, nonce="e" * 32).status == 200


@pytest.mark.parametrize("length", [1, 32, 3000])
def test_a_nonce_may_have_any_length(linked: Bridge, length: int) -> None:
    assert linked.ask("GET", PATH, nonce="n" * length).code == "OK"


@pytest.mark.parametrize("forged", ["{nonce} ", "{nonce}\t\n", "{nonce}\x0b"])
def test_white_space_does_not_make_a_new_nonce(linked: Bridge, forged: str) -> None:
    nonce = "2e6eceb5737b473284c930c8ef79090e"
    url, headers = signed("/sms/smsTemplate", nonce)
    assert linked.send("POST", url, template_body("您好"), headers).code == "OK"
    timestamp = str(int(time.time()))
    url, _ = signed("/sms/smsTemplate", forged.format(nonce=nonce), timestamp)
    answer = linked.send("POST", url, template_body("别的内容"), headers)
    assert answer.status in (401, 403)


def test_moving_digits_from_nonce_to_timestamp_does_not_make_a_new_nonce(linked: Bridge) -> None:
    timestamp, nonce = str(int(time.time())), "234eceb5737b473284c930c8ef79090e"
    url, headers = signed("/sms/smsTemplate", nonce, timestamp)
    assert linked.send("POST", url, template_body("您好"), headers).code == "OK"
    url, _ = signed("/sms/smsTemplate", nonce[3:], timestamp + nonce[:3])
    answer = linked.send("POST", url, template_body("别的内容"), headers)
    assert answer.status in (401, 403)


@pytest.mark.parametrize("written", ["{}", " {} ", "\t{}"])
def test_a_signature_in_another_case_is_the_same_signature(linked: Bridge, written: str) -> None:
    timestamp, nonce = str(int(time.time())), "234eceb5737b473284c930c8ef79090e"
    url, headers = signed("/sms/smsTemplate", nonce, timestamp)
    assert linked.send("POST", url, template_body("您好"), headers).code == "OK"
    url, _ = signed("/sms/smsTemplate", nonce[3:], timestamp + nonce[:3])
    forged = {HEADER: written.format(headers[HEADER].upper())}
    answer = linked.send("POST", url, template_body("别的内容"), forged)
    assert answer.status in (401, 403)


# --- source addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["on", "off"])
@pytest.mark.parametrize(
    ("allowed", "status"),
    [
        ("127.0.0.1", 200),
        ("203.0.113.7,127.0.0.0/8", 200),
        ("203.0.113.7", 403),
        ("203.0.113.0/24,2001:db8::/32", 403),
        ("::/1", 403),
    ],
)
def test_only_requests_from_the_source_addresses_are_accepted(
    linked: Bridge, auth: str, allowed: str, status: int
) -> None:
    linked.configure(QA_AUTH=auth, QA_SOURCE_ADDRESSES=allowed)
    # Chalice's test client comes from 127.0.0.1.
    assert linked.ask("GET", PATH).status == status
    with linked.outside.watched():
        answer = linked.ask("POST", "/sms/smsTemplate", template_body("您好"))
    assert answer.status == status
    if status == 403:
        assert answer.code == "403"
        assert linked.outside.names == []


# --- how long a nonce is kept ------------------------------------------------------------------------


def nonce_items() -> list[dict[str, Any]]:
    items = aws.dynamodb().scan(TableName=aws_tables.TABLE)["Items"]
    return [item for item in items if item["pk"]["S"].startswith("NONCE#")]


def test_without_a_clock_check_a_nonce_is_kept_for_ever(linked: Bridge) -> None:
    linked.configure(QA_CLOCK_SKEW_SECONDS="0")
    linked.ask("POST", "/sms/smsTemplate", template_body("您好"), nonce="a" * 32)
    linked.ask("POST", "/sms/smsTemplate", template_body(""), nonce="b" * 32)
    linked.ask("GET", PATH, nonce="c" * 32)
    assert len(nonce_items()) == 6, "a nonce and a signature each"
    assert not [item for item in nonce_items() if "expires" in item]


@pytest.mark.parametrize("skew", [10, 900, 90_000])
def test_a_nonce_is_kept_for_as_long_as_its_timestamp_is_accepted(
    linked: Bridge, skew: int
) -> None:
    linked.configure(QA_CLOCK_SKEW_SECONDS=str(skew))
    now = int(time.time())
    linked.ask("GET", PATH, nonce="d" * 32, timestamp=str(now + skew))
    assert len(nonce_items()) == 2
    assert all(int(item["expires"]["N"]) > now + 2 * skew for item in nonce_items())


# --- two keys while one is being changed -----------------------------------------------------------


@pytest.mark.parametrize("key", ["the new key", KEY])
def test_while_the_key_is_being_changed_either_key_opens(linked: Bridge, key: str) -> None:
    linked.configure(QA_KEY=f"the new key,{KEY}")
    url, headers = signed(PATH, key=key)
    assert linked.send("GET", url, headers=headers).status == 200


@pytest.mark.parametrize("key", ["the", "new key", f"the new key,{KEY}", ""])
def test_while_the_key_is_being_changed_no_other_key_opens(linked: Bridge, key: str) -> None:
    linked.configure(QA_KEY=f"the new key,{KEY}")
    url, headers = signed(PATH, key=key)
    assert linked.send("GET", url, headers=headers).status == 401


@pytest.mark.counts("pushes")
def test_the_first_of_two_keys_signs_the_pushes(linked: Bridge) -> None:
    linked.configure(QA_KEY=f"the new key,{KEY}")
    linked.quick_audience.key = "the new key"
    linked.campaign(["13900001111"], {"name": "李雷"}, code=linked.template())
    linked.pump.drain()
    linked.deliver_all()
    linked.pump.drain()
    assert [push.accepted for push in linked.quick_audience.pushes] == [True]


def test_a_nonce_is_used_up_for_both_keys(linked: Bridge) -> None:
    linked.configure(QA_KEY=f"the new key,{KEY}")
    for key, status in (("the new key", 200), (KEY, 403)):
        url, headers = signed("/sms/smsTemplate", "n" * 32, key=key)
        body = template_body(f"您好 {status}")
        assert linked.send("POST", url, body, headers).status == status


# --- a plus sign in a nonce --------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["ab+cd", "ab%2Bcd", "ab%20cd"])
@pytest.mark.parametrize("meant", ["ab+cd", "ab cd"])
def test_a_plus_sign_in_a_nonce_may_be_meant_as_itself_or_as_a_blank(
    linked: Bridge, written: str, meant: str
) -> None:
    assert ask_with_nonce(linked, written, meant, "您好") == 200


@pytest.mark.parametrize("first", ["ab+cd", "ab%2Bcd", "ab%20cd"])
@pytest.mark.parametrize("second", ["ab+cd", "ab%2Bcd", "ab%20cd", "abcd"])
@pytest.mark.parametrize("meant", ["ab+cd", "ab cd", "abcd"])
def test_a_nonce_with_a_plus_sign_is_used_up_in_all_its_readings(
    linked: Bridge, first: str, second: str, meant: str
) -> None:
    assert ask_with_nonce(linked, first, "ab+cd", "您好") == 200
    assert ask_with_nonce(linked, second, meant, "别的内容") in (401, 403)
    assert len(linked.tencent.calls_of("add_template")) == 1


def ask_with_nonce(bridge: Bridge, written: str, meant: str, content: str) -> int:
    """Ask for a template; `written` is the nonce in the URL, `meant` the signed one."""
    timestamp = str(int(time.time()))
    url = f"/sms/smsTemplate?timestamp={timestamp}&nonce={written}"
    headers = {HEADER: sign(KEY, timestamp, meant)}
    return bridge.send("POST", url, template_body(content), headers).status

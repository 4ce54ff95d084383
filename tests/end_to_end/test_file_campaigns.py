"""§5 through the whole stack: a file is fetched, read, sent and reported."""

from tests.support import thoroughness
from tests.support.local_stack.files import Files
from tests.support.local_stack.running_stack import SIGN, RunningStack

LINES = 6_000 if thoroughness.ALL else 1_000


def ask(running: RunningStack, url: str, code: str, out_id: str) -> dict[str, object]:
    body = {
        "outId": out_id,
        "signName": SIGN,
        "templateCode": code,
        "phoneOssUrl": url,
        "isVariable": 1,
        "limit": 0,
    }
    answer: dict[str, object] = running.ask("/sms/sendBatch", method="POST", body=body)["body"]
    return answer


def test_a_file_of_thousands_of_lines_is_sent_and_reported_once(
    running: RunningStack, files: Files
) -> None:
    code = running.template("${name}您好，新品已到店。")
    lines = [f'{13_400_000_000 + number},{{"name":"会员"}}' for number in range(LINES)]
    lines += [f'{13_400_010_000 + number}\t{{"name":"客户{number}"}}' for number in range(100)]
    good = len(lines)
    lines += ["", "姓名", "12345678", "13400030000", *lines[:50]]
    url = files.put("numbers.txt", "\r\n".join(lines).encode("gbk"))
    running.post(running.tencent, "/_sim/behaviour", {"magic": False})
    accepted = running.accepted()

    answer = ask(running, url, code, "file")

    def is_reported(shown: dict[str, object]) -> bool:
        return shown["recipients"] == good + 3 and shown["pushed"] == good + 2

    assert answer["code"] == "OK"
    found = running.shown("file", is_reported, 90)
    running.post(running.tencent, "/_sim/behaviour", {"magic": True})
    assert (found["delivered"], found["failed"], found["waiting"]) == (good, 3, 0)
    assert running.accepted() - accepted == good
    assert found["files"] == [
        {
            "bizId": answer["bizId"],
            "state": "done",
            "reason": "",
            "lines": good + 53,
            "read": good + 54,
            "repeated": 50,
            "withoutNumber": 1,
            "badLines": [
                f"{good + 2}: 手机号格式错误",
                f"{good + 3}: 手机号格式错误",
                f"{good + 4}: 模板变量 name 没有取值",
            ],
        }
    ]
    assert running.messages("13400010007")[0]["text"] == "【测试签名】客户7您好，新品已到店。"
    receipts = running.get(running.quick_audience, "/_sim/receipts?phoneNum=12345678")["receipts"]
    assert [one["errCode"] for one in receipts] == ["isv.MOBILE_NUMBER_ILLEGAL"]


def test_a_forbidden_url_is_refused(running: RunningStack, plain_template: str) -> None:
    for url in ("http://127.0.0.1:1/x", "https://169.254.169.254/", f"{running.prefix}/health"):
        answer = ask(running, url, plain_template, "forbidden")
        assert answer["code"] == "isv.INVALID_PARAMETERS"

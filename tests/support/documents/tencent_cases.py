"""The JSON examples of Tencent's document of 2018, and the call that each belongs to.

They have no comments and no `...` (more of the same). The examples of sends are in `tests/unit/test_v5_requests.py`.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.tencent.interface import PullType
from chalicelib.tencent.v5 import Client, TemplatePage

SIG = "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df"
HOUR = 1473264000  # 2016-09-08 00:00:00 in Beijing

MADE_TEMPLATE = """{
  "result": 0,
  "msg": "",
  "data": {
    "id": 123,
    "text": "xxxxx",
    "status": 1,
    "type": 0
  }
}"""
MADE_SIGN = """{
  "result": 0,
  "msg": "",
  "data": {
    "id": 123,
    "text": "xxxxx",
    "status": 1
  }
}"""
DONE = """{
  "result": 0,
  "msg": ""
}"""

Case = tuple[str, Callable[[Client], Any], str, str, Any]
CASES: dict[str, Case] = {
    # the name of the call, the call, the document's request, its response, the result of the client
    "Pull SMS Status": (
        "pullstatus",
        lambda c: c.pullstatus(PullType.REPLIES, 10),
        """{
          "max": 10,
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "type": 1
        }""",
        """{
          "count": 3,
          "data": [],
          "errmsg": "ok",
          "result": 0
        }""",
        [],
    ),
    "Pull SMS Status of a Single Mobile No.": (
        "pullstatus4mobile",
        lambda c: c.pullstatus4mobile(
            PullType.REPLIES, "8613788888888", 1464624000, 1464706800, 10
        ),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "type": 1,
          "max": 10,
          "begin_time": 1464624000,
          "end_time": 1464706800,
          "nationcode": "86",
          "mobile": "13788888888"
        }""",
        """{
          "result": 0,
          "errmsg": "ok",
          "count": 3,
          "data": []
        }""",
        [],
    ),
    "Add Message Template": (
        "add_template",
        lambda c: c.add_template(
            title="xxxxx", remark="xxxxx", text="xxxxx", kind=0, international=False
        ),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "title": "xxxxx",
          "remark": "xxxxx",
          "text": "xxxxx",
          "type": 0
        }""",
        MADE_TEMPLATE,
        {"id": 123, "text": "xxxxx", "status": 1, "type": 0},
    ),
    "Modify Template": (
        "mod_template",
        lambda c: c.mod_template(123, title="xxxxx", remark="xxxxx", text="xxxxx", kind=0),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "title": "xxxxx",
          "remark": "xxxxx",
          "text": "xxxxx",
          "tpl_id": 123,
          "type": 0
        }""",
        MADE_TEMPLATE,
        {"id": 123, "text": "xxxxx", "status": 1, "type": 0},
    ),
    "Delete Template": (
        "del_template",
        lambda c: c.del_template([123, 124]),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "tpl_id": [123, 124]
        }""",
        DONE,
        None,
    ),
    "Template Status Query, by id": (
        "get_template",
        lambda c: c.get_template([123, 124]),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "tpl_id": [123, 124]
        }""",
        """{
          "result": 0,
          "msg": "",
          "total": 100,
          "count": 3,
          "data": [
            {
              "id": 123,
              "text": "xxxxx",
              "status": 0,
              "reply": "xxxxx",
              "type": 0
            }
          ]
        }""",
        [{"id": 123, "text": "xxxxx", "status": 0, "reply": "xxxxx", "type": 0}],
    ),
    "Template Status Query, by page": (
        "get_template",
        lambda c: c.get_template_page(0, 10),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "tpl_page":
          {
            "offset": 0,
            "max": 10
          }
        }""",
        """{
          "result": 0,
          "msg": "",
          "total": 100,
          "count": 3,
          "data": [
            {
              "id": 123,
              "text": "xxxxx",
              "status": 0,
              "reply": "xxxxx",
              "type": 0
            }
          ]
        }""",
        TemplatePage([{"id": 123, "text": "xxxxx", "status": 0, "reply": "xxxxx", "type": 0}], 100),
    ),
    "Add SMS Signature": (
        "add_sign",
        lambda c: c.add_sign(remark="xxxxx", text="xxxxx", pic="xxxxx"),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "remark": "xxxxx",
          "text": "xxxxx",
          "pic": "xxxxx"
        }""",
        MADE_SIGN,
        {"id": 123, "text": "xxxxx", "status": 1},
    ),
    "Modify SMS Signature": (
        "mod_sign",
        lambda c: c.mod_sign(123, remark="xxxxx", text="xxxxx", pic="xxxxx"),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "remark": "xxxxx",
          "text": "xxxxx",
          "sign_id": 123,
          "pic": "xxxxx"
        }""",
        MADE_SIGN,
        {"id": 123, "text": "xxxxx", "status": 1},
    ),
    "Delete SMS Signature": (
        "del_sign",
        lambda c: c.del_sign([123, 124]),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "sign_id": [123, 124]
        }""",
        DONE,
        None,
    ),
    "SMS Signature Status Query": (
        "get_sign",
        lambda c: c.get_sign([123, 124]),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "sign_id": [123, 124]
        }""",
        """{
          "result": 0,
          "msg": "",
          "count": 3,
          "data": [
            {
              "id": 123,
              "text": "xxxxx",
              "status": 0,
              "reply": "xxxxx"
            }
          ]
        }""",
        [{"id": 123, "text": "xxxxx", "status": 0, "reply": "xxxxx"}],
    ),
    "Delivery Statistics": (
        "pullsendstatus",
        lambda c: c.pullsendstatus(HOUR, HOUR + 23 * 3600),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "begin_date": 2016090800,
          "end_date": 2016090823
        }""",
        """{
          "result": 0,
          "errmsg": "OK",
          "data": {
            "request": 101,
            "success": 100,
            "bill_number": 120
          }
        }""",
        {"request": 101, "success": 100, "bill_number": 120},
    ),
    "Devlivery Report Statistics": (
        "pullcallbackstatus",
        lambda c: c.pullcallbackstatus(HOUR, HOUR + 23 * 3600),
        """{
          "sig": "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df",
          "time": 1457336869,
          "begin_date": 2016090800,
          "end_date": 2016090823
        }""",
        """{
          "result": 0,
          "errmsg": "OK",
          "data": {
            "success": 100,
            "status": 90,
            "status_success": 80,
            "status_fail": 10,
            "status_fail_0": 2,
            "status_fail_1": 2,
            "status_fail_2": 2,
            "status_fail_3": 2,
            "status_fail_4": 2
          }
        }""",
        {
            "success": 100,
            "status": 90,
            "status_success": 80,
            "status_fail": 10,
            **{f"status_fail_{bucket}": 2 for bucket in range(5)},
        },
    ),
}

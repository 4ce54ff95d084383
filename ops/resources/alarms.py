"""The alarms, and the topic that reports them.

An alarm is an entry of `ALARMS`: what it is called, what it means and what to do, and the metric that
raises it. docs/operations.md has a line for each.
"""

from typing import Any

from ops.resources.alarm import (
    HOUR,
    Alarm,
    api,
    bridge,
    dead,
    dropped,
    function,
    loops,
    old,
    schedule,
    table_throttles,
    throttles,
    waits,
)
from ops.resources.intrinsics import number, ref, sub, text
from ops.resources.queues import QUEUES, Queue

_SENDS, _CALLBACKS, _RECEIPTS, _FILES = QUEUES

ALARMS: dict[str, Alarm] = {
    "SendsDeadAlarm": dead(
        _SENDS,
        "Chunks failed for 72 hours, or can't succeed. Their remaining recipients were not sent to. "
        "Inspect: ops deadletters list. Once the cause is fixed: ops deadletters replay --queue sends",
    ),
    "CallbacksDeadAlarm": dead(
        _CALLBACKS,
        "Statuses or replies from Tencent could not be processed in 72 hours. Inspect: ops deadletters list. "
        "Once the cause is fixed: ops deadletters replay --queue callbacks",
    ),
    "ReceiptsDeadAlarm": dead(
        _RECEIPTS,
        "Quick Audience did not accept receipts or replies in 72 hours of retries. "
        "Inspect: ops deadletters list. Once it accepts them again: ops deadletters replay --queue receipts",
    ),
    "FilesDeadAlarm": dead(
        _FILES,
        "Reading a file failed for good. The rest of its recipients was not sent to. "
        "Inspect: ops deadletters list, ops campaign show OUT_ID. "
        "Then: ops deadletters replay --queue files",
    ),
    "SendsOldAlarm": old(
        _SENDS,
        "Messages have been waiting too long to be sent. Inspect Tencent's answers: ops doctor, "
        "chalice logs -n deliver. If a large campaign needs this long, raise SendsOldest",
    ),
    "CallbacksOldAlarm": old(
        _CALLBACKS,
        "Tencent's callbacks are not being processed. Inspect: chalice logs -n settle, ops doctor",
    ),
    "ReceiptsOldAlarm": old(
        _RECEIPTS,
        "Quick Audience does not accept receipts. Inspect: ops breaker show, chalice logs -n push. "
        "Refused receipts are retried automatically for 72 hours",
    ),
    "FilesOldAlarm": old(
        _FILES,
        "A file has not been read to its end. Inspect: ops campaign show OUT_ID, chalice logs -n read",
    ),
    "BreakerAlarm": Alarm(
        "breaker-open",
        "Either pushes wait because Quick Audience answered 401 or 403 (more attempts would get our address "
        "banned), or sends wait because Tencent does not answer. Which of the two: ops breaker show. For 401 "
        "and 403, compare QA_KEY and QA_PLATFORM_NAME with Quick Audience's settings, then: "
        "ops breaker close quickaudience. Tencent's breaker closes by itself",
        bridge("BreakerOpen"),
    ),
    "UnknownAlarm": Alarm(
        "unknown-outcomes",
        "Calls to Tencent got no answer. Their recipients may or may not have been sent to, and are not sent "
        "to again. Inspect: ops unknown list. To record the outcome that Tencent's console shows: "
        "ops unknown settle --out-id OUT_ID --phone PHONE --as failed",
        bridge("UnknownOutcomes"),
    ),
    "FilesFailedAlarm": Alarm(
        "files-failed",
        "A file of recipients could not be sent from: it has no number, is no text file, exceeds a limit, or could "
        "not be fetched for hours. Inspect: ops campaign show OUT_ID, chalice logs -n read. The marketer can repair "
        "the file and send the same request again",
        bridge("FilesFailed"),
    ),
    "SignaturesAlarm": Alarm(
        "signatures-refused",
        "Requests with a wrong signature, clock or key. After a change of QA_KEY, compare it with Quick Audience's "
        "settings; else strangers try. Their addresses: chalice logs, field source",
        bridge("SignaturesRefused"),
        threshold=20,
    ),
    "NoncesAlarm": Alarm(
        "nonces-reused",
        "A signed request came again with another content: somebody has seen requests of Quick Audience on their way. "
        "Their addresses: chalice logs, field source. Change QA_KEY",
        bridge("NoncesReused"),
    ),
    "TokensAlarm": Alarm(
        "callback-tokens-refused",
        "Callbacks with a wrong token. Compare the URL in Tencent's console with ops doctor --show-token; else "
        "strangers try. Their addresses: chalice logs, field source",
        bridge("CallbackTokensRefused"),
        threshold=20,
    ),
    "HeldAlarm": Alarm(
        "sends-held",
        "Sends wait because Tencent refuses the account: 1001 App Key, 1009 our address is not on its whitelist, "
        "1019 and 1020 application, 1021 clock, 1031 no messages left in the package, 1033 arrears. Which of them: "
        "ops breaker show. Nobody has failed: once Tencent accepts a probe, everything goes on. Probes come each "
        "minute; ops breaker close NAME does not wait for one. After 72 hours recipients are reported NOT_SENT",
        bridge("SendsHeld"),
    ),
    "FailingAlarm": Alarm(
        "campaign-failing",
        "Many recipients of a campaign fail: the rate of FAILURE_ALARM is reached. Which campaign: ops campaign list, "
        "chalice logs, “campaign fails”. Why: ops campaign show OUT_ID. To stop the damage: ops campaign pause OUT_ID, "
        "then resume or stop it. With PAUSE_ON_FAILURES=on it is paused already",
        bridge("CampaignsFailing"),
    ),
    "TencentAlarm": Alarm(
        "tencent-config",
        "Tencent refuses what this account may not send, and the recipients failed: 1032 an individual account, "
        "a marketing template. Inspect: ops campaign show OUT_ID",
        bridge("TencentConfigErrors"),
    ),
    "PackagesAlarm": Alarm(
        "packages-low",
        "The account's packages hold few messages. Once they are used up, Tencent refuses all sends, which then wait. "
        "Inspect: ops doctor, ops stats. Buy a package in Tencent's console. To alarm at another number: PackagesLow",
        bridge("PackageMessagesLeft", "Minimum"),
        threshold=ref("PackagesLow"),
        # The metric comes once an hour, at about the same minute.
        period=2 * HOUR,
        comparison="LessThanThreshold",
    ),
    "HttpErrorsAlarm": Alarm(
        "http-errors",
        "The HTTP function crashed or timed out, so Quick Audience or Tencent got a 502. "
        "Inspect: chalice logs",
        function("Errors"),
        condition="Deployed",
    ),
    "HttpThrottlesAlarm": Alarm(
        "http-throttles",
        "The HTTP function was throttled because the account's concurrency is exhausted. "
        "Inspect: Service Quotas, Lambda, concurrent executions",
        function("Throttles"),
        condition="Deployed",
    ),
    "Http5xxAlarm": Alarm(
        "http-5xx",
        "The API answered 5xx. Stages of one account and region with the same api_gateway_stage share this "
        "metric. Inspect: chalice logs",
        api("5XXError"),
        condition="Deployed",
    ),
    "SweepAlarm": schedule(
        "sweep", "Messages without a receipt after 72 hours are not closed", period=HOUR
    ),
    "PullAlarm": schedule("pull", "Tencent's queue of statuses is not emptied", period=300),
    "ReleaseAlarm": schedule(
        "release", "What waits in the table, off its queue, goes on waiting", period=300
    ),
    "InquireAlarm": schedule("inquire", "Tencent is not asked for missing receipts", period=HOUR),
    **{f"{queue.resource}WaitsAlarm": waits(queue) for queue in QUEUES},
    **{f"{queue.function.title()}LoopsAlarm": loops(queue) for queue in QUEUES},
    **{f"{queue.function.title()}ThrottlesAlarm": throttles(queue) for queue in QUEUES},
    # A schedule that starts each minute may miss a run; one that starts each hour may not.
    **{f"{name.title()}DroppedAlarm": dropped(name, 5) for name in ("pull", "release")},
    **{f"{name.title()}DroppedAlarm": dropped(name, 0) for name in ("sweep", "inquire")},
    "TableWriteThrottlesAlarm": table_throttles("WriteThrottleEvents", "write"),
    "TableReadThrottlesAlarm": table_throttles("ReadThrottleEvents", "read"),
}


def _oldest(queue: Queue) -> dict[str, Any]:
    said = f"Age in seconds at which the oldest message of {queue.name} raises an alarm"
    return number(said, queue.oldest, 60, 14 * 24 * HOUR)


def _wait(queue: Queue) -> dict[str, Any]:
    said = f"Seconds after which a message of {queue.name} that is retried, or waits in the table, raises an alarm"
    return number(said, queue.wait, 60, 32 * 24 * HOUR)


PARAMETERS = {
    "AlarmEmail": text(
        "Address that receives the alarms once it has confirmed the subscription that AWS mails to it. "
        "Empty: nobody receives them until an address is subscribed to the topic",
        Default="",
    ),
    **{f"{queue.resource}Oldest": _oldest(queue) for queue in QUEUES},
    **{f"{queue.resource}Wait": _wait(queue) for queue in QUEUES},
    "PackagesLow": number(
        "Messages left in packages below which an alarm is raised; 0: never. Only with TENCENT_API=3.0",
        10_000,
        0,
    ),
}

RESOURCES = {
    "Alarms": {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": sub("${QueuePrefix}alarms")},
    },
    "AlarmMail": {
        "Type": "AWS::SNS::Subscription",
        "Condition": "Mailed",
        "Properties": {
            "TopicArn": ref("Alarms"),
            "Protocol": "email",
            "Endpoint": ref("AlarmEmail"),
        },
    },
    **{name: alarm.resource() for name, alarm in ALARMS.items()},
}

OUTPUTS = {"Alarms": {"Value": ref("Alarms")}}

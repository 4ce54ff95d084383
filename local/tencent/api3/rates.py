"""How many calls of each kind a key may make in a second. What exceeds this never reaches a call."""

from collections import Counter
from collections.abc import Mapping

from local.tencent.api3.errors import ApiError
from local.tencent.api3.switches import Action

# Document 382/52077. That of SendMultiGlobalSms is not published.
DEFAULT_RATES: dict[Action, int] = {
    "SendSms": 3000,
    "SendMultiGlobalSms": 20,
    "AddSmsTemplate": 2,
    "ModifySmsTemplate": 20,
    "DeleteSmsTemplate": 1,
    "DescribeSmsTemplateList": 20,
    "AddSmsSign": 1,
    "ModifySmsSign": 1,
    "DeleteSmsSign": 1,
    "DescribeSmsSignList": 20,
    "PullSmsSendStatus": 100,
    "PullSmsReplyStatus": 100,
    "PullSmsSendStatusByPhoneNumber": 20,
    "PullSmsReplyStatusByPhoneNumber": 20,
    "DescribeSendRecordList": 10,
    "SendStatusStatistics": 10,
    "CallbackStatusStatistics": 10,
    "SmsPackagesStatistics": 10,
    "DescribePhoneNumberInfo": 1000,
    "ReportConversion": 1000,
}


class RateLimits:
    """Counts the calls of the current second, by action and key."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, action: Action, key: str, now: float, rates: Mapping[Action, int]) -> None:
        """Count a call.

        Args:
            action: the call's name.
            key: the SecretId.
            now: the time of its arrival, in epoch seconds.
            rates: the rates that replace the defaults; 0 is no limit.

        Raises:
            ApiError: RequestLimitExceeded.
        """
        if int(now) != self._second:
            self._second = int(now)
            self._counts.clear()
        rate = rates.get(action, DEFAULT_RATES[action])
        if rate and self._counts[action, key] >= rate:
            text = f"The call exceeds the frequency limit `{rate}` for a second."
            raise ApiError("RequestLimitExceeded", text)
        self._counts[action, key] += 1

    def clear(self) -> None:
        """Forget the calls of the current second."""
        self._counts.clear()

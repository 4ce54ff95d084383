"""The texts of the pages Health, Dead letters and Unknown: each key with its Chinese and its English text."""

WORDS: dict[str, tuple[str, str]] = {
    # Health.
    "health.breakers": ("熔断与暂停", "Breakers and holds"),
    "health.queues": ("队列", "Queues"),
    "health.volume": ("今日接收人数", "Recipients accepted today"),
    "health.packages": ("腾讯云套餐包余量", "Left in packages at Tencent"),
    "health.doctor": ("全面检查", "Doctor"),
    "breaker.quickaudience": ("Quick Audience", "Quick Audience"),
    "breaker.tencent": ("腾讯云接口", "Tencent's API"),
    "breaker.tencent-account": ("账号级暂停", "Account hold"),
    "breaker.tencent-mainland": ("境内发送暂停", "Mainland hold"),
    "breaker.tencent-foreign": ("境外发送暂停", "International hold"),
    "breaker.open": ("已断开", "open"),
    "breaker.closed": ("正常", "closed"),
    "breaker.since": ("自 {since}", "since {since}"),
    "breaker.next": ("已试探 {tries} 次，下一次 {next}", "Probed {tries} times, next at {next}"),
    "breaker.stops.quickaudience": (
        "停止向 Quick Audience 推送；回执保存在队列和数据表里，不会丢失。",
        "Nothing is pushed to Quick Audience. Receipts wait in queues and table, and are not lost.",
    ),
    "breaker.stops.tencent": (
        "停止调用腾讯云；待发消息在等待。",
        "Tencent is not called. What is to be sent waits.",
    ),
    "breaker.stops.tencent-account": (
        "停止全部发送；72 小时内无人会因此失败。",
        "Nothing is sent, and nobody fails before 72 hours.",
    ),
    "breaker.stops.tencent-mainland": (
        "停止向境内号码发送；72 小时内无人会因此失败。",
        "Nothing is sent to mainland numbers, and nobody fails before 72 hours.",
    ),
    "breaker.stops.tencent-foreign": (
        "停止向境外号码发送；72 小时内无人会因此失败。",
        "Nothing is sent to foreign numbers, and nobody fails before 72 hours.",
    ),
    "queue.sends": ("待发送", "Sends"),
    "queue.callbacks": ("腾讯云回执", "Callbacks"),
    "queue.receipts": ("待推送回执", "Receipts"),
    "queue.files": ("文件", "Files"),
    "queue.every": ("全部队列", "all queues"),
    "queue.waiting": ("等待", "waiting"),
    "queue.flight": ("处理中", "in hand"),
    "queue.delayed": ("延时", "delayed"),
    "queue.oldest": ("最久等待", "oldest"),
    "queue.oldest.failed": (
        "最久等待时间来自 CloudWatch，暂时读不到：",
        "How long the oldest has waited comes from CloudWatch, which can't be read:",
    ),
    "queue.oldest.silent": (
        "最久等待时间来自 CloudWatch：队列闲置时没有，本机环境也没有。",
        "How long the oldest has waited comes from CloudWatch, which has nothing of idle queues and of a local stack.",
    ),
    "queue.dead": ("死信", "dead"),
    "volume.left": ("今日还可接收 {left:,} 人", "{left:,} more are accepted today"),
    "volume.label": (
        "今日 {accepted:,} 人，上限 {limit:,} 人",
        "{accepted:,} of {limit:,} recipients today",
    ),
    "volume.none": (
        "没有设置每日上限 (DAILY_LIMIT)，因此不计数。",
        "No DAILY_LIMIT is set, so they are not counted.",
    ),
    "packages.silent": ("v5 接口不提供余量。", "The v5 API does not say."),
    "packages.none": (
        "账号按月结算，或没有套餐包。",
        "The account is billed by the month, or not at all.",
    ),
    "packages.left": ("条可用", "messages left"),
    "doctor.state": ("结果", "State"),
    "doctor.check": ("检查项", "Check"),
    "doctor.found": ("说明", "Found"),
    "doctor.ok": ("正常", "ok"),
    "doctor.warning": ("警告", "warning"),
    "doctor.error": ("错误", "error"),
    # Dead letters.
    "deadletters.about": (
        (
            "多次处理失败的消息。请先排除原因，再重新入队：副本会从头重试，仍失败则再次成为死信。"
            "计数来自 SQS，可能滞后一分钟。"
        ),
        (
            "Messages that failed for good. Remove the cause first, then queue them again: a copy has all its tries "
            "before it, and may become a dead letter again. The counts are SQS's, and may be a minute old."
        ),
    ),
    "deadletters.contents": ("内容", "Contents"),
    "deadletters.none": ("没有死信。", "There are no dead letters."),
    "deadletters.none.help": ("无需处理。", "Nothing to do."),
    "letter.age": ("存在时间", "Age"),
    "letter.what": ("内容", "Content"),
    # Unknown.
    "unknown.about": (
        (
            "腾讯云没有给出可识别的应答，因此不知道是否已发送；桥不会重发。"
            "大多数会在一小时内由回执自动确认，72 小时后报告为失败。"
        ),
        (
            "Tencent's answer was missing or not understood, so it is not known whether these were sent. They are "
            "never sent again. Most are settled by their receipts within the hour; after 72 hours the others are "
            "reported as failed."
        ),
    ),
    "unknown.none": ("最近 72 小时没有未知结果。", "No outcome of the last 72 hours is unknown."),
    "unknown.none.help": ("无需处理。", "Nothing to do."),
    "unknown.more": ("还有 {count:,} 条未显示。", "{count:,} more are not shown."),
}

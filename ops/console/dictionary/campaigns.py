"""The texts of the pages about campaigns: each key with its Chinese and its English text."""

WORDS: dict[str, tuple[str, str]] = {
    # States of recipients and campaigns.
    "state.delivered": ("已送达", "delivered"),
    "state.failed": ("失败", "failed"),
    "state.waiting": ("等待回执", "waiting for receipts"),
    "state.unknown": ("结果未知", "unknown"),
    "state.sending": ("发送中", "sending"),
    "state.held": ("暂缓（账号或熔断）", "held"),
    "state.hours": ("等待发送时段", "outside sending hours"),
    "state.paused": ("已暂停", "paused"),
    "state.stopped": ("已停止", "stopped"),
    "state.done": ("已完成", "done"),
    "state.unsent": ("未发送", "not sent yet"),
    "state.uncounted": ("未统计", "not counted"),
    # Counts.
    "count.recipients": ("收件人", "Recipients"),
    "count.sent": ("腾讯云已受理", "Accepted by Tencent"),
    "count.delivered": ("已送达", "Delivered"),
    "count.failed": ("失败", "Failed"),
    "count.unknown": ("结果未知", "Unknown"),
    "count.pushed": ("回执已推送", "Receipts pushed"),
    "count.replies": ("回复", "Replies"),
    "count.segments": ("计费条数", "Segments billed"),
    "count.cost": ("费用", "Cost"),
    "cost.no_price": ("未知：未设置 SEGMENT_PRICE", "unknown: SEGMENT_PRICE is not set"),
    "cost.least": ("至少：{count} 条费用未知", "at least: the fee of {count} is unknown"),
    "pause.operator": ("操作员已于 {since} 暂停。", "Paused by an operator since {since}."),
    "pause.failures": (
        "因失败率过高，已于 {since} 自动暂停。",
        "Paused by itself since {since}, because of its failures.",
    ),
    # Campaigns.
    "day": ("日期", "Day"),
    "day.before": ("前一天", "The day before"),
    "day.after": ("后一天", "The day after"),
    "day.today": ("今天", "Today"),
    "day.show": ("查看", "Show"),
    "campaigns.no_day": ("{day} 不是日期。", "{day} is no day."),
    "campaigns.totals": (
        "{campaigns} 个活动 · {recipients} 人 · 送达 {delivered} · 失败 {failed}",
        "{campaigns} campaigns · {recipients} recipients · {delivered} delivered · {failed} failed",
    ),
    "campaigns.progress": ("进度", "Progress"),
    "campaigns.requests": ("{count} 个请求", "{count} requests"),
    "campaigns.summary": (
        "共 {recipients} 人：送达 {delivered}，失败 {failed}，结果未知 {unknown}，等待回执 {waiting}，未发送 {unsent}",
        (
            "{recipients} recipients: {delivered} delivered, {failed} failed, {unknown} unknown, {waiting} wait for "
            "receipts, {unsent} not sent yet"
        ),
    ),
    "campaigns.no_sums": (
        "旧版本处理过此活动，没有保存汇总：打开它即可逐条统计。",
        "An older release worked on this campaign and kept no sums: open it to count its items.",
    ),
    "campaigns.more": ("显示更多", "Show more"),
    "campaigns.none": ("这一天没有活动。", "No campaign was accepted on this day."),
    "campaigns.none.help": (
        "在 Quick Audience 里发送活动后会显示在这里；也可以选择其他日期。",
        "A campaign that Quick Audience sends appears here. Choose another day above.",
    ),
    "campaign.no_sums": (
        "旧版本处理过此活动，没有保存汇总，因此这里没有数字。需要时请点击下面的“开始精确计数”。",
        (
            "An older release worked on this campaign and kept no sums, so there are no figures here. “Count exactly” "
            "below reads every item."
        ),
    ),
    "campaign.accepted": ("受理于 {time}", "accepted {time}"),
    "campaign.export": ("导出 CSV", "Export as CSV"),
    "campaign.export.failed": ("仅失败", "failed only"),
    "campaign.not_taken": (
        "Quick Audience 尚未接受 {count} 条回执。",
        "Quick Audience has not taken {count} receipts.",
    ),
    "campaign.replies_not_taken": (
        "Quick Audience 尚未接受 {count} 条回复。",
        "Quick Audience has not taken {count} replies.",
    ),
    "not_taken.next": ("已尝试 {tries} 次，下次 {next}。", "Tried {tries} times, next at {next}."),
    "not_taken.given_up": (
        "已尝试 {tries} 次，不再自动重试，见死信。",
        "Tried {tries} times, and given up: see the dead letters.",
    ),
    "not_taken.some": (
        "其中 {count} 条已放弃，见死信。",
        "{count} are given up: see the dead letters.",
    ),
    "campaign.reasons": ("失败原因", "Why they failed"),
    "campaign.reason": ("原因", "Reason"),
    "campaign.share": ("占失败的比例", "Share of the failures"),
    "campaign.reason.label": ("{total} 个失败中的 {count} 个", "{count} of {total} failures"),
    "campaign.file": ("文件", "File"),
    "campaign.requests": ("请求 bizId（{count}）", "Requests, by bizId ({count})"),
    "campaign.timeline": ("时间线", "Timeline"),
    "campaign.exact": ("精确计数", "Exact count"),
    "counted.sums": ("数字来自持续累计的汇总。", "The figures come from sums that are kept."),
    "counted.items": ("数字由逐条统计得出。", "Every item was counted."),
    "asked.exact": (
        "逐条统计整个活动，用来核对上面的数字。活动越大越慢，并消耗读取容量。",
        "Counts every item of the campaign, to check the figures above. A large campaign takes long and costs reads.",
    ),
    "load.exact": ("开始精确计数", "Count exactly"),
    "load.exact.again": ("再数一次", "Count again"),
    "file.waiting": ("等待读取", "waits to be read"),
    "file.reading": ("读取中", "being read"),
    "file.done": ("读取完成", "read to its end"),
    "file.failed": ("读取失败", "failed"),
    "file.label": ("已读 {lines} 行中的 {read} 行", "{read} of {lines} lines are read"),
    "file.read": (
        "已读 {read} / {lines} 行 · 重复 {repeated} · 无号码 {blank}",
        "{read} of {lines} lines read · {repeated} repeated · {blank} without a number",
    ),
    "file.bad": ("有问题的行（{count}）", "Bad lines ({count})"),
    "timeline.sent": ("发送", "Sent"),
    "timeline.sent.label": ("发送随时间的分布，共 {total}", "Sends over time, {total} in all"),
    "timeline.final": ("最终状态", "Final states"),
    "timeline.final.label": (
        "最终状态随时间的分布：送达 {delivered}，失败 {failed}",
        "Final states over time: {delivered} delivered, {failed} failed",
    ),
    "timeline.step": ("每格 {minutes} 分钟", "{minutes} minutes a column"),
    "timeline.other": ("另有 {count} 条未按时间保存。", "{count} more are not kept by time."),
    "timeline.none": ("还没有发送。", "Nothing was sent yet."),
}

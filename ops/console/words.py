"""Every text of the pages, in Chinese and in English. Codes, names of queues and commands stay as they are."""

from dataclasses import dataclass
from typing import Any, Literal

from ops import failure_words
from ops.console import code_words

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language: `words("key", name=value)`."""

    language: Language

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text with its values filled in. Raises KeyError for a key that is not in the dictionary."""
        text = WORDS[key][0 if self.language == "zh" else 1]
        return text.format(**values) if values else text

    def reason(self, code: str, reported: str = "") -> str:
        """Return a failure code in words: this dictionary's, or else the description that came with it."""
        if self.language == "zh" and code in code_words.ZH:
            return code_words.ZH[code]
        return failure_words.describe(code, reported)


# Each key with its Chinese and its English text.
WORDS: dict[str, tuple[str, str]] = {
    # The frame.
    "language.code": ("zh-CN", "en"),
    "language.other": ("en", "zh"),
    "language.switch": ("English", "中文"),
    "product": ("短信桥控制台", "SMS bridge console"),
    "skip": ("跳到正文", "Skip to content"),
    "navigation": ("导航", "Navigation"),
    "account": ("账号", "Account"),
    "refreshed": ("刷新于", "Refreshed"),
    "beijing": ("所有时间均为北京时间", "All times are Beijing time"),
    "read_only": ("只读模式：不提供任何操作", "Read-only: no actions are offered"),
    "stage.production": ("生产环境", "Production"),
    "stage.local": ("本机环境", "Local"),
    "stage.other": ("部署环境", "Stage"),
    "lost.title": ("连接已断开。", "Connection lost."),
    "lost.text": (
        "控制台进程可能已停止。下面是最后一次读到的数据；连接恢复后会自动刷新。",
        (
            "The console may have been stopped. These are the figures of the last refresh. They refresh by themselves "
            "once it answers again."
        ),
    ),
    "unread": ("暂时读不到这一部分。", "This part could not be read."),
    "working": ("处理中…", "Working …"),
    "cancel": ("取消", "Cancel"),
    "close": ("关闭", "Close"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "actions": ("操作", "Actions"),
    "count.later": ("执行时才知道", "known once it is done"),
    "count.health": ("{count} 个熔断或暂停", "{count} open breakers or holds"),
    "count.deadletters": ("{count} 条死信", "{count} dead letters"),
    # Names of pages.
    "page.campaigns": ("活动", "Campaigns"),
    "page.campaign": ("活动", "Campaign"),
    "page.health": ("健康", "Health"),
    "page.deadletters": ("死信", "Dead letters"),
    "page.phone": ("号码", "Phone"),
    "page.unknown": ("未知结果", "Unknown outcomes"),
    "page.catalogue": ("签名与模板", "Signs and templates"),
    "page.template": ("模板", "Template"),
    "page.audit": ("记录", "Audit log"),
    # Parts that are read on a click.
    "asked.doctor": (
        "检查配置、时钟、数据表、队列、告警以及腾讯云账号。会向 AWS 和腾讯云发起查询，不发送短信，约需数秒。",
        (
            "Checks settings, clock, table, queues, alarms and the account at Tencent. It asks AWS and Tencent, sends "
            "nothing, and takes a few seconds."
        ),
    ),
    "asked.dead_contents": (
        "查看内容会让这些消息暂时对其他进程不可见（看完立即放回），所以只在点击后读取。",
        (
            "Looking at their contents holds them for a moment: others can't receive them until they are given back. "
            "So they are read on a click only."
        ),
    ),
    "load.doctor": ("开始检查", "Run the checks"),
    "load.doctor.again": ("再检查一次", "Run them again"),
    "load.dead_contents": ("查看内容", "Show contents"),
    "load.dead_contents.again": ("再看一次", "Show them again"),
    "load.signs": ("向腾讯云查询最新审核状态", "Ask Tencent for the reviews"),
    "load.templates": ("刷新", "Refresh"),
    # Problems.
    "problem.command": ("可用命令：", "This helps:"),
    "problem.credentials": (
        "AWS 凭证无效或已过期。",
        "The AWS credentials are missing or expired.",
    ),
    "problem.credentials.help": (
        "请重新登录，或更新环境变量里的凭证，然后重启控制台。",
        "Log in again or renew the credentials of the shell, then start the console again.",
    ),
    "problem.rights": ("当前身份缺少权限。", "This identity lacks a right."),
    "problem.rights.help": (
        "请管理员授予下面的操作权限（参见 docs/operations.md）。",
        "Ask for the action below (docs/operations.md has the policies).",
    ),
    "problem.busy": ("AWS 限流，读取较慢。", "AWS throttles these reads."),
    "problem.busy.help": ("稍后会自动重试。", "They are tried again by themselves."),
    "problem.missing": ("找不到数据表或队列。", "The table or a queue does not exist."),
    "problem.missing.help": (
        "该环境可能尚未部署，或已被删除。",
        "The stage is not deployed, or it was destroyed.",
    ),
    "problem.silent": ("AWS 或腾讯云没有响应。", "AWS or Tencent does not answer."),
    "problem.silent.help": (
        "请检查网络；如果是本机环境，请确认它正在运行。",
        "Check the network, or for the local stack, whether it runs.",
    ),
    "problem.region": ("没有设置 AWS 区域。", "No AWS region is set."),
    "problem.region.help": ("设置后重启控制台。", "Set one and start the console again."),
    "problem.secrets": ("读不到该环境的密钥参数。", "A secret of the stage can't be read."),
    "problem.secrets.help": (
        "请检查参数是否存在，以及当前身份能否读取。",
        "See whether it exists, and whether this identity may read it.",
    ),
    "problem.settings": ("该环境的配置有误。", "A setting of the stage is wrong."),
    "problem.settings.help": ("修正后重启控制台。", "Correct it and start the console again."),
    "problem.refused": ("未能完成。", "This could not be done."),
    "problem.refused.help": ("原因如下。", "The reason:"),
    "problem.aws": ("AWS 返回错误。", "AWS answered with an error."),
    "problem.aws.help": ("原文如下。", "It said:"),
    "problem.console": ("控制台内部错误。", "The console failed."),
    "problem.console.help": (
        "数据不受影响；终端里有详细信息。",
        "Nothing was changed by it. The terminal has the details.",
    ),
    # Dialogs.
    "dialog.typed_wrong": (
        "输入的内容与 {text} 不一致，未执行任何操作。",
        "What was typed is not {text}. Nothing was done.",
    ),
    "dialog.choose": ("请选择结果，未执行任何操作。", "Choose an outcome. Nothing was done."),
    "field.typed": ("请输入 {text} 以确认", "Type {text} to confirm"),
    "field.reason": (
        "原因（营销人员会看到，最多 {most} 字）",
        "Reason, in Chinese for marketers (at most {most} characters)",
    ),
    "choice.state": ("实际结果", "What became of the message"),
    "result.command": ("命令行里的等价操作：", "The command that does the same:"),
    "result.masked": ("命令中的号码只显示了后四位。", "The number in the command is masked."),
    # Labels.
    "fact.stage": ("环境", "Stage"),
    "fact.campaign": ("活动 (outId)", "Campaign (outId)"),
    "fact.queue": ("队列", "Queue"),
    "fact.letters": ("死信数", "Dead letters"),
    "fact.replayed": ("已重新入队", "Queued again"),
    "fact.passed_over": ("未选中、已放回", "Not chosen, given back"),
    "fact.undeleted": (
        "未能删除（可能重复处理，无害）",
        "Not deleted (may be processed twice, harmless)",
    ),
    "fact.breaker": ("熔断器", "Breaker"),
    "fact.since": ("自", "Since"),
    "fact.why": ("原因", "Why"),
    "fact.state": ("状态", "State"),
    "fact.phone": ("号码", "Phone"),
    "fact.sends": ("未知结果的发送", "Sends of unknown outcome"),
    "fact.settled": ("已确认的发送", "Sends settled"),
    "fact.settled_receipts": ("已有最终结果", "With a final state"),
    "fact.pushed": ("已推送", "Pushed"),
    "fact.to_queue": ("将重新入队", "To be queued again"),
    "fact.queued": ("已入队", "Queued"),
    "fact.rows_added": ("补充的发送明细", "Sending details added"),
    "fact.requests": ("请求数", "Requests"),
    "fact.recipients": ("收件人", "Recipients"),
    "fact.unsent": ("尚未发送", "Not sent yet"),
    "fact.estimated_segments": ("计费条数（估算）", "Segments (estimate)"),
    "fact.estimated_cost": ("费用（估算）", "Cost (estimate)"),
    "fact.left": ("剩余发送时间", "Time left"),
    "fact.messages": ("短信", "Messages"),
    "fact.campaigns": ("活动", "Campaigns"),
    "fact.replies": ("回复", "Replies"),
    "fact.parked": ("暂存的事件", "Parked events"),
    "fact.rows": ("发送明细", "Rows of sending details"),
    "fact.sent": ("发送时间", "Sent"),
    "fact.sign": ("签名", "Sign"),
    "fact.template": ("模板", "Template"),
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
    "campaigns.more": ("显示更多", "Show more"),
    "campaigns.none": ("这一天没有活动。", "No campaign was accepted on this day."),
    "campaigns.none.help": (
        "在 Quick Audience 里发送活动后会显示在这里；也可以选择其他日期。",
        "A campaign that Quick Audience sends appears here. Choose another day above.",
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
    # Signs and templates.
    "catalogue.signs": ("签名", "Signs"),
    "catalogue.templates": ("模板", "Templates"),
    "signs.none": ("还没有关联签名。", "No sign is linked yet."),
    "signs.none.help": (
        "执行 python -m ops sign link 名称 签名ID；使用 API 3.0 时按名称自动识别，无需关联。",
        "Link one: python -m ops sign link NAME SIGN_ID. With API 3.0, signs are found by their name.",
    ),
    "templates.none": ("还没有模板。", "There is no template yet."),
    "templates.none.help": ("在 Quick Audience 里新建短信模板。", "Create one in Quick Audience."),
    "sign.id": ("腾讯云签名 ID", "Tencent's ID"),
    "sign.linked": ("关联时间", "Linked"),
    "review.status": ("审核状态", "Review"),
    "review.reply": ("审核意见", "Reviewer's words"),
    "review.approved": ("已通过", "approved"),
    "review.pending": ("审核中", "pending"),
    "review.rejected": ("已驳回", "rejected"),
    "template.code": ("模板编号", "Template code"),
    "template.name": ("名称", "Name"),
    "template.kind": ("类型", "Kind"),
    "template.revisions": ("版本", "Revisions"),
    "template.deleted": ("已删除", "Deleted"),
    "template.text": ("正文", "Text"),
    "template.id": ("腾讯云模板 ID", "Tencent's ID"),
    "template.created": ("创建时间", "Created"),
    "kind.captcha": ("验证码", "captcha"),
    "kind.notification": ("通知", "notification"),
    "kind.promotion": ("推广", "promotion"),
    "kind.international": ("国际", "international"),
    "kind.digital": ("数字短信", "digital"),
    # Phones.
    "phone.reveal": ("点击显示完整号码（会留下记录）", "Click to show the whole number (recorded)"),
    "phone.reveal_one": (
        "显示尾号 {phone} 的完整号码",
        "Show the whole number that ends in {phone}",
    ),
    "phone.forgotten": (
        "此链接属于另一次会话，请重新查询号码。",
        "This link is of another session: search for the number again.",
    ),
    "phone.search": ("手机号码", "Phone number"),
    "phone.placeholder": ("手机号码，如 13800000000", "A number, such as 13800000000"),
    "phone.find": ("查询", "Find"),
    "phone.about": (
        "号码不会出现在网址里，也不会留在浏览器历史中。",
        "The number is not put into an address, so the browser's history doesn't have it.",
    ),
    "phone.none": ("没有此号码的记录。", "Nothing is known about this number."),
    "phone.none.help": (
        "可能从未发送，或记录已过期、已被删除。",
        "Nothing was sent to it, or its records have expired or were erased.",
    ),
    "phone.nothing": ("没有此号码的记录，无需删除。", "Nothing is kept of this number."),
    "message.received": ("回执", "Receipt"),
    "message.pushed": ("已推送给 Quick Audience", "Pushed to Quick Audience"),
    "message.reply": ("回复", "Reply"),
    "by.nobody": ("72 小时内无回执", "nobody, within 72 hours"),
    "by.operator": ("操作员", "an operator"),
    "by.status": ("腾讯云回执", "a status of Tencent's"),
    "by.sending": ("发送时被拒绝", "refused when it was sent"),
    # The audit log.
    "audit.about": (
        "所有更改操作的记录，保留一年；号码只显示后四位。",
        "Every command that changed something, kept for a year. Numbers are masked.",
    ),
    "audit.month": ("月份", "Month"),
    "audit.at": ("时间", "Time"),
    "audit.who": ("操作者", "Who"),
    "audit.command": ("命令", "Command"),
    "audit.result": ("结果", "Result"),
    "audit.outcome": ("详情", "Outcome"),
    "audit.done": ("完成", "done"),
    "audit.failed": ("失败", "failed"),
    "audit.begun": ("进行中或被中断", "begun"),
    "audit.none": ("这个月没有更改。", "Nothing was changed in this month."),
    "audit.none.help": ("可以选择其他月份。", "Choose another month above."),
    # Actions.
    "duration": ("{hours} 小时 {minutes} 分钟", "{hours} h {minutes} min"),
    "action.pause": ("暂停…", "Pause …"),
    "action.pause.title": ("暂停发送？", "Pause this campaign?"),
    "action.pause.done": ("已暂停", "Paused"),
    "action.pause.warning": (
        (
            "5 秒内不再发起新的调用；进行中的调用照常计入。"
            "自受理起超过 72 小时仍未恢复的，未发送者将报告为失败 (NOT_SENT)。"
        ),
        (
            "No call begins later than 5 seconds after. Calls under way are accounted for. What is still paused 72 "
            "hours after its acceptance is reported as failed (NOT_SENT)."
        ),
    ),
    "action.pause.note": (
        "只影响目前已受理的请求；之后受理的请求照常发送。",
        "This concerns the requests that were accepted so far. Later ones are sent.",
    ),
    "action.resume": ("恢复…", "Resume …"),
    "action.resume.title": ("恢复发送？", "Resume this campaign?"),
    "action.resume.done": ("已恢复", "Resumed"),
    "action.resume.warning": (
        "一分钟内继续发送给尚未发送的人；已发送者不会再次发送。",
        "Sending goes on within a minute, with recipients who were not sent to.",
    ),
    "action.resume.note": (
        "超过剩余时间后不再发送。",
        "Nothing is sent after the time that is left.",
    ),
    "action.stop": ("停止…", "Stop …"),
    "action.stop.title": ("永久停止发送？", "Stop this campaign for good?"),
    "action.stop.done": ("已停止", "Stopped"),
    "action.stop.warning": (
        "此操作不可撤销。5 秒内不再发起新的调用；尚未发送的人将报告为失败 (STOPPED)。",
        (
            "This is final. No call begins later than 5 seconds after. Recipients who were not sent to are reported as "
            "failed (STOPPED)."
        ),
    ),
    "action.stop.note": (
        "未发送者正在报告为 STOPPED；12 小时内重复同一请求会被拒绝。",
        "Recipients who were not sent to are being reported as STOPPED. For 12 hours, a repetition is refused.",
    ),
    "action.resend": ("重发…", "Send again …"),
    "action.resend.title": (
        "向从未被腾讯受理的人重新发送？",
        "Send again to recipients whom Tencent never accepted?",
    ),
    "action.resend.done": ("已受理重发", "Sent again"),
    "action.resend.warning": (
        (
            "将以同一 outId 作为新请求发送，并产生费用。签名、模板、DAILY_LIMIT、ALLOWED_COUNTRIES 和 SEND_HOURS "
            "以现在为准。Quick Audience 会收到这些人的第二份回执；它是否替换第一份，文档没有说明。"
        ),
        (
            "They are sent to by a new request of the same outId, which costs money. Sign, template, DAILY_LIMIT, "
            "ALLOWED_COUNTRIES and SEND_HOURS apply as they are now. Quick Audience gets a second receipt for them. "
            "That it replaces the first one is not documented."
        ),
    ),
    "action.resend.nobody": (
        "没有可以重发的人：腾讯受理过的，无论回执如何，都不会重发。",
        "There is nobody to send to again: what Tencent accepted once is never sent again, whatever its receipt says.",
    ),
    "action.resend.uncounted": (
        "缺少已确认的人数，因此没有发送。请重新查看。",
        "The confirmed number of recipients is missing, so nothing was sent: look again.",
    ),
    "action.resend.note": (
        "活动的计数包含这个新请求：先失败、后送达的人，失败和送达各计一次。",
        (
            "The campaign's counts include the new request: a recipient who failed first and is delivered now counts "
            "once as failed and once as delivered."
        ),
    ),
    "action.resend.completed": (
        "上一次重发曾中断，其余部分现已入队。",
        "An earlier resend was cut off before everything was queued. The rest is queued now.",
    ),
    "counts.failures": ("此前的失败原因", "Failed before with"),
    "counts.left_out": ("不会发送", "Left out"),
    "counts.more": ("另有 {count} 项", "{count} more"),
    "left_out.accepted": (
        "腾讯已受理过此 outId 发往该号码的短信",
        "Tencent accepted a message to the phone under this outId",
    ),
    "left_out.unknown": (
        "此 outId 发往该号码的短信结果未知，可能已发送",
        "perhaps a message was sent to the phone under this outId: its outcome is unknown",
    ),
    "left_out.uncertain": (
        "腾讯云没有明确说明未向该号码发送此 outId 的短信",
        "Tencent did not say certainly that it sent nothing to the phone under this outId",
    ),
    "left_out.under_way": (
        "此 outId 发往该号码的短信正在等待或发送中",
        "a message to the phone under this outId waits or is being sent",
    ),
    "left_out.later": (
        "此 outId 之后的请求也包含该号码",
        "a later request under this outId names the phone, too",
    ),
    "left_out.erased": ("号码已被删除", "the number was erased"),
    "left_out.whole_file": (
        "整个文件失败：请在 Quick Audience 中重新发送",
        "the file failed as a whole: send it again in Quick Audience",
    ),
    "left_out.no_number": ("该条目没有号码", "the entry has no number"),
    "left_out.no_values": (
        "受理时即被拒绝，没有保存变量的值",
        "the values of its variables are not stored: it was refused at acceptance",
    ),
    "left_out.no_revision": (
        "原请求所用的模板文本已不再保存",
        "the text that its request was sent with is not stored any more",
    ),
    "left_out.other_number": (
        "该号码现在会被识别为另一个号码",
        "the number would be read differently now",
    ),
    "left_out.repeated": (
        "同一号码的相同短信重复出现",
        "the same text to the same phone, once more",
    ),
    "action.erase": ("删除个人数据…", "Erase …"),
    "action.erase.title": ("删除此号码的全部个人数据？", "Erase what is kept of this number?"),
    "action.erase.done": ("已删除", "Erased"),
    "action.erase.warning": (
        "此操作不可撤销。号码、短信与回复内容被清除，活动的计数保持不变；备份中最多再保留 35 天。请输入号码后四位。",
        (
            "This is final. Number, texts and values are erased; campaigns keep their counts. Backups keep them for up "
            "to 35 days. Type the last four digits."
        ),
    ),
    "action.receipts": ("重推回执…", "Push receipts again …"),
    "action.receipts.title": ("重新推送 Quick Audience 尚未确认的回执？", "Queue receipts again?"),
    "action.receipts.done": ("已重新入队", "Queued again"),
    "action.receipts.warning": (
        "只包括 Quick Audience 尚未确认收到的回执；重复推送同一结果无害。",
        "Only those that Quick Audience is not known to have. It may get the same receipt twice, which is harmless.",
    ),
    "action.close": ("关闭熔断…", "Close …"),
    "action.close.title": ("关闭熔断，恢复调用？", "Close this breaker?"),
    "action.close.done": ("已关闭", "Closed"),
    "action.close.quickaudience": (
        (
            "如果 Quick Audience 再次返回 401 或 403，熔断会再次断开。每次这样的应答都算一次认证失败，"
            "累计几次后 Quick Audience 会封禁本桥的地址。请先修正 QA_KEY。"
        ),
        (
            "If Quick Audience answers 401 or 403 again, the breaker opens again. Each such answer is one more failed "
            "authentication, and after some of them Quick Audience blocks this bridge's address. Correct QA_KEY first."
        ),
    ),
    "action.close.tencent": (
        "如果腾讯云仍然拒绝，几次调用后会再次断开，不会有人因此失败。请先排除原因。",
        "If Tencent still refuses, it opens again after a few calls, and nobody fails. Remove the cause first.",
    ),
    "action.close.note": (
        "新消息立即处理；暂存的消息一分钟内重新入队。",
        "New messages are processed at once; those that were set aside are queued again within a minute.",
    ),
    "action.replay": ("重新入队", "Replay"),
    "action.replay.title": ("把死信重新入队？", "Queue dead letters again?"),
    "action.replay.done": ("已重新入队", "Queued again"),
    "action.replay.one": ("重放一条", "Replay one"),
    "action.replay.queue": ("重放整个队列", "Replay all"),
    "action.replay.campaign": ("重放此活动", "Replay this campaign's"),
    "action.replay.warning": (
        "副本入队后才删除原件。已发送或可能已发送的收件人不会再次发送。",
        "Each is deleted once its copy is queued. Recipients who were sent to, or perhaps were, are not sent to again.",
    ),
    "action.settle": ("人工确认…", "Settle …"),
    "action.settle.title": ("人工确认发送结果？", "Settle this send by hand?"),
    "action.settle.done": ("已确认", "Settled"),
    "action.settle.warning": (
        "此操作不可撤销，结果会报告给 Quick Audience。",
        "This is final, and it is reported to Quick Audience.",
    ),
}

"""The texts of the questions before an action, and what it did: each key with its Chinese and its English text."""

WORDS: dict[str, tuple[str, str]] = {
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

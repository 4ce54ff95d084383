"""The texts of the page about a phone, and the audit log: each key with its Chinese and its English text."""

WORDS: dict[str, tuple[str, str]] = {
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
}

"""The doctor's checks in Chinese: the name of each, and what to do if it warns. Findings are not translated."""

ZH: dict[str, tuple[str, str]] = {
    "configuration": ("配置", "修正 .chalice/config.json 里的环境变量后重新部署。"),
    "secrets": ("密钥", "用 ops secret set 写入缺少的参数，或检查当前身份能否读取。"),
    "table": ("数据表", "数据表不存在或不可用：重新部署该环境。"),
    "table's safety": ("数据表的保护", "重新部署会打开删除保护、时间点恢复和过期清理。"),
    "queues": ("队列", "缺少队列：重新部署该环境。"),
    "queue": ("队列", "看“健康”页的队列和熔断。"),
    "dead letters of": ("死信", "排除原因后，在“死信”页重新入队。"),
    "waiting in the table": ("表中等待的消息", "看它们在等哪个熔断或发送时段。"),
    "receipts not taken": ("未被接受的回执", "看 Quick Audience 的答复；放弃的回执在死信里。"),
    "daily limit": ("每日上限", "接近 DAILY_LIMIT：之后的请求会被拒绝。"),
    "breaker": ("熔断与暂停", "先排除原因，再等待试探，或在“健康”页关闭。"),
    "clock": ("时钟", "校准这台机器的时钟。"),
    "Tencent and clock": ("腾讯云与时钟", "检查腾讯云的密钥、来源地址和时钟。"),
    "signs": ("签名", "看“签名与模板”页的审核意见。"),
    "templates": ("模板", "看“签名与模板”页的审核意见。"),
    "packages": ("套餐包", "在腾讯云控制台购买套餐包。"),
    "send records": ("发送记录", "不影响发送；未知结果要等回执确认。"),
    "access": ("访问限制", "限制来源地址，或换用更长的密钥和令牌。"),
    "alarms": ("告警", "按 docs/operations.md 里的告警表处理。"),
    "alarms' receivers": ("告警接收人", "订阅告警主题，否则没有人会收到。"),
    "HTTP": ("HTTP 入口", "重新部署，并检查地址能否访问。"),
    "concurrency": ("并发额度", "向 AWS 申请提高账号的并发额度。"),
    "functions": ("函数", "缺少函数：重新部署该环境。"),
    "function": ("函数", "重新部署该环境。"),
    "polling of": ("队列的轮询", "若被暂停，用 ops resume 恢复；否则重新部署。"),
    "recursive loops": ("递归循环检测", "重新部署，以关闭会截停消息的检测。"),
    "runtime": ("运行环境", "换用更新的 Python 打包，再部署。"),
    "schedules": ("定时任务", "重新部署该环境。"),
    "throttle of the API": ("API 限流", "重新部署该环境。"),
    "URL for Quick Audience": ("给 Quick Audience 的地址", ""),
    "URL for Tencent": ("给腾讯云的回调地址", ""),
    "URLs": ("地址", "部署后会显示地址。"),
}
"""By a check's name, or by its beginning: what follows it names a queue, a function or a breaker."""


def of(check: str) -> tuple[str, str]:
    """Return a check's name and what helps if it warns. An unknown check keeps its name, and has "" as help."""
    words = check.split()
    for count in range(len(words), 0, -1):
        if found := ZH.get(" ".join(words[:count])):
            name, helps = found
            return " ".join([name, *words[count:]]), helps
    return check, ""

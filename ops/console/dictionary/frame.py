"""The texts of the frame around every page (names, problems, dialogs, labels): each key in Chinese and in English."""

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
    "dialog.failed": ("操作未完成", "This did not work"),
    "back": ("返回首页", "Back to the start"),
    "dialog.choose": ("请选择结果，未执行任何操作。", "Choose an outcome. Nothing was done."),
    "field.typed": ("请输入 {text} 以确认", "Type {text} to confirm"),
    "field.typed_code": (
        "此 outId 过长，或含有无法输入的字符。请输入它的代码 {text} 以确认",
        "This outId is long, or has characters that can't be typed. Type its code {text} to confirm",
    ),
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
}

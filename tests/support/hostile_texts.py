"""Texts that are made to break a page."""

HOSTILE = {
    "script": "<script>document.title='run'</script>",
    "quotes": '" onerror="alert(1)" x=\'',
    "apostrophe": "' onmouseover='alert(1)",
    "javascript": "javascript:alert(1)",
    "cdata": "]]><script>alert(1)</script><![CDATA[",
    "comment": "--><img src=x onerror=alert(1)><!--",
    "closing": "</p></main></title></style></figure></video><iframe src=//evil>",
    "rtl": "\u202e\u2066\u200f左右\u0000\u0008",
    "word": "長" * 10_000,
    "latin word": "W" * 10_000,
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈" * 50,
    "entity": "&lt;script&gt;&#x3c;",
    "variable": "${name}${{x}}$${y",
}

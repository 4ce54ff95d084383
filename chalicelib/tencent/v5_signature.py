"""The `sig` of a v5 request, in the document's three forms.

    sha256(appkey=$appkey&random=$random&time=$time)                     templates, signs, pulls
    sha256(appkey=$appkey&random=$random&time=$time&mobile=$mobile)      sendsms, sendmultisms2
    sha256(appkey=$appkey&random=$random&time=$time&tel=$tel)            sendisms

Nothing is URL-encoded: a plus and the commas between bulk numbers go in as they are.
"""

import hashlib


def sign(
    app_key: str, random: int | str, time: int | str, *, mobile: str = "", tel: str = ""
) -> str:
    """The signature, lower-case hex. `mobile` is one number or several joined by commas, in `tel`'s order."""
    text = f"appkey={app_key}&random={random}&time={time}"
    if mobile:
        text += f"&mobile={mobile}"
    if tel:
        text += f"&tel={tel}"
    return hashlib.sha256(text.encode()).hexdigest()

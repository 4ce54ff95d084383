"""The `sig` of a v5 request, in the document's three forms.

    sha256(appkey=$appkey&random=$random&time=$time)                     templates, signs, pulls
    sha256(appkey=$appkey&random=$random&time=$time&mobile=$mobile)      sendsms, sendmultisms2
    sha256(appkey=$appkey&random=$random&time=$time&tel=$tel)            sendisms

Nothing is URL-encoded: a plus sign and the commas between the numbers of a bulk call stay as they are.
"""

import hashlib


def sign(
    app_key: str, random: int | str, time: int | str, *, mobile: str = "", tel: str = ""
) -> str:
    """Return the signature as lower-case hex.

    `mobile` is one number, or the numbers of a bulk call joined by commas, in the order of the request.
    """
    text = f"appkey={app_key}&random={random}&time={time}"
    if mobile:
        text += f"&mobile={mobile}"
    if tel:
        text += f"&tel={tel}"
    return hashlib.sha256(text.encode()).hexdigest()

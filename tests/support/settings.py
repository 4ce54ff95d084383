"""The settings that tests start from."""

from collections.abc import Callable

from chalicelib.settings import Settings

ENVIRONMENT = {
    "QA_PLATFORM_NAME": "腾讯短信",
    "QA_KEY": "123456789",
    "TENCENT_SDK_APP_ID": "1400006666",
    "TENCENT_APP_KEY": "5f03a35d00ee52a21327ab048186a2c4",
    "TENCENT_CALLBACK_TOKENS": "first-token,second-token",
}
"""The required settings. The App Key is the one in Tencent's document."""


Configure = Callable[..., Settings]

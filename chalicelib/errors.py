"""What can go wrong, as one tree.

BridgeError
 ├── ConfigurationError   a setting is missing or wrong; nothing works until it is mended
 └── Refused              a request is answered with a code and a sentence, and nothing was done
      ├── Unauthorized    HTTP 401, code "401": we cannot tell that Quick Audience sent it
      ├── Forbidden       HTTP 403, code "403": we can tell that it must not be obeyed
      └── NotFound        HTTP 404, code "404": no such template, sign or route

Errors of the other side live beside its client: `chalicelib.tencent.client`,
`chalicelib.quickaudience.push`.
"""


class BridgeError(Exception):
    """Base of everything that this code raises on purpose."""


class ConfigurationError(BridgeError):
    """A setting is missing or has the wrong shape. The text names it and says where to set it."""


class Refused(BridgeError):
    """A request that is refused before anything was done for it.

    `code` is of Aliyun's vocabulary (`isv.…` the caller's doing, `isp.…` the platform's), `message`
    is read by a marketer. Business refusals travel as HTTP 200: Aliyun does the same, and what Quick
    Audience makes of another status is not documented.
    """

    http_status = 200

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Unauthorized(Refused):
    """The signature, its timestamp or its nonce is missing or wrong."""

    http_status = 401

    def __init__(self, message: str) -> None:
        super().__init__("401", message)


class Forbidden(Refused):
    """A nonce that came before, with other content."""

    http_status = 403

    def __init__(self, message: str) -> None:
        super().__init__("403", message)


class NotFound(Refused):
    """No such template, sign or route."""

    http_status = 404

    def __init__(self, message: str) -> None:
        super().__init__("404", message)

"""The base of the bridge's exceptions, and those that the endpoints answer with.

BridgeError
 ├── ConfigurationError   a setting is missing or wrong; nothing works until it is corrected
 └── Refused              the request is refused with a code and a message; nothing was done for it
      ├── Unauthorized    HTTP 401, code "401": the request can't be shown to come from Quick Audience
      ├── Forbidden       HTTP 403, code "403": a foreign source address
      │    └── NonceReused  the request reuses a nonce for other content
      └── NotFound        HTTP 404, code "404": no such template, sign or route

Errors of the two other systems are defined beside their clients: `chalicelib.tencent.interface` and
`chalicelib.quickaudience.client`.
"""


class BridgeError(Exception):
    """The base of every exception that the bridge raises on purpose."""


class ConfigurationError(BridgeError):
    """A setting is missing or has the wrong format. The text names the setting and says where to set it."""


class Refused(BridgeError):
    """A request is refused before anything was done for it.

    `code` is one of Aliyun's codes: `isv.…` for the caller's mistakes, `isp.…` for the platform's. `message`
    is shown to a marketer. Business refusals are answered with HTTP 200, as Aliyun does, because it is not
    documented how Quick Audience treats another status.
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
    """Requests from this address are not accepted, or not with this nonce."""

    http_status = 403

    def __init__(self, message: str) -> None:
        super().__init__("403", message)


class NonceReused(Forbidden):
    """The nonce, or the signature, was used before for something else."""


class NotFound(Refused):
    """There is no such template, sign or route."""

    http_status = 404

    def __init__(self, message: str) -> None:
        super().__init__("404", message)

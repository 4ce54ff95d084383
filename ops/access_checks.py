"""Check that strangers can't use a deployed stage: its authentication, its secrets, its addresses.

`ops deploy` refuses a stage with any of these problems, and `ops doctor` reports them.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from urllib.parse import urlsplit

from chalicelib.settings import Settings
from ops import stages

MIN_KEY = 16
"""Characters of a key shared with Quick Audience."""
MIN_TOKEN = 22
"""Characters of a token of the callback URL: 128 bits of letters and digits."""

# A network with a shorter prefix restricts nothing.
_MIN_PREFIX = {4: 8, 6: 16}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The local stack's secrets, which everybody knows. In an emulator they do no harm.
_WELL_KNOWN = "local-"


def of_settings(configured: Settings) -> Iterator[str]:
    """Yield the problems of settings that are no secrets."""
    sources = configured.qa_source_addresses
    if configured.qa_auth == "off" and not sources:
        yield (
            "QA_AUTH is off, so anybody who finds the address may send messages: set it to on, or set "
            "QA_SOURCE_ADDRESSES to the addresses that Quick Audience's requests come from"
        )
    for source in sorted(sources):
        network = ip_network(source, strict=False)
        if network.prefixlen < _MIN_PREFIX[network.version]:
            yield f"QA_SOURCE_ADDRESSES has {network}, which restricts nothing"
    plain = {
        "QA_BASE_URL": (configured.qa_base_url,),
        "TENCENT_BASE_URL": (configured.tencent_base_url,),
        "PUBLIC_BASE_URL": (configured.public_base_url,),
        "OSS_ALLOWED_HOSTS": configured.oss_allowed_hosts,
    }
    for name, addresses in plain.items():
        if any(map(_is_plain, addresses)):
            yield f"{name} is an http:// address: keys and recipients would be readable on the way. Use https"


def of_secrets(configured: Settings, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the problems of secrets, given by the name of their setting. The texts contain no secret."""
    if configured.qa_auth == "on":
        yield from _too_short("QA_KEY", values.get("QA_KEY", ""), MIN_KEY)
    name = "TENCENT_CALLBACK_TOKENS"
    yield from _too_short(name, values.get(name, ""), MIN_TOKEN)


def _too_short(name: str, text: str, least: int) -> Iterator[str]:
    """Yield the problem of a list of secrets of which one can be guessed."""
    secrets = [secret.strip() for secret in text.split(",") if secret.strip()]
    if stages.emulator():
        secrets = [secret for secret in secrets if not secret.startswith(_WELL_KNOWN)]
    if short := [len(secret) for secret in secrets if len(secret) < least]:
        yield (
            f"{name} has a secret of {min(short)} characters, which can be guessed: use at least {least}. "
            f"`python -m ops secret set {name} --generate --stage …` makes a good one"
        )


def _is_plain(address: str) -> bool:
    """Return whether an address is http://; to an emulator's own machine it may be."""
    if not address.startswith("http://"):
        return False
    return not (stages.emulator() and urlsplit(address).hostname in _LOOPBACK)

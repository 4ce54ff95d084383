"""The address at which the page of a digital message is linked."""

import pytest
from chalice.app import Request

from chalicelib.endpoints import digital_templates
from chalicelib.errors import ConfigurationError, Refused
from chalicelib.settings import from_environment
from tests.support.settings import ENVIRONMENT, Configure


def asked(**context: str) -> Request:
    """Return a request as API Gateway describes it."""
    about = {"httpMethod": "POST", "resourcePath": "/sms/digitalSmsTemplate", **context}
    return Request(
        {
            "multiValueQueryStringParameters": None,
            "headers": {"Host": "evil.example"},
            "pathParameters": None,
            "requestContext": about,
            "body": None,
            "stageVariables": None,
        }
    )


HOST = "abc.execute-api.ap-southeast-1.amazonaws.com"


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/api/sms/digitalSmsTemplate", f"https://{HOST}/api"),
        ("/api/sms/digitalSmsTemplate/DIGITAL_1", f"https://{HOST}/api"),
        # A custom domain, with and without a base path.
        ("/sms/digitalSmsTemplate", f"https://{HOST}"),
        ("/bridge/sms/digitalSmsTemplate", f"https://{HOST}/bridge"),
    ],
)
def test_a_page_is_linked_at_the_deployments_own_address(
    configure: Configure, path: str, base: str
) -> None:
    configure()
    assert digital_templates._public_base(asked(domainName=HOST, stage="api", path=path)) == base


@pytest.mark.parametrize("setting", ["https://m.example.cn", "https://m.example.cn/"])
def test_the_public_address_is_used_if_it_is_set(configure: Configure, setting: str) -> None:
    configure(PUBLIC_BASE_URL=setting)
    found = digital_templates._public_base(
        asked(domainName=HOST, path="/api/sms/digitalSmsTemplate")
    )
    assert found == "https://m.example.cn"


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"domainName": HOST},
        {"domainName": HOST, "path": "/api/x"},
        {"path": "/sms/digitalSmsTemplate"},
    ],
)
def test_without_any_address_the_setting_is_named(
    configure: Configure, context: dict[str, str]
) -> None:
    configure()
    with pytest.raises(Refused, match="PUBLIC_BASE_URL"):
        digital_templates._public_base(asked(**context))


@pytest.mark.parametrize(
    "wrong", ["m.example.cn", "ftp://m.example.cn", "https://m.example.cn/a b"]
)
def test_an_invalid_address_is_refused_at_start(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_BASE_URL"):
        from_environment(ENVIRONMENT | {"PUBLIC_BASE_URL": wrong})

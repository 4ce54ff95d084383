"""Bad keys, a wrong application, a refused region: the bridge's client against the simulator, and what to look at."""

import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.connections import new_session
from chalicelib.delivery import package_balance
from chalicelib.domain import holds
from chalicelib.domain.planning import Call
from chalicelib.tencent import error_codes
from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.api3_transport import Account
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import CallRefusedError
from ops import tencent_checks
from tests.support.simulators.tencent import PLAIN_TEMPLATE, SDKAPPID, Caller
from tests.support.simulators.tencent_api3 import REGION, SECRET_ID, SECRET_KEY, SIGN

Make = Callable[..., Api3]
CALL = Call(("8613800000001",), ())


@pytest.fixture
def client(simulator: Caller) -> Iterator[Make]:
    session = new_session(2, max_idle_seconds=80)

    def make(
        *,
        secret_id: str = SECRET_ID,
        secret_key: str = SECRET_KEY,
        region: str = REGION,
        application: str = SDKAPPID,
    ) -> Api3:
        account = Account(simulator.url, region, secret_id, secret_key, session)
        return Api3(account, application)

    yield make
    session.close()


def test_a_good_account_is_accepted(client: Make) -> None:
    client().check_account()


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"secret_id": "AKIDnobody"}, "TENCENT_SECRET_ID"),
        ({"secret_key": "nothing"}, "TENCENT_SECRET_KEY"),
        ({"region": "ap-mars"}, "TENCENT_REGION"),
        ({"application": "1400009999"}, "TENCENT_SDK_APP_ID"),
    ],
)
def test_a_refused_account_is_named_and_holds_sends(
    client: Make, simulator: Caller, wrong: dict[str, str], setting: str
) -> None:
    simulator.set_switches(api3={"regions": [REGION]})
    api = client(**wrong)
    with pytest.raises(CallRefusedError) as checked:
        api.check_account()
    assert setting in tencent_checks.remedy(checked.value.code)
    with pytest.raises(CallRefusedError) as sent:
        api.send(CALL, sign=SIGN, template_id=PLAIN_TEMPLATE)
    meaning = error_codes.meaning(sent.value.code)
    assert (meaning.kind, meaning.scope) == (CodeClass.CONFIG, error_codes.Scope.ACCOUNT)
    assert holds.holds_on(CALL)[0] == "tencent-account"
    assert simulator.messages() == []


def test_what_is_left_of_the_packages_is_counted(client: Make, simulator: Caller) -> None:
    simulator.set_switches(api3={"package_amount": 1000, "package_days_left": 3})
    current = package_balance.in_force(client().packages(), time.time())
    assert package_balance.left(current) == 1000
    simulator.set_switches(api3={"package_amount": 1000, "package_days_left": 0})
    packages = client().packages()
    assert package_balance.in_force(packages, time.time()) == []
    assert package_balance.is_billed_by_package(packages, time.time())


def test_listing_that_wants_ids_is_recognised(client: Make, simulator: Caller) -> None:
    simulator.set_switches(api3={"sign_listing": "ids-only"})
    with pytest.raises(CallRefusedError) as refused:
        list(client().all_signs())
    assert error_codes.wants_ids(refused.value.code)
    client().check_account()

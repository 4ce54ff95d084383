"""Foreign numbers, as the numbering plans have them."""

import subprocess
import sys

import pytest

from chalicelib.domain import foreign_numbers


@pytest.mark.parametrize(
    ("digits", "normal"),
    [
        ("85251234567", "85251234567"),
        ("447911123456", "447911123456"),
        ("4407911123456", "447911123456"),
        ("821012345678", "821012345678"),
        ("8201012345678", "821012345678"),
        ("390612345678", "390612345678"),
        ("79161234567", "79161234567"),
        ("13125550123", "13125550123"),
        ("870773111632", "870773111632"),
        # The library does not have these, but their countries have numbers of that length.
        ("12425551234", "12425551234"),
        ("85200001111", "85200001111"),
    ],
)
def test_a_number_is_dialled_without_its_trunk_prefix(digits: str, normal: str) -> None:
    assert foreign_numbers.normal(digits) == normal


@pytest.mark.parametrize(
    "digits",
    ["13900001111", "82010123456", "999999999999999", "2345678", "8525123456725", "21", "44"],
)
def test_a_number_that_no_country_has_is_none(digits: str) -> None:
    assert foreign_numbers.normal(digits) is None


def test_a_request_to_the_mainland_does_not_load_the_numbering_plans() -> None:
    program = (
        "import sys; from chalicelib.domain.destinations import Destinations; "
        "print(Destinations(international=False).resolve_all(['+8613900001111', '+85251234567'])[0]); "
        "assert 'phonenumbers' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "8613900001111"

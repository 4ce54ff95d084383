import pytest

from chalicelib.logs import mask


@pytest.mark.parametrize("phone", ["8613900001111", "85251231111", "1111"])
def test_only_the_last_four_digits_are_shown(phone: str) -> None:
    assert mask(phone) == "…1111"


def test_nothing_is_shown_of_nothing() -> None:
    assert mask("") == "…"

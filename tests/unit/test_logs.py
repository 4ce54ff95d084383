import pytest

from chalicelib.logs import mask


@pytest.mark.parametrize("phone", ["8613900001111", "85251231111", "1111"])
def test_only_the_last_four_digits_are_shown(phone: str) -> None:
    assert mask(phone) == "…1111"


def test_an_empty_number_is_shown_as_an_empty_text() -> None:
    assert mask("") == "…"

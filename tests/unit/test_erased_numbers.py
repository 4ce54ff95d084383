"""The placeholders of erased numbers."""

import pytest

from chalicelib.domain import erased_numbers, phones
from chalicelib.store.packing import pack_numbers, unpack_numbers


def test_a_placeholder_is_random_and_recognised() -> None:
    made = {erased_numbers.placeholder() for _ in range(100)}
    assert len(made) == 100
    assert all(map(erased_numbers.is_erased, made))


def test_a_placeholder_is_packed_among_numbers() -> None:
    numbers = ["8613900001111", erased_numbers.placeholder(), "85251234567"]
    assert unpack_numbers(pack_numbers(numbers)) == numbers


@pytest.mark.parametrize("number", ["8613900001111", "13900001111", "", "e", "***********"])
def test_a_number_is_no_placeholder(number: str) -> None:
    assert not erased_numbers.is_erased(number)


def test_a_placeholder_is_no_number() -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        phones.parse(erased_numbers.placeholder())
    with pytest.raises(ValueError, match="not a phone number"):
        phones.parse(erased_numbers.FORM)


def test_every_form_of_a_number_is_taken_out_of_a_text() -> None:
    forms = {"13900001111", "8613900001111", ""}
    text = "8613900001111 13900001111 13900002222"
    assert erased_numbers.without(text, forms) == "*********** *********** 13900002222"

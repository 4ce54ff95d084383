import pytest

from chalicelib.logs import MAX_TEXT, clean, mask, mask_numbers


@pytest.mark.parametrize("phone", ["8613900001111", "85251231111", "1111"])
def test_only_the_last_four_digits_are_shown(phone: str) -> None:
    assert mask(phone) == "…1111"


def test_an_empty_number_is_shown_as_an_empty_text() -> None:
    assert mask("") == "…"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812345678", "…5678"),
        ("138-1234-5678", "…5678"),
        ("138 1234 5678", "…5678"),
        ("+86 (138) 1234-5678", "+…5678"),
        ("138.1234.5678", "…5678"),
        ("138–1234–5678", "…5678"),
        ("138\u00a01234\u00a05678 是空号", "…5678 是空号"),
        ("HTTP 401, code 401: no", "HTTP 401, code 401: no"),
        ("at most 900 s", "at most 900 s"),
    ],
)
def test_a_number_is_masked_in_every_spelling(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_a_text_from_outside_is_one_short_line() -> None:
    assert clean("a\r\nb\u2028c\x1b[31m\u202ed") == "a b c [31m d"
    assert len(clean("x" * 10_000)) == MAX_TEXT + 1

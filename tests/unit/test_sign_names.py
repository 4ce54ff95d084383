import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import sign_names
from tests.support.property_tests import examples

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    "written",
    [
        "某某Café 云",
        unicodedata.normalize("NFD", "某某Café 云"),
        "【某某Café 云】",
        "［某某Café 云］",
        "[某某Café 云]",
        "（某某Café 云）",
        "〔某某Café 云〕",
        "「某某Café 云」",
        "﹁某某Café 云﹂",
        "︻某某Café 云︼",
        "《某某Café 云》",
        "＜某某Café 云＞",
        "{某某Café 云}",
        "【 ［某某Café 云］ 】",
        "【某某Café 云",
        "某某Ｃａｆé 云",
        "某某Café\u3000云",
        "某某Café\u00a0云",
        "某某Café \t云\n",
        "\u200b某某\ufeffCa\u2060fé\u00ad 云\u200e",
        "【\u200b某某Café 云\ufe0f】",
        "某某\x00Café\x7f 云\u3164",
        "\u202d某某Café 云\u202c",
    ],
    ids=ascii,
)
def test_the_spellings_of_a_name_have_one_normal_form(written: str) -> None:
    assert sign_names.normal(written) == "某某Café 云"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("某某科技", "某某科枝"),
        ("Tencent Cloud", "TencentCloud"),
        ("Tencent Cloud", "Tencent+Cloud"),
        ("abc", "ABC"),
        ("某某(北京)", "某某北京"),
        ("店1", "店2"),
    ],
)
def test_different_names_have_different_forms(one: str, other: str) -> None:
    assert sign_names.normal(one) != sign_names.normal(other)


@pytest.mark.parametrize(
    "name", ["", " ", "【】", "［ ］", "\u200b", "【\ufeff】", "\u3164", "()[]"]
)
def test_a_name_of_nothing_has_no_form(name: str) -> None:
    assert sign_names.normal(name) == ""


@given(texts)
@examples(200)
def test_a_normal_form_is_its_own_and_fits_a_key(name: str) -> None:
    form = sign_names.normal(name)
    assert sign_names.normal(form) == form
    assert len(form.encode()) <= 1000
    assert sign_names.normal(f"【\u200b{unicodedata.normalize('NFD', name)} ］") == form


def test_a_very_long_name_still_fits_a_key() -> None:
    assert len(sign_names.normal("\ufdfa" * 100)) == sign_names.MAX_LENGTH + 1


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        (" 【某某】 ", "某某"),
        ("[某某]", "某某"),
        ("［某某］", "某某"),
        ("【[某某]】", "某某"),
        ("某某(北京)", "某某(北京)"),
        ("【某某（北京）】", "某某（北京）"),
        ("Ｃａｆé", "Ｃａｆé"),
        ("某某[一]", "某某[一]"),
        ("", ""),
        ("[", "["),
    ],
)
def test_a_name_is_sent_without_the_brackets_that_were_added(name: str, bare: str) -> None:
    assert sign_names.without_brackets(name) == bare

"""The list of parts of §7, and the text message that it becomes."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import digital_message, template_text
from chalicelib.domain.digital_message import ContentError, Part
from tests.support.media_files import FILES
from tests.support.property_tests import examples

LINK = "https://m.example.cn/m/AbCdEfGhIjK"
URL = "https://brand.oss-cn-zhangjiakou.aliyuncs.com/a.jpg?Expires=1&Signature=x%2B"


def text(contents: str, **more: Any) -> dict[str, Any]:
    return {"fileSuffix": "txt", "fileName": "", "fileContents": contents} | more


def image(url: str = URL, **more: Any) -> dict[str, Any]:
    return {"fileSuffix": "jpg", "fileName": "图", "fileSize": "23", "fileContents": url} | more


def contents(*given: dict[str, Any]) -> list[str]:
    return [part.contents for part in digital_message.read_parts(given)]


# --- parts --------------------------------------------------------------------------------------


def test_the_documents_list_is_read_in_its_order() -> None:
    given = [
        {
            "fileSuffix": "jpg",
            "fileName": "File Name",
            "fileSize": "23",
            "fileContents": URL,
            "index": "1",
        },
        {
            "fileSuffix": "txt",
            "fileName": "",
            "fileSize": "10",
            "fileContents": "Text",
            "index": "2",
        },
    ]
    assert digital_message.read_parts(given) == [
        Part("image", "jpg", "File Name", URL),
        Part("text", "txt", "", "Text"),
    ]


@pytest.mark.parametrize(
    "indexes", [("2", "1", "3"), (2, 1, 3), ("20", "-1", " 21 "), (2, 1, None), ("2", "1", "last")]
)
def test_parts_are_sorted_by_their_index(indexes: tuple[Any, ...]) -> None:
    given = [text(name, index=index) for name, index in zip("bac", indexes, strict=True)]
    assert contents(*given) == ["a", "b", "c"]


@pytest.mark.parametrize("index", [None, "", "x", "1.5", [], True, "9" * 5000])
def test_parts_without_an_index_keep_the_order_of_the_list(index: Any) -> None:
    assert contents(text("a", index=index), text("b", index=index)) == ["a", "b"]


def test_parts_with_equal_indexes_keep_the_order_of_the_list() -> None:
    assert contents(text("b", index=7), text("a", index=7), text("0", index=1)) == ["0", "b", "a"]


@pytest.mark.parametrize("suffix", ["txt", ".TXT", "Txt "])
def test_text_is_literal_even_where_it_looks_like_a_url(suffix: str) -> None:
    (part,) = digital_message.read_parts([text("http://169.254.169.254/latest", fileSuffix=suffix)])
    assert (part.kind, part.contents) == ("text", "http://169.254.169.254/latest")


def test_a_text_may_be_a_number() -> None:
    assert contents(text(2026)) == ["2026"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "^templateContent 至少要有一个部分$"),
        ([text("x")] * 11, "^templateContent 有 11 个部分, 最多 10 个$"),
        (
            [text("x", index=3), text(" ", index=1), text("y", index=2)],
            "^第 1 部分的 fileContents 为空$",
        ),
        (
            [text("x"), text("y", fileSuffix="e" * 30)],
            f"^第 2 部分的 fileSuffix 是“{'e' * 20}”, 只支持 txt, jpg, png, gif",
        ),
    ],
)
def test_an_invalid_list_of_parts_is_refused_in_words(
    given: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(ContentError, match=problem):
        digital_message.read_parts(given)


def test_line_breaks_are_unified_and_a_long_name_is_cut() -> None:
    (part,) = digital_message.read_parts([text("甲\r\n乙\n丙", fileName="名" * 101)])
    assert (part.contents, part.name) == ("甲\n乙\n丙", "名" * 100)


@pytest.mark.parametrize("indexes", [(None, 1), (2, None), (3, None)])
def test_a_part_without_an_index_stands_where_it_stands_in_the_list(
    indexes: tuple[Any, Any],
) -> None:
    given = [text(name, index=index) for name, index in zip("ab", indexes, strict=True)]
    assert contents(*given) == (["b", "a"] if indexes == (3, None) else ["a", "b"])


def test_ten_parts_are_accepted() -> None:
    assert len(digital_message.read_parts([image()] * 10)) == 10


def test_a_second_video_is_refused() -> None:
    video = image(fileSuffix="mp4")
    assert digital_message.read_parts([video])[0].kind == "video"
    with pytest.raises(ContentError, match="2 个视频"):
        digital_message.read_parts([video, text("x"), image(fileSuffix="3gp")])


@pytest.mark.parametrize("suffix", ["svg", "html", "webp", "exe", "", None, 7, "jpg;png"])
def test_an_unknown_suffix_is_refused_by_its_place(suffix: Any) -> None:
    with pytest.raises(ContentError, match="第 2 部分的 fileSuffix"):
        digital_message.read_parts([text("x"), image(fileSuffix=suffix)])


@pytest.mark.parametrize("empty", [None, "", "  ", "\n", [], {}, True])
def test_an_empty_part_is_refused_by_its_place(empty: Any) -> None:
    with pytest.raises(ContentError, match="第 1 部分的 fileContents 为空"):
        digital_message.read_parts([text(empty)])


@pytest.mark.parametrize(
    "url",
    [
        "url",
        "a.jpg",
        "//oss.aliyuncs.com/a.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://a.aliyuncs.com/x",
        "https://",
        "https://user:pw@a.aliyuncs.com/x",
        "https://a.aliyuncs.com;script-src *.aliyuncs.com/x",
        "https://a.aliyuncs.com'/x",
        "https://a.aliyuncs.com:99999/x",
        "https://[::1]/x",
        "https://a b.aliyuncs.com/x",
        "https://a.aliyuncs.com./x",
    ],
)
def test_an_invalid_url_of_a_file_is_refused(url: str) -> None:
    with pytest.raises(ContentError, match="fileContents"):
        digital_message.read_parts([image(url)])


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (URL, "https://brand.oss-cn-zhangjiakou.aliyuncs.com"),
        ("https://A.Aliyuncs.com:443/x", "https://a.aliyuncs.com"),
        ("http://127.0.0.1:9000/x", "http://127.0.0.1:9000"),
        ("https://图片.aliyuncs.com/x", "https://xn--wcsw84d.aliyuncs.com"),
    ],
)
def test_an_origin_is_safe_in_a_header(url: str, origin: str) -> None:
    assert digital_message.origin(url) == origin


any_value: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just([]) | st.just({})
)
any_part = st.dictionaries(
    st.sampled_from(["fileSuffix", "fileName", "fileSize", "fileContents", "index", "other"]),
    any_value | st.sampled_from(["txt", "jpg", "mp4", URL, "1"]),
)


@given(st.lists(any_part, max_size=12))
@examples(300)
def test_any_list_gives_parts_or_is_refused_in_words(given: list[dict[str, Any]]) -> None:
    with suppress(ContentError):
        found = digital_message.read_parts(given)
        assert len(found) == len(given) <= 10
        assert all(part.contents for part in found)


# --- files --------------------------------------------------------------------------------------


def part(suffix: str) -> Part:
    return digital_message.read_parts([image(fileSuffix=suffix)])[0]


@pytest.mark.parametrize("suffix", FILES)
def test_a_file_of_the_type_of_its_suffix_is_accepted(suffix: str) -> None:
    warned = digital_message.check_file(3, part(suffix), FILES[suffix])
    assert bool(warned) == (suffix in ("wav", "3gp"))
    assert all("第 3 部分" in one and suffix in one for one in warned)


def test_jpeg_and_jpg_are_one_type() -> None:
    assert digital_message.check_file(1, part(".JPEG"), FILES["jpg"]) == []


@pytest.mark.parametrize(("said", "is_"), [("jpg", "png"), ("mp4", "3gp"), ("mp3", "mp4")])
def test_a_file_of_another_type_is_refused(said: str, is_: str) -> None:
    with pytest.raises(ContentError, match=f"第 1 部分的 fileSuffix 是 {said}, 文件内容却是 {is_}"):
        digital_message.check_file(1, part(said), FILES[is_])


def test_a_file_of_no_known_type_is_refused() -> None:
    with pytest.raises(ContentError, match="第 4 部分的文件内容不是支持的类型"):
        digital_message.check_file(4, part("jpg"), b"<html>")


def test_the_sizes_of_all_files_are_added_up() -> None:
    digital_message.check_total([])
    digital_message.check_total([1000 * 1024, 900 * 1024])
    with pytest.raises(ContentError, match="1901 KB, 超过 1900 KB"):
        digital_message.check_total([1000 * 1024, 900 * 1024, 1])


# --- the message --------------------------------------------------------------------------------


def message(theme: str, *given: dict[str, Any]) -> template_text.Translation:
    return digital_message.tencent_template(theme, digital_message.read_parts(given), LINK)


def test_theme_texts_and_link_become_a_message() -> None:
    found = message("双11", text("您好${name}, 您有${points}分"), image(), text("${name}专享"))
    assert found.text == f"双11 您好{{1}}, 您有{{2}}分 {{3}}专享 查看 {LINK} 拒收请回复R"
    assert found.names == ("name", "points", "name")


def test_a_message_without_a_text_part_consists_of_theme_and_link() -> None:
    assert message("新品", image()).text == f"新品 查看 {LINK} 拒收请回复R"


@pytest.mark.parametrize(
    "way", ["回T退订", "拒收请回复R", "回复TD退订", "退订回N", "TD退订", "拒收回R"]
)
def test_an_unsubscribe_hint_is_not_added_twice(way: str) -> None:
    assert message("新品", text("全场五折 " + way)).text == f"新品 全场五折 {way} 查看 {LINK}"


@pytest.mark.parametrize("no_way", ["返回1号店", "退订单费", "收到请回复1", "不可退订"])
def test_a_text_that_only_resembles_an_unsubscribe_hint_gets_one(no_way: str) -> None:
    assert message("新品", text(no_way)).text.endswith("拒收请回复R")


def test_the_longest_part_of_a_message_that_is_too_long_is_named() -> None:
    with pytest.raises(
        ContentError, match=r"第 3 部分太长\(有 480 个字符\).*合计 \d+ 个字符, 最多 500 个"
    ):
        message("新品", text("短"), image(), text("长" * 480))


def test_the_theme_is_named_if_it_is_the_longest() -> None:
    with pytest.raises(ContentError, match=r"^templateTheme 太长\(有 490 个字符\)"):
        message("长" * 490, text("短"))


def test_a_text_that_is_too_long_to_be_searched_is_counted_as_written() -> None:
    most = digital_message.MAX_SOURCE_CHARACTERS
    room = most - len(digital_message.text_of("新品", [Part("text", "", "", "x")])) + 1
    with pytest.raises(ContentError, match="最多 500 个"):
        message("新品", text("字" * room))
    with pytest.raises(ContentError, match=rf"合计 {most + 1} 个字符, 最多 {most} 个"):
        message("新品", text("字" * (room + 1)))


def test_a_message_of_exactly_500_characters_is_accepted() -> None:
    room = 500 - len(message("新品", text("x")).text) + 1
    assert len(message("新品", text("字" * room)).text) == 500
    with pytest.raises(ContentError, match="501"):
        message("新品", text("字" * (room + 1)))


@pytest.mark.parametrize("open_", ["${a", "${}", "${ }", "${a} {1}"])
def test_a_variable_without_a_closing_brace_is_refused(open_: str) -> None:
    with pytest.raises(ContentError, match=r"\{"):
        message("新品", text(open_))


# --- what the page shows ------------------------------------------------------------------------


def shown(theme: str, *given: dict[str, Any]) -> tuple[str, list[Part]]:
    found = digital_message.read_parts(given)
    written = digital_message.text_of(theme, found)
    return digital_message.mask_variables(theme, written), [
        digital_message.masked_part(part, written) for part in found
    ]


def test_variables_are_masked_on_the_page() -> None:
    theme, (first, second) = shown(
        "${city}站", text("${ name }您好, 您有${points}积分"), image(fileName="${name}.jpg")
    )
    assert (theme, first.contents) == ("**站", "**您好, 您有**积分")
    assert (second.name, second.contents) == ("**.jpg", URL)


def test_tencents_own_notation_is_masked_too() -> None:
    assert shown("新品", text("您有{1}分"))[1][0].contents == "您有**分"


def test_a_number_in_braces_beside_named_variables_is_not_masked() -> None:
    with pytest.raises(ContentError):
        message("新品", text("{1}${a}"))


@given(
    st.lists(
        st.sampled_from(["$", "{", "}", "${", "${a}", "{1}", " ", "a", "字", "${ b }"]), max_size=12
    )
)
@examples(500)
def test_no_variable_is_left_unmasked(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert "${" not in digital_message.mask_variables(text, text)


@given(st.text(max_size=60))
@examples(200)
def test_a_text_without_variables_is_shown_unchanged(text: str) -> None:
    if "{" not in text:
        assert digital_message.mask_variables(text, text) == text

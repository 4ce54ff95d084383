"""The console's dictionary is complete in both languages, and the templates use no other words."""

import re
import string
from pathlib import Path

import pytest

from ops import failure_words, not_taken
from ops.console import check_words, code_words, dictionary, pages, rendering
from ops.console.actions import Action
from ops.console.dictionary import WORDS
from ops.console.parts import Page
from ops.console.words import Words

FOLDER = Path(rendering.__file__).parent
TEMPLATES = {
    path.relative_to(FOLDER / "templates").as_posix(): path.read_text()
    for path in FOLDER.rglob("*.html")
}
SOURCES = [
    path.read_text()
    for path in FOLDER.rglob("*.py")
    if path.parent != Path(dictionary.__file__).parent
]
# Keys of which a part is only known when a page is shown.
COMPUTED = re.compile(r"t\('([a-z_.]+)' ~")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_a_word_has_both_languages_with_the_same_placeholders(key: str) -> None:
    chinese, english = WORDS[key]
    assert chinese.strip()
    assert english.strip()
    assert placeholders(chinese) == placeholders(english)


def test_a_key_is_defined_once() -> None:
    assert sum(len(part.WORDS) for part in dictionary.PARTS) == len(WORDS)


def test_the_two_languages_have_equal_keys() -> None:
    for key in WORDS:
        if not placeholders(WORDS[key][0]):
            assert Words("zh")(key)
            assert Words("en")(key)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_uses_words_of_the_dictionary_only(name: str) -> None:
    used = set(re.findall(r"\bt\('([^']+)'[,)]", TEMPLATES[name]))
    assert used <= WORDS.keys()
    for start in COMPUTED.findall(TEMPLATES[name]):
        assert [key for key in WORDS if key.startswith(start)], start


def test_every_word_is_used() -> None:
    everything = "\n".join([*TEMPLATES.values(), *SOURCES])
    starts = {start for text in TEMPLATES.values() for start in COMPUTED.findall(text)}
    starts |= set(re.findall(r"words\(f\"([a-z_.]+)\{", everything))
    starts |= {"action."}
    unused = [
        key
        for key in WORDS
        if f"'{key}'" not in everything
        and f'"{key}"' not in everything
        and not key.startswith(tuple(starts))
        and not key.endswith(".help")
    ]
    assert unused == []


@pytest.mark.parametrize("action", pages.ACTIONS.values(), ids=pages.ACTIONS)
def test_an_action_has_its_words(action: Action) -> None:
    for suffix in ("", ".title", ".done"):
        assert f"action.{action.name}{suffix}" in WORDS


@pytest.mark.parametrize("page", pages.PAGES.values(), ids=pages.PAGES)
def test_a_page_and_its_parts_have_words_and_templates(page: Page) -> None:
    assert f"page.{page.name}" in WORDS
    assert f"pages/{page.name}.html" in TEMPLATES
    for part in page.parts:
        assert f"parts/{part.name}.html" in TEMPLATES
        if part.asked:
            assert {
                f"asked.{part.name}",
                f"load.{part.name}",
                f"load.{part.name}.again",
            } <= WORDS.keys()


@pytest.mark.parametrize("code", [*failure_words._OWN, *failure_words._ALIYUN])
def test_a_failure_code_has_words_in_both_languages(code: str) -> None:
    assert Words("zh").reason(code) == code_words.ZH[code]
    assert Words("en").reason(code) == failure_words.describe(code)
    assert re.search(r"[\u4e00-\u9fff]", code_words.ZH[code])


def test_a_code_of_a_carrier_keeps_what_was_reported() -> None:
    assert Words("zh").reason("MK:0001", "空号") == "空号"
    assert Words("en").reason("MK:0001", "空号") == "空号"


def test_every_check_of_the_doctor_has_chinese_words() -> None:
    """The names of checks in the sources; what follows a name in an f-string is a queue, a function or a breaker."""
    sources = [path.read_text() for path in FOLDER.parent.glob("*.py")]
    pattern = r"""(?:Finding|findings\.run|run|failed)\(\s*f?"([^"{]+)|f"(queue |dead letters of )\{name"""
    pairs = [pair for text in sources for pair in re.findall(pattern, text)]
    checks = {(one or other).strip() for one, other in pairs} | {not_taken.CHECK}
    assert {"configuration", "queue", "dead letters of", "polling of", "recursive loops"} <= checks
    assert checks == check_words.ZH.keys()
    for check in checks:
        name, helps = check_words.of(f"{check} x")
        assert name != f"{check} x"
        assert helps or check.startswith("URL for")

"""The texts of the pages in the language of a visit."""

from dataclasses import dataclass
from typing import Any, Literal

from ops import failure_words
from ops.console import check_words, code_words
from ops.console.dictionary import WORDS

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language: `words("key", name=value)`."""

    language: Language

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text with its values filled in. Raises KeyError for a key that is not in the dictionary."""
        text = WORDS[key][0 if self.language == "zh" else 1]
        return text.format(**values) if values else text

    def check(self, name: str) -> tuple[str, str]:
        """Return the name of one of the doctor's checks and, in Chinese only, what helps if it warns."""
        return check_words.of(name) if self.language == "zh" else (name, "")

    def reason(self, code: str, reported: str = "") -> str:
        """Return a failure code in words: this package's, or else the description that came with it."""
        if self.language == "zh" and code in code_words.ZH:
            return code_words.ZH[code]
        return failure_words.describe(code, reported)

"""How long commands report what they have done."""

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with a sentence after each finished step."""

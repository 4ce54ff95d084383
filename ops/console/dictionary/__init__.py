"""Every text of the pages, in Chinese and in English, by key. Codes, names of queues and commands stay as they are."""

from collections import ChainMap

from ops.console.dictionary import actions, campaigns, catalogue, frame, health, phones

PARTS = (frame, campaigns, health, catalogue, phones, actions)
WORDS: dict[str, tuple[str, str]] = dict(ChainMap(*(part.WORDS for part in PARTS)))

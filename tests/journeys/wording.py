"""Which text was said, whatever its words are today: a journey asks for the key."""

import re

from bot.texts import load_texts


def is_said(key: str, text: str, language: str = "vi") -> bool:
    """Whether the text of `key`, with anything in its blanks, stands in `text`."""
    template = load_texts().template(key, language)
    parts = re.split(r"\{[a-z_]+\}", template)
    return re.search(".+?".join(map(re.escape, parts)), text, re.DOTALL) is not None

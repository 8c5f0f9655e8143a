"""Profanities with all but their first letter starred, for recognisers that have no such filter of their own."""

import re

# What English telephone speech has of it; recognisers with a filter of their own know more.
_WORDS = (
    "fuck(?:s|ed|er|ers|ing)?|shit(?:s|ty)?|bullshit|bitch(?:es)?|bastards?|assholes?|cunts?|motherfuck(?:er|ers|ing)"
)
_PROFANITY = re.compile(rf"\b(?:{_WORDS})\b", re.IGNORECASE)


def hidden(text: str) -> str:
    """The text with profanities starred."""
    return _PROFANITY.sub(lambda found: found[0][0] + "*" * (len(found[0]) - 1), text)

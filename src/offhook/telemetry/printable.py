"""Makes text from outside fit for a terminal: nothing in it can move the cursor, change colours or hide other text."""

LONGEST = 2000  # characters; more of one value helps nobody who reads a terminal


def printable(text: object, limit: int = LONGEST) -> str:
    """The text on one line, cut to `limit` characters, each one that is not printable written as its escape.

    Control characters, ANSI escapes, line ends, invisible and bidirectional marks all become visible.
    """
    told = str(text)
    if len(told) > limit:
        told = told[: max(0, limit - 1)] + "…"
    if told.isprintable():
        return told
    return "".join(one if one.isprintable() else _escape(one) for one in told)


def ascii_only(text: str) -> str:
    """The same with every character beyond ASCII written as its escape; an ellipsis becomes three dots."""
    return text.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")

"""Keys as they are pressed for <Gather>: when the input is whole, and until when more of it is waited for.

Pure: keys and moments come in as arguments (contract 2 §1.7).
"""

LONGEST = 4096  # keys; nobody types as many, but a broken telephone does


class DigitCollector:
    """Takes up to `most` keys, until `finish` is pressed ("": never), or until nothing is for `timeout` seconds.

    Without `most`, and with more, it is LONGEST.
    """

    __slots__ = ("_finish", "_most", "_timeout", "deadline", "digits", "is_whole")

    def __init__(self, *, most: int | None = None, finish: str = "#", timeout: float = 5.0) -> None:
        self._most = LONGEST if most is None else min(most, LONGEST)
        self._finish = finish
        self._timeout = timeout
        self.digits = ""  # without the key that finished them
        self.is_whole = False
        self.deadline: float | None = None  # None: time does not count yet

    def begin(self, now: float) -> None:
        """Let time count: the prompt is over."""
        if self.deadline is None:
            self.deadline = now + self._timeout

    def finishes(self, key: str) -> bool:
        """Whether it is the key that ends the input."""
        return key == self._finish

    def press(self, key: str, now: float) -> bool:
        """Take one key; whether the input is whole by it. Keys after that change nothing."""
        if self.is_whole:
            return True
        if self.finishes(key):
            self.is_whole = True
            return True
        self.digits += key
        self.deadline = now + self._timeout
        self.is_whole = len(self.digits) >= self._most
        return self.is_whole

    def is_late(self, now: float) -> bool:
        """Whether nobody waits any more."""
        return self.deadline is not None and now >= self.deadline

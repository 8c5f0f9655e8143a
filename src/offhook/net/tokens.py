"""Random identifiers from the operating system: SIDs for calls, tokens (branches, tags, Call-IDs) for SIP."""

import secrets

# RFC 3261 §19.3 asks for 32 bits of randomness in a tag; 64 keep Call-IDs and branches apart for years as well.
TOKEN_BYTES = 8
SID_BYTES = 16
# A call needs about twenty identifiers, and each look into the system's source is a system call.
STOCK_BYTES = 4096


class SystemTokens:
    """Identifiers that nobody can guess; satisfies calls.ports.Tokens and is itself the endpoint's token source.

    Random bytes are fetched in stock and each is given out once. For one loop only, and not across a fork.
    """

    def __init__(self) -> None:
        self._stock = ""
        self._place = 0

    def sid(self, prefix: str) -> str:
        """A new SID: the prefix and 32 hexadecimal digits."""
        return prefix + self._take(2 * SID_BYTES)

    def __call__(self) -> str:
        """A new token of 16 hexadecimal digits."""
        return self._take(2 * TOKEN_BYTES)

    def _take(self, digits: int) -> str:
        end = self._place + digits
        if end > len(self._stock):
            self._stock, self._place, end = secrets.token_hex(STOCK_BYTES), 0, digits
        taken = self._stock[self._place : end]
        self._place = end
        return taken

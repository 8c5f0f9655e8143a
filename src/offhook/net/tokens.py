"""Random identifiers from the operating system: SIDs for calls, tokens (branches, tags, Call-IDs) for SIP."""

import secrets

# RFC 3261 §19.3 asks for 32 bits of randomness in a tag; 64 keep Call-IDs and branches apart for years as well.
TOKEN_BYTES = 8
SID_BYTES = 16


class SystemTokens:
    """Identifiers that nobody can guess; satisfies calls.ports.Tokens and is itself the endpoint's token source."""

    def sid(self, prefix: str) -> str:
        """A new SID: the prefix and 32 hexadecimal digits."""
        return prefix + secrets.token_hex(SID_BYTES)

    def __call__(self) -> str:
        """A new token of 16 hexadecimal digits."""
        return secrets.token_hex(TOKEN_BYTES)

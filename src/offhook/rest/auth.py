"""HTTP Basic with the account's SID and auth token, or with an API key and its secret (contract 1 §1.2)."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from offhook.model.sids import AccountSid
from offhook.rest.errors import MissingCredentials
from offhook.rest.world import ApiKey

KEY = "SK"
_LONGEST = 1024  # far beyond any SID and token


def digest_of(secret: str) -> str:
    """What is kept of the secret of a key; a random one needs no salt and no slow hash."""
    return sha256(secret.encode()).hexdigest()


def authenticate(
    header: str | None, accounts: Mapping[AccountSid, str], keys: Mapping[str, ApiKey] = MappingProxyType({})
) -> AccountSid:
    """The account that an Authorization header proves to be. Raises MissingCredentials.

    Takes the same time for a wrong token as for an account that does not exist.
    """
    username, password = _credentials(header)
    if username.startswith(KEY):
        key = keys.get(username)
        if not hmac.compare_digest(digest_of(password), key.digest if key is not None else "-") or key is None:
            raise MissingCredentials
        return key.account_sid
    account_sid = AccountSid(username)
    token = accounts.get(account_sid)
    is_right = hmac.compare_digest(password.encode(), (token or "-").encode())
    if token is None or not token or not is_right:
        raise MissingCredentials
    return account_sid


def _credentials(header: str | None) -> tuple[str, str]:
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _LONGEST:
        raise MissingCredentials
    try:
        username, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise MissingCredentials from error
    if not colon:
        raise MissingCredentials
    return username, password

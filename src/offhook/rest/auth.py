"""HTTP Basic with the account's SID and auth token (contract 1 §1.2)."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping

from offhook.model.sids import AccountSid
from offhook.rest.errors import MissingCredentials

_LONGEST = 1024  # far beyond any SID and token


def authenticate(header: str | None, accounts: Mapping[AccountSid, str]) -> AccountSid:
    """The account that an Authorization header proves to be. Raises MissingCredentials.

    Takes the same time for a wrong token as for an account that does not exist.
    """
    username, password = _credentials(header)
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

"""X-Twilio-Signature: what is signed, and how (contract 1 §7.5).

Used by the webhook client to sign, and by whoever must show why two signatures differ. Nothing here compares secrets.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUrl:
    """A URL that vouches for a body, and its signature: request exactly this URL."""

    url: str
    signature: str


def explain(url: str, parameters: Parameters | None) -> str:
    """The exact string that is signed: the URL without its fragment, then every form name and value, sorted.

    A value that is repeated under one name counts once. `parameters` is None for a request without a form.
    """
    text = url.partition("#")[0]
    return text + "".join([name + value for name, value in sorted(set(parameters or ()))])


def sign(auth_token: str, url: str, parameters: Parameters | None) -> str:
    """The value of X-Twilio-Signature: base64 of HMAC-SHA1, keyed with the account's token, of what `explain` says."""
    signed = explain(url, parameters).encode()
    # The contract fixes SHA-1; as a keyed MAC it stands.
    return b64encode(hmac.digest(auth_token.encode(), signed, hashlib.sha1)).decode("ascii")


def sign_body(auth_token: str, url: str, body: bytes) -> SignedUrl:
    """Sign a body that is no form: its SHA-256 goes into the query as bodySHA256, and the URL alone is signed."""
    address, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    address += f"{joint}bodySHA256={hashlib.sha256(body).hexdigest()}"
    return SignedUrl(url=address + hash_mark + fragment, signature=sign(auth_token, address, None))

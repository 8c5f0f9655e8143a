"""Digest authentication, both sides: challenge, credentials and their proof (RFC 3261 §22, RFC 7616, RFC 8760).

Fed with WWW-Authenticate and Proxy-Authenticate values (`Headers.all`, one challenge each); feeds Authorization and
Proxy-Authorization. Randomness (cnonce, nonce) is an argument.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from offhook.sip.errors import IllegalValue, MalformedValue
from offhook.sip.grammar import is_quoted, is_token, quote, split_list, unquote


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {
    "md5": _md5,
    "md5-sess": _md5,
    "sha-256": _sha256,
    "sha-256-sess": _sha256,
}


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """What is enough to check who knows a password, and from which nobody gets it back: H(user:realm:password)."""

    md5: str
    sha_256: str

    @classmethod
    def of(cls, username: str, realm: str, password: str) -> "HashedPassword":
        """Hash a password; good for this user name and realm alone."""
        secret = f"{username}:{realm}:{password}".encode("utf-8", "surrogateescape")
        return cls(_md5(secret), _sha256(secret))


Password = str | HashedPassword
_COUNT = re.compile("[0-9A-Fa-f]{8}")  # RFC 7616 §3.4
_QOPS = ("auth", "auth-int")  # in the order we choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a peer asks for: the values of a Digest challenge, unquoted; `algorithm` is None when it was not given."""

    realm: str
    nonce: str
    algorithm: str | None = None
    qop: tuple[str, ...] = ()
    opaque: str | None = None
    stale: bool = False

    @classmethod
    def parse(cls, text: str) -> "Challenge":
        """Read one challenge. Raises MalformedValue, also for a scheme other than Digest."""
        params = _parse_digest(text, required=("realm", "nonce"))
        return cls(
            realm=params["realm"],
            nonce=params["nonce"],
            algorithm=_read_token(params, "algorithm"),
            qop=tuple(name for name in split_list(params.get("qop", "")) if is_token(name)),
            opaque=params.get("opaque"),
            stale=params.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        text = f"Digest realm={quote(self.realm)}, nonce={quote(self.nonce)}"
        if self.opaque is not None:
            text += f", opaque={quote(self.opaque)}"
        if self.stale:
            text += ", stale=TRUE"
        if self.algorithm is not None:
            text += f", algorithm={self.algorithm}"
        return text + (f', qop="{",".join(self.qop)}"' if self.qop else "")

    @property
    def chosen_qop(self) -> str | None:
        """The quality of protection that we use, or None when the peer offers none that we know."""
        offered = {name.lower() for name in self.qop}
        return next((name for name in _QOPS if name in offered), None)

    @property
    def is_supported(self) -> bool:
        """Whether we know the algorithm and one of the offered qualities of protection."""
        return (self.algorithm or "MD5").lower() in _HASHES and (not self.qop or self.chosen_qop is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The answer to a challenge: the values of an Authorization header, unquoted; `nc` is the count of this nonce."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str = field(default="", repr=False)
    algorithm: str | None = None
    qop: str | None = None
    cnonce: str | None = None
    nc: int | None = None
    opaque: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Credentials":
        """Read one Authorization or Proxy-Authorization value. Raises MalformedValue."""
        params = _parse_digest(text, required=("username", "realm", "nonce", "uri", "response"))
        return cls(
            username=params["username"],
            realm=params["realm"],
            nonce=params["nonce"],
            uri=params["uri"],
            response=params["response"],
            algorithm=_read_token(params, "algorithm"),
            qop=_read_token(params, "qop"),
            cnonce=params.get("cnonce"),
            nc=_parse_count(params.get("nc")),
            opaque=params.get("opaque"),
        )

    def __str__(self) -> str:
        text = f"Digest username={quote(self.username)}, realm={quote(self.realm)}, nonce={quote(self.nonce)}"
        text += f", uri={quote(self.uri)}, response={quote(self.response)}"
        if self.algorithm is not None:
            text += f", algorithm={self.algorithm}"
        if self.cnonce is not None:
            text += f", cnonce={quote(self.cnonce)}"
        if self.opaque is not None:
            text += f", opaque={quote(self.opaque)}"
        if self.qop is not None:
            text += f", qop={self.qop}"
        return text if self.nc is None else f"{text}, nc={self.nc:08x}"


def choose(values: Iterable[str]) -> Challenge | None:
    """The topmost challenge that we can answer, as RFC 8760 §2.4 asks: servers put the strongest first."""
    return next(iter(choose_each(values)), None)


def choose_each(values: Iterable[str]) -> list[Challenge]:
    """For each realm the topmost challenge that we can answer: a forking proxy gathers its branches' (§22.3)."""
    chosen: dict[str, Challenge] = {}
    for value in values:
        try:
            challenge = Challenge.parse(value)
        except MalformedValue:
            continue  # another scheme, or nonsense: perhaps the next one will do
        if challenge.is_supported:
            chosen.setdefault(challenge.realm, challenge)
    return list(chosen.values())


def answer(  # noqa: PLR0913  # the parts of RFC 7616 §3.4 have no closer grouping
    challenge: Challenge,
    username: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str,
    nc: int,
    body: bytes = b"",
) -> str:
    """The value of the Authorization or Proxy-Authorization header that answers the challenge.

    `uri` is the request's Request-URI as written and `nc` counts from 1 for each nonce. Raises IllegalValue when the
    challenge is not supported.
    """
    if not challenge.is_supported:
        raise IllegalValue(f"cannot answer a challenge with {challenge.algorithm} and {challenge.qop}")
    qop = challenge.chosen_qop
    is_session = (challenge.algorithm or "").lower().endswith("-sess")
    credentials = Credentials(
        username=username,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        algorithm=challenge.algorithm,
        qop=qop,
        cnonce=cnonce if qop or is_session else None,
        nc=nc if qop else None,
        opaque=challenge.opaque,
    )
    return str(replace(credentials, response=_proof(credentials, password, method, body)))


def check(credentials: Credentials, password: Password, method: str, body: bytes = b"") -> bool:
    """Whether the credentials prove the password for this method and body; compares in constant time.

    The caller checks that the nonce is one of its own and fresh, that `nc` was not used before, and that the realm,
    algorithm and qop are the ones it asked for.
    """
    known = (credentials.algorithm or "MD5").lower() in _HASHES
    if not known or (credentials.qop is not None and credentials.qop.lower() not in _QOPS):
        return False
    expected = _proof(credentials, password, method, body)
    given = credentials.response.lower().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(expected.encode("ascii"), given)


def _proof(credentials: Credentials, password: Password, method: str, body: bytes) -> str:
    """The `response` of RFC 7616 §3.4.1."""
    algorithm = (credentials.algorithm or "MD5").lower()
    hash_bytes = _HASHES[algorithm]

    def hash_text(*parts: str) -> str:
        return hash_bytes(":".join(parts).encode("utf-8", "surrogateescape"))

    if isinstance(password, HashedPassword):
        secret = password.sha_256 if algorithm.startswith("sha-256") else password.md5
    else:
        secret = hash_text(credentials.username, credentials.realm, password)
    if algorithm.endswith("-sess"):
        secret = hash_text(secret, credentials.nonce, credentials.cnonce or "")
    qop = credentials.qop
    if qop is not None and qop.lower() == "auth-int":
        request = hash_text(method, credentials.uri, hash_bytes(body))
    else:
        request = hash_text(method, credentials.uri)
    if qop is None:
        return hash_text(secret, credentials.nonce, request)
    count = f"{credentials.nc or 0:08x}"
    return hash_text(secret, credentials.nonce, count, credentials.cnonce or "", qop, request)


def _parse_digest(text: str, required: tuple[str, ...]) -> dict[str, str]:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        raise MalformedValue(f"expected Digest, found {scheme[:40]!r}")
    params: dict[str, str] = {}
    for piece in split_list(rest):
        name, _, value = (part.strip() for part in piece.partition("="))
        key = name.lower()
        if not is_token(name) or key in params or not _is_value(value):
            raise MalformedValue(f"expected a parameter of its own, found {piece[:80]!r}")
        params[key] = unquote(value)
    missing = [name for name in required if name not in params]
    if missing:
        raise MalformedValue(f"expected {', '.join(missing)} in a Digest header")
    return params


def _is_value(text: str) -> bool:
    # interop: nonces come unquoted although base64 is no token.
    return is_quoted(text) or (text != "" and '"' not in text)


def _read_token(params: dict[str, str], name: str) -> str | None:
    """A parameter that is printed without quotes; interop: an empty one is as good as none."""
    value = params.get(name)
    if value and not is_token(value):
        raise MalformedValue(f"expected a token as {name}, found {value[:40]!r}")
    return value or None


def _parse_count(text: str | None) -> int | None:
    if text is None:
        return None
    if _COUNT.fullmatch(text) is None:
        raise MalformedValue(f"expected eight hexadecimal digits as nc, found {text[:40]!r}")
    return int(text, 16)

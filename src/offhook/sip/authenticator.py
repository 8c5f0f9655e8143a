"""Whether a caller is who it says: challenges, and what their answers prove (RFC 3261 §22, RFC 7616, RFC 8760).

Sans-IO: the secret that nonces are signed with comes from outside, time is an argument. A nonce carries its own time
and number; what is remembered is only how often each was used by somebody who knew the password, and that is bounded.
"""

import hashlib
import hmac
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from offhook.sip import digest
from offhook.sip.digest import Challenge, Credentials, Password
from offhook.sip.errors import MalformedValue
from offhook.sip.message import Request

# interop: SIPp 3.6 and old telephones read the first challenge only, and of Twilio they know MD5. Whoever looks for the
# strongest finds it in second place; an operator whose peers all follow RFC 8760 §2.4 puts it first.
ALGORITHMS = ("MD5", "SHA-256")
QOP = "auth"
SIGNATURE = 32  # hexadecimal digits
# Who guesses names shall not hear sooner that one is unknown: its password is compared, too.
NOBODY = "\x00"

Passwords = Callable[[str], Password | None]


class Proof(Enum):
    """What the credentials of a request prove."""

    MISSING = "missing"  # there are none for this realm
    STALE = "stale"  # for a nonce that is over, used up, or not ours: the same password may do with a new one
    WRONG = "wrong"
    GIVEN = "given"

    __hash__ = object.__hash__  # that of Enum is Python code


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request proved, and for whom."""

    proof: Proof
    username: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorSettings:
    """How long a nonce is good, in seconds; how many nonces in use are remembered."""

    nonce_life: float = 300.0
    nonces: int = 20_000
    algorithms: tuple[str, ...] = ALGORITHMS


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a nonce of ours says: when it was made, and its number."""

    made: int  # milliseconds
    number: int


class Authenticator:
    """Makes challenges and judges what answers them."""

    def __init__(self, secret: bytes, settings: AuthenticatorSettings | None = None) -> None:
        self.settings = settings or AuthenticatorSettings()
        self.checked: Counter[Proof] = Counter()
        self._secret = secret
        self._number = 0
        self._uses: OrderedDict[int, tuple[int, int]] = OrderedDict()  # by number: the highest count, and when made
        self._forgotten = -1  # nonces made up to this millisecond may have been used and forgotten

    @property
    def remembered(self) -> int:
        """How many nonces are remembered."""
        return len(self._uses)

    def challenge(self, realm: str, now: float, *, is_stale: bool = False) -> tuple[str, ...]:
        """The values of WWW-Authenticate or Proxy-Authenticate, one for each algorithm, with a new nonce."""
        self._number += 1
        nonce = self._print(Nonce(int(now * 1000), self._number), realm)
        return tuple(
            str(Challenge(realm=realm, nonce=nonce, algorithm=algorithm, qop=(QOP,), stale=is_stale))
            for algorithm in self.settings.algorithms
        )

    def verify(self, values: Sequence[str], request: Request, realm: str, passwords: Passwords, now: float) -> Checked:
        """What a request's Authorization or Proxy-Authorization values prove; those of other realms are left alone."""
        checked = self._verify(values, request, realm, passwords, now)
        self.checked[checked.proof] += 1
        return checked

    # --- inside ---------------------------------------------------------------------------------------------------

    def _verify(self, values: Sequence[str], request: Request, realm: str, passwords: Passwords, now: float) -> Checked:
        credentials = next((one for one in map(_parse, values) if one is not None and one.realm == realm), None)
        if credentials is None:
            return Checked(Proof.MISSING)
        nonce = self._read(credentials.nonce, realm)
        if nonce is None or not self._is_fresh(nonce, now):
            return Checked(Proof.STALE)
        if not self._is_asked_for(credentials):
            return Checked(Proof.WRONG)
        password = passwords(credentials.username)
        is_right = digest.check(credentials, NOBODY if password is None else password, request.method, request.body)
        if not is_right or password is None:
            return Checked(Proof.WRONG, credentials.username)
        if not self._use(nonce, 1 if credentials.nc is None else credentials.nc):
            return Checked(Proof.STALE)
        return Checked(Proof.GIVEN, credentials.username)

    def _is_asked_for(self, credentials: Credentials) -> bool:
        """Whether the answer has the form that we asked for.

        interop: peers of RFC 2069 know no qop, and count nothing: they may use a nonce once.
        """
        if (credentials.algorithm or "MD5").lower() not in {name.lower() for name in self.settings.algorithms}:
            return False
        if credentials.qop is None:
            return credentials.nc is None
        return credentials.qop.lower() == QOP and credentials.nc is not None and bool(credentials.cnonce)

    def _is_fresh(self, nonce: Nonce, now: float) -> bool:
        age = now - nonce.made / 1000
        return -1.0 <= age <= self.settings.nonce_life and nonce.made > self._forgotten

    def _use(self, nonce: Nonce, count: int) -> bool:
        """Note a use of a nonce; False when this count was used already (RFC 7616 §3.4)."""
        highest, _ = self._uses.get(nonce.number, (0, 0))
        if count <= highest:
            return False
        self._uses[nonce.number] = (count, nonce.made)
        if len(self._uses) > self.settings.nonces:
            _, (_, made) = self._uses.popitem(last=False)
            self._forgotten = max(self._forgotten, made)
        return True

    def _print(self, nonce: Nonce, realm: str) -> str:
        text = f"{nonce.made:x}-{nonce.number:x}"
        return f"{text}-{self._sign(text, realm)}"

    def _read(self, text: str, realm: str) -> Nonce | None:
        """A nonce that we made for this realm, or None."""
        body, _, signature = text.rpartition("-")
        expected = self._sign(body, realm)
        if not hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected.encode("ascii")):
            return None
        made, _, number = body.partition("-")
        return Nonce(int(made, 16), int(number, 16))

    def _sign(self, text: str, realm: str) -> str:
        signed = f"{text}-{realm}".encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()[:SIGNATURE]


def _parse(value: str) -> Credentials | None:
    try:
        return Credentials.parse(value)
    except MalformedValue:
        return None

"""What a session is told to send: the order for an INVITE, a reply, and the proof that a challenge asked for."""

from dataclasses import dataclass, field, replace

from offhook.sip import digest
from offhook.sip.digest import Challenge
from offhook.sip.message import Request, Response

Fields = tuple[tuple[str, str], ...]
SDP = "application/sdp"

# Which header answers which challenge (§22.2, §22.3).
CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
# A first challenge, and more for a nonce that went stale meanwhile or another realm on the way (§22.1).
MAX_CHALLENGES = 3
MAX_REALMS = 8


@dataclass(frozen=True, slots=True)
class Body:
    """A body and what it is."""

    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingInvite:
    """What an INVITE says; `from_` is a whole From value without tag, `headers` are added as they are.

    `proxy` is the URI of the outbound proxy that it goes through; `needs_tls` lets it leave by TLS alone,
    `needs_public` to no private address. With `asks_redirects` a 3xx is told as RedirectReceived and awaits its order;
    without, it is a refusal like any other.
    """

    target: str
    from_: str
    headers: Fields = ()
    body: bytes = b""
    content_type: str = SDP
    proxy: str = ""
    needs_tls: bool = False
    needs_public: bool = False
    max_forwards: int = 70
    asks_redirects: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response to build: `body` is SDP."""

    code: int
    reason: str | None = None
    headers: Fields = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Met:
    """A challenge, the header that answers it, and how often its nonce has been used."""

    told: str
    challenge: Challenge
    uses: int = 0

    @property
    def asker(self) -> tuple[str, str]:
        """Who asks: the callee or a proxy, and its realm."""
        return self.told, self.challenge.realm


@dataclass(frozen=True, slots=True)
class Proof:
    """The credentials that one request carries, one for each realm that asked, and how many rounds led to them."""

    fields: Fields = ()
    met: tuple[Met, ...] = ()
    rounds: int = 0

    def answer(self, response: Response, request: Request, order: OutgoingInvite | None, cnonce: str) -> "Proof | None":
        """What the request is to carry next time; None when this response is no challenge that can be answered."""
        if response.code not in CHALLENGES or order is None or not order.username or self.rounds >= MAX_CHALLENGES:
            return None
        asked, told = CHALLENGES[response.code]
        new = [Met(told, challenge) for challenge in digest.choose_each(response.headers.all(asked))]
        known = {one.asker for one in self.met}
        if not new or any(one.asker in known and not one.challenge.stale for one in new):
            return None  # of no scheme that we know, or our credentials were refused
        renewed = {one.asker for one in new}
        every = (*(one for one in self.met if one.asker not in renewed), *new)
        # RFC 7616 §3.4: what proves a nonce again counts its uses.
        used = tuple(replace(one, uses=one.uses + 1) for one in every[:MAX_REALMS])
        fields = tuple((one.told, _credentials(one, request, order, cnonce)) for one in used)
        return Proof(fields, used, self.rounds + 1)


def _credentials(met: Met, request: Request, order: OutgoingInvite, cnonce: str) -> str:
    return digest.answer(
        met.challenge,
        username=order.username,
        password=order.password,
        method=request.method,
        uri=request.text_uri,
        cnonce=cnonce,
        nc=met.uses,
        body=request.body,
    )


NO_PROOF = Proof()

"""What a session is told to send: the order for an INVITE, a reply, and the proof that a challenge asked for."""

from dataclasses import dataclass, field

from offhook.sip import digest
from offhook.sip.message import Request, Response

Fields = tuple[tuple[str, str], ...]
SDP = "application/sdp"

# Which header answers which challenge (§22.2, §22.3).
CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
# A first challenge, and one more for a nonce that went stale meanwhile or a second realm on the way (§22.1).
MAX_CHALLENGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingInvite:
    """What an INVITE says; `from_` is a whole From value without tag, `headers` are added as they are."""

    target: str
    from_: str
    headers: Fields = ()
    body: bytes = b""
    content_type: str = SDP
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
class Proof:
    """The credentials that one request carries, and how many challenges led to them."""

    fields: Fields = ()
    challenges: int = 0

    def answer(self, response: Response, request: Request, order: OutgoingInvite | None, cnonce: str) -> "Proof | None":
        """What the request is to carry next time; None when this response is no challenge that can be answered."""
        if response.code not in CHALLENGES or order is None or not order.username or self.challenges >= MAX_CHALLENGES:
            return None
        asked, told = CHALLENGES[response.code]
        challenge = digest.choose(response.headers.all(asked))
        kept = tuple(field for field in self.fields if field[0] != told)
        if challenge is None or (len(kept) < len(self.fields) and not challenge.stale):
            return None  # of no scheme that we know, or our credentials were refused
        credentials = digest.answer(
            challenge,
            username=order.username,
            password=order.password,
            method=request.method,
            uri=request.text_uri,
            cnonce=cnonce,
            nc=1,
            body=request.body,
        )
        return Proof((*kept, (told, credentials)), self.challenges + 1)


NO_PROOF = Proof()

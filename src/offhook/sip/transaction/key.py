"""Which message belongs to which transaction (RFC 3261 §17.1.3, §17.2.3)."""

import re
from typing import NamedTuple

from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, CANCEL, INVITE

# Our Via is the first header of what we send. What ends the branch must have been quoted, too.
_BEGINNING = re.compile(rb"([A-Z]+) [^\r\n]+\r\nVia: SIP/2\.0/[A-Z]+ [^;\r\n]+;branch=([^;\r\n]+)[;\r]")


class ClientKey(NamedTuple):
    """The branch that we made, and the method."""

    branch: str
    method: str


class Identity(NamedTuple):
    """What stays the same when one request comes by several ways (§8.2.2.2)."""

    call_id: str
    from_tag: str
    number: int
    method: str


class ServerKey(NamedTuple):
    """The peer's branch and its sent-by; without the magic cookie, what RFC 2543 peers can be told apart by."""

    branch: str
    sent_by: str
    method: str


def client_key(response: Response) -> ClientKey:
    """The client transaction that a response belongs to."""
    return ClientKey(response.via.branch or "", response.cseq.method)


def quoted_key(quote: bytes) -> ClientKey | None:
    """The client transaction of a request of ours, of which we have only the beginning; None when that is too short."""
    found = _BEGINNING.match(quote)
    return None if found is None else ClientKey(found[2].decode("latin-1"), found[1].decode("latin-1"))


def server_key(request: Request) -> ServerKey:
    """The server transaction that a request belongs to; an ACK belongs to its INVITE."""
    method = INVITE if request.method == ACK else request.method
    return _key(request, method)


def identity(request: Request) -> Identity | None:
    """By which a merged request is known; None for one within a dialog, and for a CANCEL, which is like its INVITE."""
    if request.to_tag is not None or request.method == CANCEL:
        return None
    return Identity(request.call_id, request.from_tag or "", request.cseq.number, request.method)


def invite_key_of_cancel(request: Request) -> ServerKey:
    """The INVITE that a CANCEL is for (§9.2)."""
    return _key(request, INVITE)


def _key(request: Request, method: str) -> ServerKey:
    via = request.via
    sent_by = f"{via.host.lower()}:{via.port or ''}"
    if via.branch and via.has_magic_cookie:
        return ServerKey(via.branch.lower(), sent_by, method)
    # interop: RFC 2543 peers have no unique branch. The To tag of an ACK is that of our response, so it is left out.
    identity = (request.text_uri, request.from_tag or "", request.call_id, str(request.cseq.number))
    return ServerKey("|".join(identity), sent_by, method)

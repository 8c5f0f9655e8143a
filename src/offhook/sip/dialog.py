"""A dialog: its identifiers, route set, remote target and sequence numbers (RFC 3261 §12)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from offhook.sip.address import Address
from offhook.sip.errors import MalformedValue
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.nat import NatPolicy, way_back
from offhook.sip.uri import SipUri

MAX_FORWARDS = 70


@dataclass(slots=True, kw_only=True)
class Dialog:
    """One dialog; `local` and `remote` are the From and To values that its requests carry, tags included.

    `source` is where the peer sends from, and `nat` when that is believed rather than its Contact.
    """

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    remote_target: str
    route_set: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int | None = None
    source: Hop | None = None
    nat: NatPolicy = NatPolicy.NEVER

    @classmethod
    def of_uac(cls, request: Request, response: Response) -> "Dialog":
        """The dialog that a 101-299 makes for who sent the INVITE (§12.1.2)."""
        return cls(
            call_id=request.call_id,
            local=request.headers.get("From") or "",
            remote=response.headers.get("To") or "",
            local_tag=request.from_tag or "",
            remote_tag=response.to_tag or "",
            remote_target=target_of(response) or request.text_uri,
            route_set=_usable(reversed(response.record_route)),
            local_cseq=request.cseq.number,
        )

    @classmethod
    def of_uas(cls, request: Request, local_tag: str) -> "Dialog":
        """The dialog that our 101-299 makes for who sent the INVITE to us (§12.1.1). Raises MalformedValue."""
        return cls(
            call_id=request.call_id,
            local=f"{request.headers.get('To')};tag={local_tag}",
            remote=request.headers.get("From") or "",
            local_tag=local_tag,
            remote_tag=request.from_tag or "",
            # interop: an INVITE without Contact is not legal (§8.1.1.8), yet its caller can be found by its From.
            remote_target=target_of(request) or str(request.from_.sip_uri.without_headers()),
            route_set=_usable(request.record_route),
            remote_cseq=request.cseq.number,
        )

    def meet(self, source: Hop, nat: NatPolicy) -> "Dialog":
        """Note where the peer sends from; the dialog itself."""
        self.source, self.nat = source, nat
        return self

    def refresh_target(self, message: Request | Response) -> None:
        """A target refresh moves the remote target (§12.2.1.2, §12.2.2)."""
        target = target_of(message)
        if target is not None:
            self.remote_target = target

    def go_on_from(self, early: "Dialog") -> None:
        """The same dialog before its INVITE was answered: its numbers go on (§13.2.2.4)."""
        self.local_cseq = max(self.local_cseq, early.local_cseq)
        self.remote_cseq = early.remote_cseq

    def takes(self, request: Request) -> bool:
        """Whether a request's CSeq is in order (§12.2.2); notes it when it is."""
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    @property
    def next_uri(self) -> SipUri:
        """Where its requests go next: the first route, be it loose or strict, else the remote target (§12.2.1.1)."""
        if self.route_set:
            return Address.parse(self.route_set[0]).sip_uri
        return way_back(SipUri.parse(self.remote_target), self.source, self.nat)

    def request(self, method: str, *, cseq: int | None = None) -> Request:
        """A request within the dialog, without Via and Contact (§12.2.1.1); an ACK brings its INVITE's CSeq."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        uri, routes = self.remote_target, self.route_set
        if routes and not self.next_uri.is_loose_router:
            # A strict router (RFC 2543) finds its own URI in the request line and the target at the end of the route.
            uri, routes = str(self.next_uri.without_headers()), [*routes[1:], f"<{self.remote_target}>"]
        headers = Headers()
        for route in routes:
            headers.add("Route", route)
        headers.add("Max-Forwards", str(MAX_FORWARDS))
        headers.add("From", self.local)
        headers.add("To", self.remote)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{cseq} {method}")
        return Request(method, uri, headers)


def target_of(message: Request | Response) -> str | None:
    """The Contact URI of a message, or None when it has none that can be called."""
    try:
        contact = message.contact
        return None if contact is None else str(contact.sip_uri.without_headers())
    except MalformedValue:
        return None


def first_uri(request: Request) -> SipUri:
    """Where a request outside a dialog goes: its first Route when that routes loosely, else its Request-URI (§8.1.2).

    Raises MalformedValue when that is no SIP URI.
    """
    routes = request.route
    uri = routes[0].sip_uri if routes and routes[0].sip_uri.is_loose_router else request.uri
    if not isinstance(uri, SipUri):
        raise MalformedValue(f"{request.text_uri[:80]} is not a SIP URI")
    return uri


def _usable(routes: Iterable[Address]) -> list[str]:
    # A Record-Route that is no SIP URI cannot be followed; without it the request at least has a chance.
    return [str(address) for address in routes if isinstance(address.uri, SipUri)]

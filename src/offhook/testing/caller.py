"""A scripted SIP phone on testing.wire: it says what the test says and reads what comes, with no stack of its own.

Built on sip.parse and sip.message alone, so that it knows nothing of the endpoint's transactions and sessions: it
repeats nothing, answers nothing and forgives nothing unless told.
"""

from offhook.sip.headers import Headers
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse, validate
from offhook.sip.uri import print_host
from offhook.testing.wire import Place, Wire

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
Fields = tuple[tuple[str, str], ...]


class Caller:
    """A telephone with one dialog at a time; what it received and nobody asked for waits in `inbox`."""

    def __init__(self, wire: Wire, host: str = "192.0.2.9", peer: Hop | None = None, *, port: int = 5060) -> None:
        self.wire = wire
        self.place: Place = (host, port)
        self.peer = peer or Hop(Transport.UDP, "192.0.2.1", 5060)
        self.inbox: list[Request | Response] = []
        self.heard: list[str] = []
        self.sources: list[Hop] = []
        wire.attach(self.place, self)
        self.call_id = ""
        self.local = self.remote = ""
        self.cseq = 0
        self.target = f"sip:offhook@{print_host(self.peer.host, None)}"
        self.routes: list[str] = []

    # --- the wire -------------------------------------------------------------------------------------------------

    def arrive(self, data: bytes, source: Hop) -> None:
        """Read one message; it has to be one."""
        message = parse(data)
        validate(message)
        self.heard.append(repr(message))
        self.sources.append(source)
        self.inbox.append(message)

    def send(self, message: Request | Response | bytes, hop: Hop | None = None) -> None:
        """Put a message on the wire, to the peer or to another hop."""
        self.wire.send(bytes(message), self.place, hop or self.peer)

    # --- what it expects ------------------------------------------------------------------------------------------

    def expect(self, code: int, within: float = 60.0) -> Response:
        """The next message, which has to be a response with this code; time passes until it comes."""
        message = self._next(str(code), within)
        if not isinstance(message, Response) or message.code != code:
            raise AssertionError(f"expected {code}, came {message!r} after {self.heard}")
        if code > 100 and message.to_tag:  # noqa: PLR2004  # 100 makes no dialog
            self.remote = message.headers.get("To") or ""
            contact = message.contact
            self.target = str(contact.uri) if contact else self.target
            self.routes = [str(route) for route in reversed(message.record_route)]
        return message

    def expect_request(self, method: str, within: float = 60.0) -> Request:
        """The next message, which has to be a request with this method."""
        message = self._next(method, within)
        if not isinstance(message, Request) or message.method != method:
            raise AssertionError(f"expected {method}, came {message!r} after {self.heard}")
        return message

    def expect_nothing(self, within: float) -> None:
        """Silence for so long."""
        self.wire.run(within)
        if self.inbox:
            raise AssertionError(f"expected silence, came {self.inbox}")

    def _next(self, wanted: str, within: float) -> Request | Response:
        until = self.wire.now + within
        while not self.inbox and self.wire.step(until):
            continue
        if not self.inbox:
            raise AssertionError(f"expected {wanted} within {within} s, nothing came after {self.heard}")
        return self.inbox.pop(0)

    # --- what it says as caller -----------------------------------------------------------------------------------

    def invite(self, *, headers: Fields = (), body: bytes = OFFER, send: bool = True) -> Request:
        """Begin a call."""
        self.call_id = f"{self.wire.token()}@{self.place[0]}"
        self.local = f"<sip:caller@{print_host(self.place[0], None)}>;tag={self.wire.token()}"
        self.remote = f"<{self.target}>"
        self.cseq = 0
        return self.request("INVITE", headers=headers, body=body, send=send)

    def request(
        self, method: str, *, headers: Fields = (), body: bytes = b"", cseq: int | None = None, send: bool = True
    ) -> Request:
        """A request of the present dialog, or the first of one; a header of `headers` replaces the usual one."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        fields = Headers()
        fields.add("Via", self.via())
        for route in self.routes:
            fields.add("Route", route)
        fields.add("Max-Forwards", "70")
        fields.add("From", self.local)
        fields.add("To", self.remote)
        fields.add("Call-ID", self.call_id)
        fields.add("CSeq", f"{cseq} {method}")
        if method in ("INVITE", "UPDATE"):
            fields.add("Contact", self.contact())
        if body:
            fields.add("Content-Type", "application/sdp")
        for name, _ in headers:
            fields.remove(name)
        for name, value in headers:
            fields.add(name, value)
        request = Request(method, self.target, fields, body)
        if send:
            self.send(request)
        return request

    def ack(self, invite: Request, response: Response, *, send: bool = True) -> Request:
        """The ACK of a final response: of the transaction for a failure, of the dialog for a 2xx."""
        if response.is_success:
            return self.request("ACK", cseq=invite.cseq.number, send=send)
        ack = self._twin(invite, "ACK")
        ack.headers.set("To", response.headers.get("To") or "")
        if send:
            self.send(ack)
        return ack

    def cancel(self, invite: Request) -> Request:
        """Give up an INVITE."""
        cancel = self._twin(invite, "CANCEL")
        self.send(cancel)
        return cancel

    @staticmethod
    def _twin(invite: Request, method: str) -> Request:
        headers = Headers()
        headers.carry(invite.headers, "Via", "Max-Forwards", "From", "To", "Call-ID")
        headers.add("CSeq", f"{invite.cseq.number} {method}")
        return Request(method, invite.text_uri, headers)

    # --- what it says as callee -----------------------------------------------------------------------------------

    def answer(
        self,
        request: Request,
        code: int,
        *,
        headers: Fields = (),
        body: bytes = b"",
        tag: str = "phone",
        hop: Hop | None = None,
    ) -> Response:
        """Answer a request; an answer to an INVITE makes its dialog the present one."""
        response = response_to(request, code, to_tag=tag, body=body)
        if request.method == "INVITE" and code < 300:  # noqa: PLR2004  # 1xx and 2xx
            response.headers.add("Contact", self.contact())
        if body:
            response.headers.add("Content-Type", "application/sdp")
        for name, _ in headers:
            response.headers.remove(name)
        for name, value in headers:
            response.headers.add(name, value)
        if request.method == "INVITE":
            self._take_dialog(request, response)
        self.send(response, hop)
        return response

    def _take_dialog(self, request: Request, response: Response) -> None:
        self.call_id = request.call_id
        self.local = response.headers.get("To") or ""
        self.remote = request.headers.get("From") or ""
        contact = request.contact
        self.target = str(contact.uri) if contact else self.target
        self.routes = []

    # --- its addresses --------------------------------------------------------------------------------------------

    def via(self) -> str:
        """A new top Via, asking for rport."""
        host, port = self.place
        return f"SIP/2.0/{self.peer.transport.value} {print_host(host, port)};branch=z9hG4bK{self.wire.token()};rport"

    def contact(self) -> str:
        """Where it is called back."""
        host, port = self.place
        suffix = f";transport={self.peer.transport.value.lower()}" if self.peer.transport.is_reliable else ""
        return f"<sip:phone@{print_host(host, port)}{suffix}>"

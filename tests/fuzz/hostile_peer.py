"""A peer whose messages follow a script of bytes: nearly right ones of a call, with pieces of the script put in."""

from offhook.sip.digest import answer, choose
from offhook.sip.errors import MalformedMessage, MalformedValue
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse

US = "192.0.2.1"
SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
METHODS = (
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "MESSAGE", "SUBSCRIBE",
    "REGISTER", "PUBLISH",
)  # fmt: skip
CODES = (
    100, 180, 183, 199, 200, 202, 299, 300, 302, 400, 401, 404, 407, 408, 420, 422, 481, 482, 486, 487, 488, 491, 500,
    503, 600, 603, 699,
)  # fmt: skip
EXTRAS = (
    "",
    "Supported: 100rel, timer, replaces",
    "Require: 100rel\r\nRSeq: 1",
    "Require: timer\r\nSession-Expires: 90;refresher=uac",
    "Session-Expires: 90;refresher=uas\r\nMin-SE: 90",
    "RAck: {rseq} {cseq}",
    "Refer-To: <sip:m@192.0.2.9>",
    "Refer-To: <sip:m@192.0.2.9?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>",
    "Event: refer\r\nSubscription-State: active",
    "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nContent-Type: message/sipfrag",
    "Record-Route: <sip:192.0.2.9;lr>, <sip:proxy.example>",
    "Contact: <sip:other@192.0.2.8>;q=0.5, <sip:far.example>",
    'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"',
    'Proxy-Authenticate: Digest realm="p", nonce="n", stale=TRUE',
    "Retry-After: 1",
    "Max-Forwards: 0",
    "Content-Type: multipart/mixed;boundary=b",
    "Accept: text/plain",
    "Replaces: {call};to-tag={to};from-tag={from};early-only",
    "Replaces: {call};to-tag={to};from-tag={from}",
    "Proxy-Authorization: {proof}",
)
MOST_HEARD = 16


def _proof(message: Request | Response) -> str:
    """The right answer to the last challenge of a 407 of ours."""
    challenge = choose(message.headers.all("Proxy-Authenticate"))
    if challenge is None or not challenge.is_supported:
        return 'Digest username="u", realm="r", nonce="n", uri="sip:a", response="0"'
    return answer(challenge, "u", "p", "INVITE", f"sip:us@{US}", "c", 1)


class Script:
    """Bytes to decide by; zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    @property
    def is_over(self) -> bool:
        """Whether all was used."""
        return self.place >= len(self.data)

    def take(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        piece = self.data[self.place : self.place + count]
        self.place += count
        return piece

    def number(self) -> int:
        """The next byte."""
        return (self.take(1) or b"\0")[0]

    def pick(self, choices: tuple[str, ...]) -> str:
        """One of these."""
        return choices[self.number() % len(choices)]

    def spoil(self, data: bytes) -> bytes:
        """The bytes with up to three pieces of the script in the place of theirs."""
        for _ in range(self.number() % 4):
            place = (self.number() << 8 | self.number()) % (len(data) + 1)
            cut = self.number() % 32
            data = data[:place] + self.take(self.number() % 32) + data[place + cut :]
        return data


class HostilePeer:
    """What the peer has heard of us, and what it says next."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heard: list[Request | Response] = []
        self.branches = 0

    def hear(self, data: bytes) -> None:
        """Whatever we send can be read, keep-alives apart."""
        if data.strip(b"\r\n"):
            self.heard = [*self.heard[-MOST_HEARD:], parse(data)]

    def source(self) -> Hop:
        """Where it says so from."""
        transport = Transport.UDP if self.script.number() % 4 else Transport.TCP
        return Hop(transport, "192.0.2.9", 5060, 1 if transport is Transport.TCP else None)

    def request(self) -> bytes:
        """A request: out of the blue, or in a dialog that some message of ours belongs to."""
        script = self.script
        method, flags = script.pick(METHODS), script.number()
        head = self._dialog(flags)
        self.branches += 0 if flags & 1 else 1
        body = SDP if flags & 2 else b""
        lines = [
            f"{method} sip:us@{US} SIP/2.0",
            f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKf{self.branches};rport",
            *head,
            f"CSeq: {script.number() % 8} {method}",
            "Contact: <sip:p@192.0.2.9>",
            self._extra(),
            *(("Content-Type: application/sdp",) if body else ()),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([line for line in lines if line]).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body

    def _dialog(self, flags: int) -> list[str]:
        call = flags >> 6
        ends = [f"From: <sip:p@192.0.2.9>;tag=p{call}", f"To: <sip:us@{US}>", f"Call-ID: c{call}"]
        if not flags & 4 or not self.heard:
            return ends
        message = self.heard[-1 - self.script.number() % len(self.heard)]
        ours, theirs = ("From", "To") if isinstance(message, Request) else ("To", "From")
        tag = ";tag=x" if isinstance(message, Request) and ";tag=" not in (message.headers.get("To") or "") else ""
        return [
            f"From: {message.headers.get(theirs)}{tag}",
            f"To: {message.headers.get(ours)}",
            f"Call-ID: {message.headers.get('Call-ID')}",
        ]

    def _extra(self) -> str:
        """A header field or two; what has to name a message of ours names the latest."""
        text = self.script.pick(EXTRAS)
        if "{" not in text or not self.heard:
            return text
        message = self.heard[-1]
        names = {name: message.headers.get(name) or "" for name in ("RSeq", "CSeq", "Call-ID", "To", "From")}
        return text.format(
            rseq=names["RSeq"],
            cseq=names["CSeq"],
            call=names["Call-ID"],
            proof=_proof(message),
            to=names["To"].rpartition("tag=")[2],
            **{"from": names["From"].rpartition("tag=")[2]},
        )

    def response(self) -> bytes | None:
        """An answer to a request of ours, or None when there was none."""
        script = self.script
        ours = [message for message in self.heard if isinstance(message, Request) and message.method != "ACK"]
        if not ours:
            return None
        request = ours[-1 - script.number() % len(ours)]
        flags = script.number()
        code = CODES[script.number() % len(CODES)]
        try:
            reply = response_to(request, code, to_tag=f"x{flags >> 6}", body=SDP if flags & 1 else b"")
        except (MalformedMessage, MalformedValue):
            return None
        lines = bytes(reply).partition(b"\r\n\r\n")
        extra = self._extra().encode("utf-8", "surrogateescape")
        contact = b"\r\nContact: <sip:x@192.0.2.9>" if flags & 2 else b""
        kind = b"\r\nContent-Type: application/sdp" if flags & 1 else b""
        return lines[0] + contact + kind + (b"\r\n" + extra if extra else b"") + lines[1] + lines[2]

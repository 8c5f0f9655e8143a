"""Peers whose headers are as odd as can be, in the middle of calls: nothing escapes receive, and calls still end."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from talk import ANSWER, OURS, Talk, order

from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse

LONG = "a" * 5000
ODD = (
    "", ";", ",", '"', "<", ">", "<>", "*", "<*>", "<sip:>", "<sip:@>", "sip:", "<sip:a@b", "a@b", '"\\" <sip:a@b>',
    '"\\\x00" <sip:a@b>', '"\u00e9\\"\\\\" <sip:a@b>', "<sip:\u00e9@b>", "<sip:a@b?x=%0d%0aEvil: yes>", "<sip:a@[::1]>",
    "<sip:a@[::1>", "<sip:a@b;lr;lr>;tag=a;tag=b", "<sip:a@b>;tag", "<sip:a@b>;tag=", '<sip:a@b>;tag="x y"',
    "<tel:+1555>", "<mailto:a@b>", "<sips:a@b>", "<sip:a@b:99999>", "<sip:a@b;maddr=>", "<sip:a@b;transport=sctp>",
    "<sip:a@b;transport=tls>", "<sip:a@192.0.2.9;maddr=[::1]>", "0", "-1", "4294967296", "99999999999999999999999",
    "1 INVITE", "2147483647 INVITE", "2147483648 INVITE", "0 BYE", "SIP/2.0/UDP x",
    "SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK",
    "SIP/2.0/UDP [::1];branch=z9hG4bKx;rport=1;received=;maddr=x", "SIP/2.0/UDP ;branch", "text/plain", 'a/b;c="',
    LONG,
    f"<sip:{LONG}@b>", f'"{LONG}" <sip:a@b>', "\udc80\udcff", "<sip:\udc80@b>", "Digest", 'Digest realm="x", nonce="y"',
    'Digest realm="\u00e9\udc80", nonce="\\"", qop="auth"', "Digest realm=x, realm=y, nonce=z", "100rel", ", , ,",
)  # fmt: skip
HEADERS = (
    "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Record-Route", "Route", "Max-Forwards", "Content-Type",
    "Content-Length", "Require", "Supported", "Timestamp", "WWW-Authenticate", "Proxy-Authenticate", "X-Odd",
)  # fmt: skip


def spoiled(message: Request | Response, header: str, value: str) -> bytes:
    """The message with this header replaced by whatever it is, or with one more."""
    lines = bytes(message).partition(b"\r\n\r\n")[0].split(b"\r\n")
    name = header.lower().encode() + b":"
    kept = [line for line in lines if not line.lower().startswith(name)]
    odd = f"{header}: {value}".encode("utf-8", "surrogateescape")
    return b"\r\n".join([*kept, odd, b"", b""]) + message.body


def last_to(talk: Talk, start: str) -> Request:
    """The latest request that we sent and that begins so."""
    data = [
        sent.data for sent in talk.wire.sent if sent.start_line.startswith(start) and sent.source == talk.ours.place
    ]
    message = parse(data[-1])
    assert isinstance(message, Request)
    return message


class Silent:
    """Where our messages go: nobody reads them."""

    def arrive(self, data: bytes, _source: object) -> None:
        """Whatever we send has to be a message itself."""
        parse(data)


def hostile_talk() -> Talk:
    """A talk whose phone only sends, and whose names are found nowhere."""
    talk = Talk()
    talk.wire.attach(talk.phone.place, Silent())
    return talk


def end_all(talk: Talk) -> None:
    """The user's patience ends: every session is given up; then nothing is left."""
    for _ in range(3):
        for number in list(talk.ours.endpoint._sessions):
            session = talk.ours.endpoint._sessions[number]
            state = session.state.name
            if state == "OFFERED":
                talk.reject(number, 480)
            else:
                talk.cancel(number)
                talk.bye(number)
        talk.wire.settle()
    talk.ours.events.clear()
    talk.quiet()


every_header = pytest.mark.parametrize("header", HEADERS)


@every_header
def test_odd_headers_of_a_caller_raise_nothing(header: str) -> None:
    """INVITE, then ACK, OPTIONS, UPDATE and BYE of the call, each with every odd value in turn."""
    for value in ODD:
        talk = hostile_talk()
        talk.phone.send(spoiled(talk.phone.invite(send=False), header, value))
        talk.wire.run(0.1)
        end_all(talk)


@every_header
@pytest.mark.parametrize("method", ["ACK", "UPDATE", "INVITE", "BYE"])
def test_odd_headers_within_a_call_raise_nothing(header: str, method: str) -> None:
    """The call is up or comes up; then it ends."""
    talk = hostile_talk()
    invite = talk.phone.invite()
    talk.wire.run(0.1)
    talk.accept(1)
    answered = parse(talk.wire.sent[-1].data)
    assert isinstance(answered, Response)
    talk.phone.remote = answered.headers.get("To") or ""
    if method != "ACK":
        talk.phone.ack(invite, answered)
        talk.wire.run(0.1)
    for value in ODD:
        cseq = 1 if method == "ACK" else None
        talk.phone.send(spoiled(talk.phone.request(method, cseq=cseq, send=False), header, value))
        talk.wire.run(0.01)
        talk.answer_offer(1)
    end_all(talk)


@every_header
@pytest.mark.parametrize("code", [183, 200, 401, 503])
def test_odd_headers_of_a_callee_raise_nothing(header: str, code: int) -> None:
    """Each final response ends its call in the end, whatever it says."""
    for value in ODD:
        talk = hostile_talk()
        talk.call(order(username="alice"))
        invite = last_to(talk, "INVITE")
        response = response_to(invite, code, to_tag="x", body=ANSWER if code == 200 else b"")
        talk.phone.send(spoiled(response, header, value))
        talk.wire.run(0.1)
        end_all(talk)


@every_header
def test_odd_headers_in_the_answer_to_a_bye_raise_nothing(header: str) -> None:
    """The session ends by timer F at the latest."""
    for value in ODD[::2]:
        talk = hostile_talk()
        talk.call(order(username="alice"))
        answered = response_to(last_to(talk, "INVITE"), 200, to_tag="x")
        answered.headers.add("Contact", talk.phone.contact())
        talk.phone.send(answered)
        talk.wire.run(0.1)
        talk.bye(1)
        talk.phone.send(spoiled(response_to(last_to(talk, "BYE"), 401), header, value))
        talk.wire.run(0.1)
        end_all(talk)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.one_of(st.sampled_from(ODD), st.text(max_size=30))), max_size=4))
@example([("Record-Route", "<sip:a@b>;lr"), ("Contact", f"<sip:x@{OURS}>")])
def test_any_headers_together_raise_nothing(fields: list[tuple[str, str]]) -> None:
    """Also line ends within values, which make two headers of one."""
    talk = hostile_talk()
    data = bytes(talk.phone.invite(send=False)).partition(b"\r\n\r\n")[0]
    for name, value in fields:
        data += f"\r\n{name}: {value}".encode("utf-8", "surrogateescape" if value.isascii() else "replace")
    talk.phone.send(data + b"\r\n\r\n")
    talk.wire.run(0.1)
    end_all(talk)

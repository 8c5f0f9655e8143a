"""Where URIs lead: addresses at once, names as questions (RFC 3261 §19.1, RFC 3263 §4)."""

import pytest

from offhook.sip.hop import Hop, Transport
from offhook.sip.next_hop import Question, next_hop
from offhook.sip.uri import SipUri

UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS


@pytest.mark.parametrize(
    ("uri", "hop"),
    [
        ("sip:bob@192.0.2.7", Hop(UDP, "192.0.2.7", 5060)),
        ("sip:bob@192.0.2.7:5070", Hop(UDP, "192.0.2.7", 5070)),
        ("sip:bob@192.0.2.7;transport=tcp", Hop(TCP, "192.0.2.7", 5060)),
        ("sip:bob@192.0.2.7;transport=TCP", Hop(TCP, "192.0.2.7", 5060)),
        ("sip:bob@192.0.2.7;transport=tls", Hop(TLS, "192.0.2.7", 5061)),
        ("sips:bob@192.0.2.7", Hop(TLS, "192.0.2.7", 5061)),
        ("sip:bob@[2001:db8::7]:5070", Hop(UDP, "2001:db8::7", 5070)),
        ("sip:bob@example.org;maddr=192.0.2.9", Hop(UDP, "192.0.2.9", 5060)),
        ("sip:bob@192.0.2.7;transport=sctp", Hop(UDP, "192.0.2.7", 5060)),
    ],
)
def test_an_address_needs_no_question(uri: str, hop: Hop) -> None:
    """Transport and port come from the URI, or from their defaults; `maddr` wins over the host."""
    assert next_hop(SipUri.parse(uri)) == hop


@pytest.mark.parametrize(
    ("uri", "question"),
    [
        ("sip:bob@example.org", Question("example.org", None, None)),
        ("sip:bob@example.org:5080", Question("example.org", 5080, None)),
        ("sip:bob@example.org;transport=tcp", Question("example.org", None, TCP)),
        ("sips:bob@example.org", Question("example.org", None, TLS)),
        ("sip:bob@192.0.2.7;maddr=proxy.example.org", Question("proxy.example.org", None, None)),
        ("sip:bob@192.0.2.256", Question("192.0.2.256", None, None)),
    ],
)
def test_a_name_is_asked_for(uri: str, question: Question) -> None:
    """What the URI leaves open is left open for RFC 3263 to choose."""
    assert next_hop(SipUri.parse(uri)) == question

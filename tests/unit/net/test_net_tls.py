"""Calls over TLS between two services on the loopback, and whose certificate is believed."""

import re

import pytest
from tests.unit.net.authority import Authority, Issued
from tests.unit.net.sip_phones import ANSWER, MakePhone, order

from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InviteAnswered,
    InviteReceived,
    ProvisionalReceived,
)
from offhook.net.edge import SecureSide, SipEdge
from offhook.net.tls import Tls, TlsSettings

pytestmark = pytest.mark.asyncio


def tls_edge(issued: Issued, host: str = "127.0.0.1", **settings: object) -> SipEdge:
    """An edge with TLS on free ports."""
    tls = Tls(TlsSettings(certificate=issued.certificate, key=issued.key, **settings))  # type: ignore[arg-type]
    return SipEdge(name="ashburn", host=host, port=0, secure=SecureSide(host=host, port=0, tls=tls))


async def test_a_call_over_tls_from_invite_to_bye(make_phone: MakePhone, authority: Authority) -> None:
    """Via and Contact name the TLS port of each side, and the whole call uses one connection."""
    issued = authority.issue("dns:phones.test")
    ann, bob = await make_phone(tls_edge(issued)), await make_phone(tls_edge(issued))
    placed = ann.service.invite(order(bob.uri("tls")))
    arrived = await bob.next(InviteReceived)
    assert (arrived.call_id, arrived.transport) == (placed.call_id, "tls")
    bob.service.ring(arrived.session)
    await ann.next(ProvisionalReceived)
    bob.service.accept(arrived.session, ANSWER)
    assert (await ann.next(InviteAnswered)).answer == ANSWER
    await bob.next(AckReceived)
    bob.service.bye(arrived.session)
    await ann.next(ByeReceived)
    assert (await bob.next(ByeAnswered)).code == 200
    ours, theirs = ann.service.secure_port("ashburn"), bob.service.secure_port("ashburn")
    invite, ok = ann.timeline.texts("sent")[0], ann.timeline.texts("received")[2]
    assert re.search(rf"Via: SIP/2\.0/TLS 127\.0\.0\.1:{ours};", invite)
    assert f"Contact: <sip:127.0.0.1:{ours};transport=tls>" in invite
    assert f"Contact: <sip:127.0.0.1:{theirs};transport=tls>" in ok

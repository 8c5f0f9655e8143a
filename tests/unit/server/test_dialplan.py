"""The configuration's numbers, domains and trunks as calls find them."""

from ipaddress import ip_network
from typing import Any

import pytest

from offhook.calls.ports import SipCredentials, SrtpPolicy
from offhook.calls.routing import OutboundTrunk
from offhook.model.call import CallEvent, HttpMethod, StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid, is_sid
from offhook.server.dialplan import dialplan
from offhook.server.errors import StartFailed
from offhook.server.settings import Credential, Number, Settings, Sip, SipDomain, Trunk

FIRST, SECOND = AccountSid("AC" + "1" * 32), AccountSid("AC" + "2" * 32)
ACCOUNTS = {FIRST: "one", SECOND: "two"}
URL = "http://127.0.0.1/voice"


def plan(**sections: Any) -> Any:
    """The plan of these sections."""
    return dialplan(Settings(**sections), ACCOUNTS)


def test_a_number_is_found_with_and_without_its_plus() -> None:
    """Trunks differ in whether they send it; it belongs to the first account."""
    numbers = plan(number=(Number(phone_number="+4930123456", voice_url=URL),)).directory.numbers
    assert numbers["+4930123456"] is numbers["4930123456"]
    route = numbers["+4930123456"]
    assert route.account_sid == FIRST
    assert route.document == WebhookTarget(url=URL, method=HttpMethod.POST)
    assert (route.fallback, route.status_callback, route.sip_domain) == (None, None, None)
    assert route.phone_number == "+4930123456"


def test_a_domain_is_found_by_its_whole_name() -> None:
    """<name>.<sip.domain>, in lower case, with everything that was said about it."""
    domain = SipDomain(
        name="Office",
        voice_url=URL,
        voice_method="GET",
        voice_fallback_url="http://127.0.0.1/rescue",
        status_callback="http://127.0.0.1/status",
        status_callback_event=("ringing", "completed"),
        account_sid=SECOND,
    )
    domains = plan(sip=Sip(domain="sip.Example.com"), sip_domain=(domain,)).directory.domains
    assert list(domains) == ["office.sip.example.com"]
    route = domains["office.sip.example.com"]
    assert route.account_sid == SECOND
    assert route.document.method is HttpMethod.GET
    assert route.fallback == WebhookTarget(url="http://127.0.0.1/rescue", method=HttpMethod.POST)
    assert route.status_callback == StatusCallback(
        target=WebhookTarget(url="http://127.0.0.1/status", method=HttpMethod.POST),
        events=frozenset({CallEvent.RINGING, CallEvent.COMPLETED}),
    )
    assert (route.sip_domain, route.phone_number) == ("office.sip.example.com", None)


def test_a_secure_domain_needs_tls_and_srtp() -> None:
    """Any other domain takes RTP alone (contract 1 §6.8)."""
    domains = (SipDomain(name="safe", voice_url=URL, secure=True), SipDomain(name="open", voice_url=URL))
    found = plan(sip_domain=domains).directory.domains
    safe, open_ = found["safe.sip.localhost"], found["open.sip.localhost"]
    assert (safe.needs_tls, safe.srtp) == (True, SrtpPolicy.REQUIRED)
    assert (open_.needs_tls, open_.srtp) == (False, SrtpPolicy.REFUSED)


def test_a_number_takes_rtp_and_srtp_unless_told() -> None:
    """Its trunk decides, or the file does."""
    numbers = (
        Number(phone_number="+4930123456", voice_url=URL),
        Number(phone_number="+4930123457", voice_url=URL, srtp="required"),
    )
    found = plan(number=numbers).directory.numbers
    assert found["+4930123456"].srtp is SrtpPolicy.ACCEPTED
    assert found["4930123457"].srtp is SrtpPolicy.REQUIRED
    assert not found["+4930123457"].needs_tls


def test_a_secure_trunk_is_called_by_tls() -> None:
    """Its host gets the transport, unless it has it already."""
    for host in ("sip.example.com", "sip.example.com;transport=tls"):
        trunk = plan(trunk=(Trunk(host=host, secure=True),)).trunks["+"]
        assert (trunk.host, trunk.is_secure) == ("sip.example.com;transport=tls", True)


def test_resources_of_the_file_keep_their_sids() -> None:
    """From start to start, another one for each resource and account, of the kind that clients expect."""
    number = Number(phone_number="+4930123456", voice_url=URL)
    domain = SipDomain(name="office", voice_url=URL)
    first = plan(number=(number,), sip_domain=(domain,)).directory
    again = plan(number=(number,), sip_domain=(domain,)).directory
    one = first.numbers["+4930123456"].phone_number_sid
    assert one == again.numbers["+4930123456"].phone_number_sid
    assert is_sid(one, "PN")
    assert is_sid(first.domains["office.sip.localhost"].sip_domain_sid, "SD")
    others = plan(number=(Number(phone_number="+4930123457", voice_url=URL),)).directory
    assert others.numbers["+4930123457"].phone_number_sid != one


def test_an_owner_that_does_not_exist_keeps_the_platform_from_starting() -> None:
    """Better than calls that belong to nobody."""
    with pytest.raises(StartFailed, match=r"account_sid AC9+ .* is none of the configured accounts"):
        plan(number=(Number(phone_number="+4930123456", voice_url=URL, account_sid="AC" + "9" * 32),))


def test_networks_that_may_call_in() -> None:
    """As they stand in the file."""
    networks = plan(sip=Sip(allow=("192.0.2.0/24", "2001:db8::/32"))).directory.networks
    assert networks == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))


def test_trunks_are_known_by_prefix() -> None:
    """With credentials only when there is a user name."""
    trunks = (
        Trunk(host="carrier.example.com"),
        Trunk(host="b.example.com", prefix="+49", edge="tokyo", strip_plus=True, username="kate", password="secret"),
    )
    assert plan(trunk=trunks).trunks == {
        "+": OutboundTrunk(host="carrier.example.com", edge="ashburn"),
        "+49": OutboundTrunk(
            host="b.example.com",
            edge="tokyo",
            strip_plus=True,
            credentials=SipCredentials(username="kate", password="secret"),
        ),
    }


def test_a_domain_may_ask_for_credentials_and_have_networks_of_its_own() -> None:
    """The realm is the name that all domains are below; passwords are in no repr."""
    domain = SipDomain(
        name="office",
        voice_url=URL,
        allow=("0.0.0.0/0",),
        credentials=(Credential(username="alice", password="open sesame"),),
    )
    directory = plan(sip=Sip(domain="sip.example.com"), sip_domain=(domain,)).directory
    route = directory.domains["office.sip.example.com"]
    assert directory.realm == "sip.example.com"
    assert (route.networks, route.passwords) == ((ip_network("0.0.0.0/0"),), {"alice": "open sesame"})
    assert "sesame" not in repr(route) + repr(domain)

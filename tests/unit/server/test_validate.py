"""Values that have the right type and still cannot be: each is refused with its key and what to write instead."""

from typing import Any

import pytest
from msgspec.structs import replace

from offhook.server.config import default_edges
from offhook.server.settings import (
    Account,
    Calls,
    Edge,
    Http,
    Limits,
    Media,
    Number,
    Settings,
    Sip,
    SipDomain,
    Store,
    Trunk,
    VoiceProvider,
    Webhook,
)
from offhook.server.validate import problems

ASHBURN = Edge(name="ashburn", sip="127.0.0.1:5060")
URL = "http://127.0.0.1/voice"
SID = "AC" + "0" * 32


def found(**changes: Any) -> list[str]:
    """The keys that something is wrong with."""
    return [key for key, _ in problems(replace(Settings(edge=default_edges()), **changes))]


def test_the_defaults_can_be() -> None:
    """Nothing is wrong with a platform that nobody configured."""
    assert not found()


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", ":80", "127.0.0.1:65536", "localhost:80", "127.0.0.1:٣"])
def test_listen_is_an_address_and_a_port(listen: str) -> None:
    """A name would have to be resolved, and might be many addresses."""
    assert found(http=Http(listen=listen)) == ["http.listen"]


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:8080", "0.0.0.0:65535"])
def test_listen_may_be_any_address(listen: str) -> None:
    """Both versions, any port, a free one included."""
    assert not found(http=Http(listen=listen))


@pytest.mark.parametrize("url", ["voice.example.com", "ftp://example.com", "http://", "http://[::1", "http://a:0"])
def test_the_public_url_is_a_web_url(url: str) -> None:
    """It is shown to people and given to clients."""
    assert found(http=Http(public_url=url)) == ["http.public_url"]


@pytest.mark.parametrize(
    ("voice", "key"),
    [
        (VoiceProvider(provider="openai", url="127.0.0.1:5000"), "url"),
        (VoiceProvider(provider="openai", name="My voice"), "name"),
        (VoiceProvider(provider="openai", timeout=0), "timeout"),
        (VoiceProvider(provider="openai", timeout=float("nan")), "timeout"),
        (VoiceProvider(provider="openai", key="line\nbreak"), "key"),
    ],
)
def test_a_provider_of_voices_can_be_asked(voice: VoiceProvider, key: str) -> None:
    """A whole URL, a name that may stand in TwiML, a time limit, a key that may stand in a header."""
    assert found(voice=(voice,)) == [f"voice[0].{key}"]
    assert "break" not in repr(voice)


def test_accounts_have_sid_and_token_once() -> None:
    """The form of a SID, some token, and no SID twice."""
    accounts = (
        Account(sid=SID, auth_token="x"),
        Account(sid="AC1", auth_token="x"),
        Account(sid=SID.replace("0", "a"), auth_token=""),
        Account(sid=SID, auth_token="y"),
    )
    assert found(account=accounts) == ["account[1].sid", "account[2].auth_token", "account[3].sid"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"domain": "sip example"}, "sip.domain"),
        ({"domain": "sip.example.com:5060"}, "sip.domain"),
        ({"domain": ""}, "sip.domain"),
        ({"user_agent": "offhook\r\nX-Evil: 1"}, "sip.user_agent"),
        ({"user_agent": ""}, "sip.user_agent"),
        ({"user_agent": "тест"}, "sip.user_agent"),
        ({"t1": 0}, "sip.t1"),
        ({"t1": float("nan")}, "sip.t1"),
        ({"t1": float("inf")}, "sip.t1"),
        ({"allow": ("10.0.0.0/8", "10.0.0.1/8")}, "sip.allow[1]"),
    ],
)
def test_what_is_said_about_sip(changes: dict[str, Any], key: str) -> None:
    """Nothing that would end in a header as more than one value."""
    assert found(sip=Sip(**changes)) == [key]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "atlantis"}, "edge[1].name"),
        ({"name": "de1"}, "edge[1].name"),
        ({"sip": "example.com:5060"}, "edge[1].sip"),
        ({"sips": "127.0.0.1"}, "edge[1].sips"),
        ({"media": "127.0.0.1:4000"}, "edge[1].media"),
        ({"advertise": "sip.example.com"}, "edge[1].advertise"),
        ({"media_ports": "19999-10000"}, "edge[1].media_ports"),
        ({"media_ports": "10000"}, "edge[1].media_ports"),
        ({"media_ports": "0-100"}, "edge[1].media_ports"),
        ({"media_ports": "1000-70000"}, "edge[1].media_ports"),
    ],
)
def test_what_is_said_about_an_edge(changes: dict[str, Any], key: str) -> None:
    """Names of the contract, addresses, and a range of ports."""
    edge = replace(Edge(name="frankfurt", sip="127.0.0.4:5060"), **changes)
    assert found(edge=(ASHBURN, edge)) == [key]


def test_edges_are_told_apart() -> None:
    """One of them is the default, no name and no address stands there twice; free ports may."""
    other = replace(ASHBURN, name="tokyo")
    assert found(edge=(replace(ASHBURN, name="tokyo"),)) == ["edge"]
    assert found(edge=(ASHBURN, other)) == ["edge[1].sip"]
    assert found(edge=(ASHBURN, replace(ASHBURN, sip="127.0.0.2:5060"))) == ["edge[1].name"]
    assert not found(edge=(replace(ASHBURN, sip="127.0.0.1:0"), replace(other, sip="127.0.0.1:0")))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"phone_number": "0301234"}, "number[0].phone_number"),
        ({"voice_url": ""}, "number[0].voice_url"),
        ({"voice_url": "/voice"}, "number[0].voice_url"),
        ({"voice_method": "PUT"}, "number[0].voice_method"),
        ({"voice_fallback_url": "x"}, "number[0].voice_fallback_url"),
        ({"voice_fallback_method": ""}, "number[0].voice_fallback_method"),
        ({"status_callback": "x"}, "number[0].status_callback"),
        ({"status_callback_method": "post"}, "number[0].status_callback_method"),
        ({"status_callback_event": ("ringing", "hangup")}, "number[0].status_callback_event[1]"),
    ],
)
def test_what_is_said_about_an_application(changes: dict[str, Any], key: str) -> None:
    """URLs, methods and events, of numbers and of domains alike."""
    number = Number(phone_number="+4930123456", voice_url=URL)
    assert found(number=(replace(number, **changes),)) == [key]
    if "phone_number" not in changes:
        domain = replace(SipDomain(name="office", voice_url=URL), **changes)
        assert found(sip_domain=(domain,)) == [key.replace("number", "sip_domain")]


@pytest.mark.parametrize("name", ["", "two words", "a.b", "-a", "a-", "x" * 64])
def test_a_sip_domain_is_one_label(name: str) -> None:
    """It becomes the first part of a host name."""
    assert found(sip_domain=(SipDomain(name=name, voice_url=URL),)) == ["sip_domain[0].name"]


def test_what_can_be_called_is_there_once() -> None:
    """The letters of a domain have no case."""
    number = Number(phone_number="+4930123456", voice_url=URL)
    assert found(number=(number, number)) == ["number[1].phone_number"]
    domains = (SipDomain(name="office", voice_url=URL), SipDomain(name="OFFICE", voice_url=URL))
    assert found(sip_domain=domains) == ["sip_domain[1].name"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"host": ""}, "trunk[0].host"),
        ({"host": "user@carrier.example.com"}, "trunk[0].host"),
        ({"host": "carrier.example.com?X-A=1"}, "trunk[0].host"),
        ({"host": "carrier.example.com\r\nX"}, "trunk[0].host"),
        ({"prefix": "49"}, "trunk[0].prefix"),
        ({"prefix": "+4x"}, "trunk[0].prefix"),
        ({"edge": "atlantis"}, "trunk[0].edge"),
        ({"password": "x"}, "trunk[0].password"),
    ],
)
def test_what_is_said_about_a_trunk(changes: dict[str, Any], key: str) -> None:
    """A host for a URI, the beginning of E.164 numbers, an edge that exists, a name with the password."""
    assert found(trunk=(replace(Trunk(host="carrier.example.com"), **changes),)) == [key]


def test_trunks_differ_in_their_prefix() -> None:
    """The longest one that fits decides, so two cannot be the same; hosts may have ports and parameters."""
    one, other = Trunk(host="a.example.com:5070;transport=tcp"), Trunk(host="[2001:db8::1]", prefix="+49")
    assert not found(trunk=(one, other))
    assert found(trunk=(one, replace(other, prefix="+"))) == ["trunk[1].prefix"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sip": Sip(session_expires=-1)}, "sip.session_expires"),
        ({"sip": Sip(session_expires=60)}, "sip.session_expires"),
        ({"sip": Sip(min_se=0)}, "sip.min_se"),
        ({"sip": Sip(redirects=-1)}, "sip.redirects"),
        ({"calls": Calls(status_of_code={"200": "busy"})}, "calls.status_of_code.200"),
        ({"calls": Calls(status_of_code={"6O3": "busy"})}, "calls.status_of_code.6O3"),
        ({"calls": Calls(status_of_code={"603": "completed"})}, "calls.status_of_code.603"),
        ({"limits": Limits(calls=0)}, "limits.calls"),
        ({"limits": Limits(call_length=-1)}, "limits.call_length"),
        ({"limits": Limits(media_silence=0)}, "limits.media_silence"),
        ({"media": Media(threads=-1)}, "media.threads"),
        ({"media": Media(threads=1000)}, "media.threads"),
        ({"media": Media(codecs=())}, "media.codecs"),
        ({"media": Media(codecs=("PCMU", "pcmu"))}, "media.codecs"),
        ({"media": Media(codecs=("PCMU", "G729"))}, "media.codecs"),
        ({"limits": Limits(ring_buffer=-1)}, "limits.ring_buffer"),
        ({"limits": Limits(drain=-1)}, "limits.drain"),
        ({"webhook": Webhook(connect_timeout=0)}, "webhook.connect_timeout"),
        ({"webhook": Webhook(total_timeout=0)}, "webhook.total_timeout"),
        ({"store": Store(url="postgresql://db/offhook")}, "store.url"),
    ],
)
def test_quantities_and_stores(changes: dict[str, Any], key: str) -> None:
    """A limit that would let nothing happen is a mistake; so is a store that there is not."""
    assert found(**changes) == [key]


def test_some_limits_may_be_zero() -> None:
    """No session timers, no redirections, no extra ringing, no waiting at the end."""
    assert not found(sip=Sip(session_expires=0, redirects=0))
    assert not found(limits=Limits(ring_buffer=0, drain=0))


def test_srtp_of_a_number_is_one_of_three() -> None:
    """It may be refused, accepted or required."""
    for srtp in ("refused", "accepted", "required"):
        assert not found(number=(Number(phone_number="+4930123456", voice_url=URL, srtp=srtp),))
    assert found(number=(Number(phone_number="+4930123456", voice_url=URL, srtp="on"),)) == ["number[0].srtp"]


def test_a_secure_trunk_names_no_other_transport() -> None:
    """The keys of SRTP stand in the signalling, so that goes by TLS."""
    assert not found(trunk=(Trunk(host="sip.example.com;transport=TLS", secure=True),))
    assert found(trunk=(Trunk(host="sip.example.com;transport=udp", secure=True),)) == ["trunk[0].host"]
    assert not found(trunk=(Trunk(host="sip.example.com", proxy="proxy.example;transport=tls", secure=True),))
    clear = Trunk(host="sip.example.com", proxy="proxy.example;transport=tcp", secure=True)
    assert found(trunk=(clear,)) == ["trunk[0].proxy"]

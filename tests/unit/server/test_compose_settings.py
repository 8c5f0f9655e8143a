"""Settings reach the parts that go by them."""

from pathlib import Path

import pytest

from offhook.calls.redirects import RedirectRules
from offhook.server.compose import call_settings, media_edge, open_platform, webhook_limits
from offhook.server.config import Config
from offhook.server.errors import StartFailed
from offhook.server.settings import Account, Calls, Edge, Http, Limits, Settings, Sip, Webhook
from offhook.server.signalling import sip_edge

EDGE = Edge(name="tokyo", sip="[::1]:5080", media="127.0.0.6", media_ports="20000-20099", advertise="203.0.113.5")
ACCOUNT = Account(sid="AC" + "0" * 32, auth_token="token")


def test_signalling_of_an_edge() -> None:
    """Its address, what it advertises, and what [sip] says of names and timers."""
    edge = sip_edge(EDGE, Settings(sip=Sip(user_agent="lab 7", t1=0.2)), None)
    assert (edge.name, edge.host, edge.port) == ("tokyo", "::1", 5080)
    assert (edge.advertise_host, edge.user_agent, edge.timers.t1) == ("203.0.113.5", "lab 7", 0.2)


def test_an_edge_that_advertises_nothing_else() -> None:
    """Its own addresses are what peers are told: that of SIP where there is none for media."""
    plain = Edge(name="ashburn", sip="127.0.0.1:5060")
    assert sip_edge(plain, Settings(), None).advertise_host == "127.0.0.1"
    media = media_edge(plain)
    assert (media.address, media.advertise, media.low, media.high) == ("127.0.0.1", "127.0.0.1", 10000, 19999)


def test_media_of_an_edge() -> None:
    """Its address, what it advertises, its ports."""
    media = media_edge(EDGE)
    assert (media.address, media.advertise, media.low, media.high) == ("127.0.0.6", "203.0.113.5", 20000, 20099)


def test_limits_of_calls_and_webhooks() -> None:
    """Each limit where it counts."""
    settings = Settings(
        sip=Sip(domain="sip.example.com"),
        limits=Limits(calls=7, call_length=60.0, ring_buffer=1.0),
        webhook=Webhook(connect_timeout=2.0, total_timeout=4.0),
    )
    calls, webhooks = call_settings(settings), webhook_limits(settings)
    assert (calls.max_calls, calls.time_limit, calls.ring_buffer) == (7, 60.0, 1.0)
    assert calls.sip_domain == "sip.example.com"
    assert (webhooks.connect_timeout, webhooks.total) == (2.0, 4.0)


def test_what_becomes_of_redirected_and_refused_calls() -> None:
    """The rules of redirections, and the table of codes with the configuration's rows laid over it."""
    sip = Sip(domain="sip.example.com", redirects=2, redirect_private=False)
    calls = call_settings(Settings(sip=sip, calls=Calls(status_of_code={"603": "busy", "404": "no-answer"})))
    assert calls.redirects == RedirectRules(limit=2, allows_private=False, own_domain="sip.example.com")
    told = {code: calls.status_of_code[code].value for code in (404, 480, 486, 603)}
    assert told == {404: "no-answer", 480: "no-answer", 486: "busy", 603: "busy"}


@pytest.mark.asyncio
async def test_an_address_in_use_keeps_the_platform_from_starting(tmp_path: Path) -> None:
    """One sentence that names the setting; what was opened before is closed, so that the next start works."""
    edges = (Edge(name="ashburn", sip="127.0.0.1:0"),)
    settings = Settings(http=Http(listen="127.0.0.1:0"), account=(ACCOUNT,), edge=edges)
    config = Config(settings=settings, source=None, data=tmp_path / "one")
    async with open_platform(config) as platform:
        taken = Settings(http=Http(listen=platform.address), account=(ACCOUNT,), edge=edges)
        second = Config(settings=taken, source=None, data=tmp_path / "two")
        with pytest.raises(StartFailed, match=r"http\.listen .* cannot be bound .* stop what uses it or change it"):
            async with open_platform(second):
                pass
    async with open_platform(second) as platform:
        assert platform.address == taken.http.listen

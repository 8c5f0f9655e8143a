"""The scripted application answers as told and remembers what it was asked."""

import pytest

from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import CallbackRequest, DocumentRequest, Sound
from offhook.model.call import WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.testing.clock import elapsed, virtual_time
from offhook.testing.webapp import Failure, Page, WebApp

CALL = CallSid("CA" + "0" * 32)
ACCOUNT = AccountSid("AC" + "0" * 32)


def request(url: str) -> DocumentRequest:
    """A request for a document."""
    target = WebhookTarget(url=url)
    return DocumentRequest(account_sid=ACCOUNT, call_sid=CALL, target=target, parameters={}, purpose="voice")


@virtual_time
async def test_answers_come_in_turn_and_the_last_one_stays() -> None:
    """Query and fragment do not matter to which page answers."""
    app = WebApp()
    app.serve("/a", "<one/>", lambda asked: f"<{asked.purpose}/>")
    bodies = [(await app.fetch(request(f"http://app.test/a?n={n}#rc=1"))).body for n in range(3)]
    assert bodies == [b"<one/>", b"<voice/>", b"<voice/>"]
    assert [asked.target.url for asked in app.asked("/a")] == [f"http://app.test/a?n={n}#rc=1" for n in range(3)]


@virtual_time
async def test_a_slow_page_takes_virtual_time() -> None:
    """Delays pass at once."""
    app = WebApp()
    app.serve("/slow", Page(delay=14.5))
    assert await elapsed(app.fetch(request("http://app.test/slow"))) == pytest.approx(14.5)


@virtual_time
async def test_failures_carry_code_and_url() -> None:
    """Scripted ones, and 11200 for what nobody serves."""
    app = WebApp()
    app.serve("/bad", Failure(error_code=11205, http_code=None))
    for url, code in (("http://app.test/bad", 11205), ("http://app.test/nothing", 11200)):
        with pytest.raises(WebhookFailed) as caught:
            await app.fetch(request(url))
        assert (caught.value.error_code, caught.value.url) == (code, url)
    with pytest.raises(WebhookFailed):
        await app.fetch_sound(CALL, "http://app.test/none.wav")
    with pytest.raises(WebhookFailed):
        await app.decode_sound(b"", "text/xml")


@virtual_time
async def test_sounds_and_callbacks_are_kept() -> None:
    """What was fetched and told, in order."""
    app = WebApp()
    app.serve_sound("/a.wav", Sound(samples=b"12"))
    assert (await app.fetch_sound(CALL, "http://app.test/a.wav")).samples == b"12"
    target = WebhookTarget(url="http://app.test/told")
    for status in ("ringing", "completed"):
        app.notify(
            CallbackRequest(
                account_sid=ACCOUNT,
                call_sid=CALL,
                target=target,
                parameters={"CallStatus": status},
                event="ringing",
            )
        )
    assert app.told(CALL) == ["ringing", "completed"]

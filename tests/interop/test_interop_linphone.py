"""Calls from a linphone by TLS with SRTP, audio measured in both directions."""

from pathlib import Path

import pytest
from baresip_phone import TONE_HZ, baresip
from eventually import eventually_true
from linphone_phone import linphone
from offhook_process import NUMBER, SECURE_DOMAIN, Offhook
from test_interop_audio import LOUD_DBFS, PLAYED_HZ, Recorder, heard_tone, recorded, tone
from test_interop_srtp import MANDATORY, SUITE, TWO_SECONDS, play_tone, suites
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

SPOKEN_HZ = 500.0


async def test_linphone_hears_a_secure_domain(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """What a secure SIP Domain plays is recorded by linphone, which offers every suite it knows."""
    play_tone(application, "/domain")
    async with linphone(tmp_path / "phone", tone(SPOKEN_HZ, 10), platform.tls_target) as phone:
        await phone.command(f"call sip:sales@{SECURE_DOMAIN}.sip.localhost")
        asked = await application.request("/domain")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
    assert frequency_hz == pytest.approx(PLAYED_HZ, abs=3)
    assert level > LOUD_DBFS
    assert await suites(platform, asked.form["CallSid"]) == [SUITE]


@pytest.mark.parametrize("is_callee_secure", [False, True], ids=["srtp to rtp", "srtp to srtp"])
async def test_linphone_and_another_hear_each_other(
    platform: Offhook,
    application: WebApplication,
    tmp_path: Path,
    is_callee_secure: bool,  # noqa: FBT001
) -> None:
    """A number that linphone calls by TLS bridges it to a baresip: each records the other's tone."""
    callee = baresip(tmp_path / "callee", encryption=MANDATORY if is_callee_secure else "")
    async with linphone(tmp_path / "caller", tone(SPOKEN_HZ, 10), platform.tls_target) as caller, callee as other:
        uri = f"{other.tls_uri};secure=true" if is_callee_secure else other.uri
        application.pages["/number"] = f"<Response><Dial action='/dialed'><Sip>{uri}</Sip></Dial></Response>"
        application.pages["/dialed"] = "<Response><Hangup/></Response>"
        await caller.command(f"call sip:{NUMBER}@{platform.tls_target};transport=tls")
        await eventually_true(lambda: other.said("audio: start"), "the callee to answer")
        await eventually_true(lambda: min(caller.recorded(), recorded(other)) > TWO_SECONDS, "two seconds of recording")
        await other.command("hangup")
        asked = await application.request("/dialed")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        await caller.stop()
        await other.stop()
        recorders: tuple[tuple[Recorder, float], ...] = ((caller, TONE_HZ), (other, SPOKEN_HZ))
        for phone, expected_hz in recorders:
            frequency_hz, level = await heard_tone(phone)
            assert frequency_hz == pytest.approx(expected_hz, abs=3)
            assert level > LOUD_DBFS
    assert await suites(platform, asked.form["CallSid"]) == [SUITE]

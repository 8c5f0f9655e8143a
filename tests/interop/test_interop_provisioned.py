"""What is set up through Twilio's SDK is in force at once: numbers, applications, SIP Domains with lists, API keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from offhook_process import ACCOUNT, TOKEN, Offhook
from sipp_runner import Sipp, sipp
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

NUMBER = "+15550177"
PASSWORD = "Open-Sesame-1"
Result = TypeVar("Result")


async def run(work: Callable[[], Result]) -> Result:
    """Let the SDK, which blocks, work beside the loop."""
    return await asyncio.to_thread(work)


def sdk(platform: Offhook, username: str, password: str) -> Any:
    """Twilio's client, pointed here."""
    made = Client(username, password, ACCOUNT, http_client=TwilioHttpClient(timeout=5))
    made.api.base_url = platform.http
    return made


@pytest_asyncio.fixture
async def client(platform: Offhook) -> AsyncIterator[Any]:
    """The account's own."""
    made = sdk(platform, ACCOUNT, TOKEN)
    yield made
    made.http_client.session.close()


async def called(platform: Offhook, folder: Path, scenario: str, **keys: str) -> Sipp:
    """One call of SIPp to the platform, to its end."""
    keys = {"callee": NUMBER, "caller": "ann", "domain": platform.target, **keys}
    async with sipp(scenario, folder, target=platform.target, arguments=("-d", "200"), keys=keys) as caller:
        await caller.finish()
        return caller


async def test_a_number_is_answered_as_it_was_set_up(
    platform: Offhook, application: WebApplication, client: Any, tmp_path: Path
) -> None:
    """By its own URL, then by an application's, then by nobody."""
    for page in ("/own", "/application", "/changed"):
        application.pages[page] = "<Response><Hangup/></Response>"
    base = application.url
    number = await run(lambda: client.incoming_phone_numbers.create(phone_number=NUMBER, voice_url=f"{base}/own"))
    await called(platform, tmp_path / "own", "call_and_wait")
    assert (await application.request("/own")).form["To"] == NUMBER
    made = await run(lambda: client.applications.create(friendly_name="Desk", voice_url=f"{base}/application"))
    await run(lambda: number.update(voice_application_sid=made.sid))
    await called(platform, tmp_path / "application", "call_and_wait")
    await application.request("/application")
    await run(lambda: made.update(voice_url=f"{base}/changed"))
    await called(platform, tmp_path / "changed", "call_and_wait")
    await application.request("/changed")
    calls = await platform.calls()
    assert {call["phone_number_sid"] for call in calls} == {number.sid}
    await run(number.delete)
    await called(platform, tmp_path / "nobody", "call_and_be_refused", code="404")


async def test_a_domain_asks_for_what_it_was_given(
    platform: Offhook, application: WebApplication, client: Any, tmp_path: Path
) -> None:
    """Nothing is let in before a list is mapped; then who knows a password, from an address of a list."""
    application.pages["/domain"] = "<Response><Say>hello</Say><Pause length='5'/></Response>"
    name = "front.sip.localhost"
    keys = {"callee": "bob", "domain": name, "username": "kate"}
    domain = await run(lambda: client.sip.domains.create(domain_name=name, voice_url=f"{application.url}/domain"))
    await called(platform, tmp_path / "closed", "call_and_be_refused", code="404", **keys)
    users = await run(lambda: client.sip.credential_lists.create(friendly_name="users"))
    await run(lambda: users.credentials.create(username="kate", password=PASSWORD))
    await run(lambda: domain.auth.calls.credential_list_mappings.create(credential_list_sid=users.sid))
    await called(platform, tmp_path / "right", "call_with_credentials", **keys, password=PASSWORD)
    asked = await application.request("/domain")
    assert (asked.form["SipUsername"], asked.form["SipDomainSid"]) == ("kate", domain.sid)
    wrong = await called(platform, tmp_path / "wrong", "call_with_wrong_credentials", **keys, password="guess")
    assert wrong.first("403").values("X-Twilio-Error")[0].startswith("32202 ")
    places = await run(lambda: client.sip.ip_access_control_lists.create(friendly_name="places"))
    await run(lambda: places.ip_addresses.create(friendly_name="elsewhere", ip_address="192.0.2.1"))
    await run(lambda: domain.auth.calls.ip_access_control_list_mappings.create(ip_access_control_list_sid=places.sid))
    elsewhere = await called(platform, tmp_path / "elsewhere", "call_and_be_refused", code="403", **keys)
    assert elsewhere.first("403").values("X-Twilio-Error")[0].startswith("32201 ")
    assert (await run(lambda: client.sip.domains(domain.sid).fetch())).auth_type == "IP_ACL,CREDENTIAL_LIST"


async def test_a_key_opens_and_is_taken_back(platform: Offhook, client: Any) -> None:
    """It is as good as the account's token until it is deleted."""
    made = await run(lambda: client.new_keys.create(friendly_name="CI"))
    other = sdk(platform, made.sid, made.secret)
    assert await run(other.applications.list) == []
    wrong = sdk(platform, made.sid, "0" * 32)
    for refused in (wrong, other):
        if refused is other:
            await run(lambda: client.keys(made.sid).delete())
        with pytest.raises(TwilioException, match="HTTP 401"):
            await run(refused.applications.list)
        refused.http_client.session.close()


async def test_a_subaccount_stands_by_itself(
    platform: Offhook, application: WebApplication, client: Any, tmp_path: Path
) -> None:
    """Its token signs its webhooks, its owner sees what it has, it sees nothing else; suspended it is nobody."""
    application.pages["/theirs"] = "<Response><Hangup/></Response>"
    made = await run(lambda: client.api.v2010.accounts.create(friendly_name="Customer"))
    assert (made.friendly_name, made.owner_account_sid, made.status, made.type) == (
        "Customer",
        ACCOUNT,
        "active",
        "Full",
    )
    assert [one.sid for one in await run(client.api.v2010.accounts.list)] == [made.sid, ACCOUNT]
    theirs = sdk(platform, made.sid, made.auth_token)
    theirs.account_sid = made.sid
    application.tokens[made.sid] = made.auth_token
    await run(lambda: theirs.incoming_phone_numbers.create(phone_number=NUMBER, voice_url=f"{application.url}/theirs"))
    await called(platform, tmp_path / "theirs", "call_and_wait")
    assert (await application.request("/theirs")).form["AccountSid"] == made.sid
    assert await platform.calls() == []
    (call,) = await run(client.api.v2010.accounts(made.sid).calls.list)
    assert call.account_sid == made.sid
    with pytest.raises(TwilioException, match="HTTP 404"):
        await run(theirs.api.v2010.accounts(ACCOUNT).calls.list)
    with pytest.raises(TwilioException, match="HTTP 403"):
        await run(lambda: theirs.api.v2010.accounts.create(friendly_name="Grandchild"))
    await run(lambda: client.api.v2010.accounts(made.sid).update(status="suspended"))
    with pytest.raises(TwilioException, match="HTTP 401"):
        await run(theirs.calls.list)
    await run(lambda: client.api.v2010.accounts(made.sid).update(status="closed"))
    with pytest.raises(TwilioException, match="cannot be opened again"):
        await run(lambda: client.api.v2010.accounts(made.sid).update(status="active"))
    theirs.http_client.session.close()

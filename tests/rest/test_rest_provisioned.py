"""What accounts set up: each kind made, read, listed, changed and removed, each answer held against Twilio's shapes."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from openapi import complaints
from rest_server import ACCOUNT, OTHER_ACCOUNT, TOKEN, Server

from offhook.model.call import CallEvent, HttpMethod, WebhookTarget

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio

BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
PASSWORD = "Correct-Horse-1"


async def ask(server: Server, verb: str, path: str, *, status: int, **form: str) -> Any:
    """One request; its body, which is as Twilio documents it."""
    code, body = await server.request(verb, path, data=form or None)
    assert code == status, body
    if code < 400:
        assert complaints(verb.lower(), f"{BASE}/{path.partition('?')[0]}", code, body) == []
    return body


@dataclass(frozen=True, slots=True)
class Case:
    """One kind: where its list is, what makes one, what changes one, and what answers then show."""

    path: str
    made_of: dict[str, str]
    shown: dict[str, Any]
    changed_by: dict[str, str] = field(default_factory=dict)
    shown_then: dict[str, Any] = field(default_factory=dict)


CASES = {
    "application": Case(
        "Applications",
        {"FriendlyName": "Support", "VoiceUrl": "https://a.example/voice", "VoiceMethod": "get"},
        {
            "friendly_name": "Support",
            "voice_url": "https://a.example/voice",
            "voice_method": "GET",
            "voice_fallback_url": None,
            "voice_fallback_method": "POST",
            "voice_caller_id_lookup": False,
            "api_version": "2010-04-01",
        },
        {"VoiceUrl": "", "FriendlyName": "Sales"},
        {"voice_url": None, "friendly_name": "Sales", "voice_method": "GET"},
    ),
    "number": Case(
        "IncomingPhoneNumbers",
        {"PhoneNumber": "+1 (555) 010-0123", "VoiceUrl": "https://a.example/voice"},
        {
            "phone_number": "+15550100123",
            "friendly_name": "+15550100123",
            "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
            "voice_receive_mode": "voice",
            "status": "in-use",
        },
        {"FriendlyName": "Front desk", "TrunkSid": "TK" + "0" * 32},
        {"friendly_name": "Front desk", "trunk_sid": "TK" + "0" * 32, "voice_url": "https://a.example/voice"},
    ),
    "caller id": Case(
        "OutgoingCallerIds",
        {"PhoneNumber": "+15550100124", "FriendlyName": "Me"},
        {"phone_number": "+15550100124", "friendly_name": "Me"},
        {"FriendlyName": "You"},
        {"friendly_name": "You"},
    ),
    "domain": Case(
        "SIP/Domains",
        {"DomainName": "Acme.sip.localhost", "VoiceUrl": "https://a.example/voice", "SipRegistration": "true"},
        {
            "domain_name": "acme.sip.localhost",
            "friendly_name": "acme.sip.localhost",
            "auth_type": "",
            "sip_registration": True,
            "secure": False,
            "voice_status_callback_method": "POST",
        },
        {"Secure": "true", "FriendlyName": "Acme"},
        {"secure": True, "friendly_name": "Acme", "sip_registration": True},
    ),
    "queue": Case(
        "Queues",
        {"FriendlyName": "support"},
        {"friendly_name": "support", "max_size": 1000, "current_size": 0, "average_wait_time": 0},
        {"MaxSize": "5000"},
        {"friendly_name": "support", "max_size": 5000},
    ),
    "credential list": Case(
        "SIP/CredentialLists", {"FriendlyName": "Phones"}, {"friendly_name": "Phones"}, {"FriendlyName": "Desk phones"}
    ),
    "address list": Case(
        "SIP/IpAccessControlLists", {"FriendlyName": "PBX"}, {"friendly_name": "PBX"}, {"FriendlyName": "The PBX"}
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_one_is_made_read_listed_changed_and_removed(server: Server, name: str) -> None:
    """POST 201, GET 200, one in the list, POST 200, DELETE 204, then 404."""
    case = CASES[name]
    made = await ask(server, "POST", f"{case.path}.json", status=200 if name == "caller id" else 201, **case.made_of)
    if name == "caller id":
        assert made["phone_number"] == "+15550100124"
        (made,) = (await ask(server, "GET", f"{case.path}.json", status=200))["outgoing_caller_ids"]
    assert case.shown.items() <= made.items()
    one = f"{case.path}/{made['sid']}.json"
    assert made["uri"] == f"{BASE}/{one}"
    assert await ask(server, "GET", one, status=200) == made
    listed = await ask(server, "GET", f"{case.path}.json", status=200)
    (key,) = [key for key, value in listed.items() if isinstance(value, list)]
    assert listed[key] == [made]
    changed = await ask(server, "POST", one, status=200, **case.changed_by)
    assert case.shown_then.items() <= changed.items()
    assert (changed["date_created"], changed["date_updated"] != made["date_updated"]) == (made["date_created"], True)
    await ask(server, "DELETE", one, status=204)
    assert (await ask(server, "GET", one, status=404))["code"] == 20404
    assert (await ask(server, "GET", f"{case.path}.json", status=200))[key] == []


@pytest.mark.parametrize("name", CASES)
async def test_nobody_sees_another_s(server: Server, name: str) -> None:
    """What one account has set up is not there for another."""
    case = CASES[name]
    await server.request("POST", f"{case.path}.json", data=case.made_of)
    _, ours = await server.request("GET", f"{case.path}.json")
    (made,) = next(value for value in ours.values() if isinstance(value, list))
    theirs = f"{server.url}/2010-04-01/Accounts/{OTHER_ACCOUNT}/{case.path}"
    for verb in ("GET", "DELETE"):
        code, _ = await server.request(verb, f"{theirs}/{made['sid']}.json", auth=(OTHER_ACCOUNT, "other"))
        assert code == 404
    code, listed = await server.request("GET", f"{theirs}.json", auth=(OTHER_ACCOUNT, "other"))
    assert made["sid"] not in str(listed)
    assert (await server.request("GET", f"{case.path}/{made['sid']}.json"))[0] == 200


REFUSED = [
    ("Applications", {"VoiceUrl": "no url"}, 21205),
    ("Applications", {"VoiceMethod": "PUT"}, 21209),
    ("Applications", {"FriendlyName": "x" * 65}, 20422),
    ("IncomingPhoneNumbers", {}, 21421),
    ("IncomingPhoneNumbers", {"PhoneNumber": "five"}, 21421),
    ("IncomingPhoneNumbers", {"PhoneNumber": "+15550100", "VoiceApplicationSid": "AP" + "0" * 32}, 21218),
    ("OutgoingCallerIds", {"PhoneNumber": ""}, 21421),
    ("SIP/Domains", {}, 21231),
    ("SIP/Domains", {"DomainName": "acme.example.com"}, 21232),
    ("SIP/Domains", {"DomainName": "sip.localhost"}, 21232),
    ("SIP/Domains", {"DomainName": "-a.sip.localhost"}, 21232),
    ("SIP/Domains", {"DomainName": "a b.sip.localhost"}, 21232),
    ("SIP/Domains", {"DomainName": "a.sip.localhost", "EmergencyCallingEnabled": "true"}, 21231),
    ("SIP/Domains", {"DomainName": "a.sip.localhost", "FriendlyName": "x" * 65}, 21231),
    ("Queues", {}, 20002),
    ("Queues", {"FriendlyName": " "}, 20002),
    ("Queues", {"FriendlyName": "x" * 65}, 20002),
    ("Queues", {"FriendlyName": "support", "MaxSize": "0"}, 20422),
    ("Queues", {"FriendlyName": "support", "MaxSize": "5001"}, 20422),
    ("SIP/CredentialLists", {}, 21240),
    ("SIP/IpAccessControlLists", {"FriendlyName": " "}, 21235),
]


@pytest.mark.parametrize(("path", "form", "code"), REFUSED)
async def test_what_does_not_fit_is_refused(server: Server, path: str, form: dict[str, str], code: int) -> None:
    """400 with the code that names what is wrong, and nothing is kept."""
    status, body = await server.request("POST", f"{path}.json", data=form)
    assert (status, body["code"]) == (400, code)
    _, listed = await server.request("GET", f"{path}.json")
    assert [value for value in listed.values() if isinstance(value, list)] == [[]]


@pytest.mark.parametrize(
    ("name", "code"),
    [("number", 21422), ("caller id", 21450), ("domain", 21232), ("queue", 22003)],
    ids=["number", "caller id", "domain", "queue"],
)
async def test_a_name_is_taken_once(server: Server, name: str, code: int) -> None:
    """Two of them would make it open who is called."""
    case = CASES[name]
    assert (await server.request("POST", f"{case.path}.json", data=case.made_of))[0] in {200, 201}
    status, body = await server.request("POST", f"{case.path}.json", data=case.made_of)
    assert (status, body["code"]) == (400, code)


async def test_credentials(server: Server) -> None:
    """A password is checked, kept as digests and never shown."""
    kept = await ask(server, "POST", "SIP/CredentialLists.json", status=201, FriendlyName="Phones")
    path = f"SIP/CredentialLists/{kept['sid']}/Credentials"
    for weak in ("", "short1A", "nodigitsatallHere", "nocapitals-12345", "NOSMALL-1234567"):
        status, body = await server.request("POST", f"{path}.json", data={"Username": "kate", "Password": weak})
        assert (status, body["code"]) == (400, 21243)
    made = await ask(server, "POST", f"{path}.json", status=201, Username="kate", Password=PASSWORD)
    assert (made["username"], made["credential_list_sid"]) == ("kate", kept["sid"])
    status, body = await server.request("POST", f"{path}.json", data={"Username": "kate", "Password": PASSWORD})
    assert (status, body["code"]) == (400, 21243)
    before = await server.store.provisioned.fetch("credential", made["sid"], kept["sid"])
    await ask(server, "POST", f"{path}/{made['sid']}.json", status=200, Password=PASSWORD + "x")
    after = await server.store.provisioned.fetch("credential", made["sid"], kept["sid"])
    assert before is not None
    assert after is not None
    assert before.values["digests"] != after.values["digests"]
    assert PASSWORD not in str(after)
    listed = await ask(server, "GET", f"{path}.json", status=200)
    assert [one["username"] for one in listed["credentials"]] == ["kate"]
    await ask(server, "DELETE", f"SIP/CredentialLists/{kept['sid']}.json", status=204)
    assert await server.store.provisioned.fetch("credential", made["sid"], kept["sid"]) is None


@pytest.mark.parametrize(
    ("address", "length", "shown"),
    [
        ("192.0.2.7", None, ("192.0.2.7", 32)),
        ("192.0.2.0", "24", ("192.0.2.0", 24)),
        ("2001:DB8::1", None, ("2001:db8::1", 128)),
    ],
)
async def test_addresses(server: Server, address: str, length: str | None, shown: tuple[str, int]) -> None:
    """An address stands for itself, or for a network with the length of its prefix."""
    kept = await ask(server, "POST", "SIP/IpAccessControlLists.json", status=201, FriendlyName="PBX")
    form = {"FriendlyName": "one", "IpAddress": address} | ({} if length is None else {"CidrPrefixLength": length})
    path = f"SIP/IpAccessControlLists/{kept['sid']}/IpAddresses"
    made = await ask(server, "POST", f"{path}.json", status=201, **form)
    assert (made["ip_address"], made["cidr_prefix_length"]) == shown
    changed = await ask(server, "POST", f"{path}/{made['sid']}.json", status=200, FriendlyName="two")
    assert (changed["friendly_name"], changed["ip_address"]) == ("two", shown[0])


@pytest.mark.parametrize("form", [{"IpAddress": "a.example"}, {"IpAddress": "192.0.2.1", "CidrPrefixLength": "33"}, {}])
async def test_what_is_no_address(server: Server, form: dict[str, str]) -> None:
    """21238."""
    kept = await ask(server, "POST", "SIP/IpAccessControlLists.json", status=201, FriendlyName="PBX")
    path = f"SIP/IpAccessControlLists/{kept['sid']}/IpAddresses.json"
    status, body = await server.request("POST", path, data={"FriendlyName": "one", **form})
    assert (status, body["code"]) in {(400, 21238), (400, 20422)}


MAPPINGS = {
    "calls by credentials": ("Auth/Calls/CredentialListMappings", "SIP/CredentialLists", "CredentialListSid", 21241),
    "calls by address": (
        "Auth/Calls/IpAccessControlListMappings",
        "SIP/IpAccessControlLists",
        "IpAccessControlListSid",
        21236,
    ),
    "registrations": ("Auth/Registrations/CredentialListMappings", "SIP/CredentialLists", "CredentialListSid", 21241),
    "credentials, as of old": ("CredentialListMappings", "SIP/CredentialLists", "CredentialListSid", 21241),
    "addresses, as of old": (
        "IpAccessControlListMappings",
        "SIP/IpAccessControlLists",
        "IpAccessControlListSid",
        21236,
    ),
}


@pytest.mark.parametrize("name", MAPPINGS)
async def test_a_domain_goes_by_lists(server: Server, name: str) -> None:
    """Under the list's SID, once; the list cannot go while it is in use."""
    path, lists, parameter, in_use = MAPPINGS[name]
    domain = await ask(server, "POST", "SIP/Domains.json", status=201, DomainName="acme.sip.localhost")
    kept = await ask(server, "POST", f"{lists}.json", status=201, FriendlyName="Some")
    path = f"SIP/Domains/{domain['sid']}/{path}"
    made = await ask(server, "POST", f"{path}.json", status=201, **{parameter: kept["sid"]})
    assert (made["sid"], made["friendly_name"]) == (kept["sid"], "Some")
    status, body = await server.request("POST", f"{path}.json", data={parameter: kept["sid"]})
    assert (status, body["code"]) == (400, 21231)
    status, body = await server.request("DELETE", f"{lists}/{kept['sid']}.json")
    assert (status, body["code"]) == (400, in_use)
    assert await ask(server, "GET", f"{path}/{kept['sid']}.json", status=200) == made
    await ask(server, "DELETE", f"{path}/{kept['sid']}.json", status=204)
    await ask(server, "DELETE", f"{lists}/{kept['sid']}.json", status=204)


async def test_both_forms_of_a_mapping_are_one(server: Server) -> None:
    """What was mapped in the older form stands in the newer one, and the domain says how it is guarded."""
    domain = await ask(server, "POST", "SIP/Domains.json", status=201, DomainName="acme.sip.localhost")
    one = f"SIP/Domains/{domain['sid']}"
    for lists, parameter, path in (
        ("SIP/CredentialLists", "CredentialListSid", "CredentialListMappings"),
        ("SIP/IpAccessControlLists", "IpAccessControlListSid", "IpAccessControlListMappings"),
    ):
        kept = await ask(server, "POST", f"{lists}.json", status=201, FriendlyName="Some")
        await ask(server, "POST", f"{one}/{path}.json", status=201, **{parameter: kept["sid"]})
        newer = await ask(server, "GET", f"{one}/Auth/Calls/{path}.json", status=200)
        assert [mapping["sid"] for mapping in newer["contents"]] == [kept["sid"]]
    assert (await ask(server, "GET", f"{one}.json", status=200))["auth_type"] == "IP_ACL,CREDENTIAL_LIST"


async def test_keys(server: Server) -> None:
    """The secret is told once."""
    made = await ask(server, "POST", "Keys.json", status=201, FriendlyName="CI")
    assert len(made["secret"]) == 32
    shown = await ask(server, "GET", f"Keys/{made['sid']}.json", status=200)
    assert "secret" not in shown
    kept = await server.store.provisioned.fetch("key", made["sid"])
    assert made["secret"] not in str(kept)


async def test_pages_and_filters(server: Server) -> None:
    """Newest first, over tokens, by name and by a pattern of the number."""
    for number in range(7):
        form = {"PhoneNumber": f"+1555010010{number}", "FriendlyName": "odd" if number % 2 else "even"}
        await ask(server, "POST", "IncomingPhoneNumbers.json", status=201, **form)
    seen, uri = [], f"{BASE}/IncomingPhoneNumbers.json?PageSize=3"
    while uri:
        _, page = await server.request("GET", server.url + uri)
        seen += [one["phone_number"][-1] for one in page["incoming_phone_numbers"]]
        uri = page["next_page_uri"]
    assert "".join(seen) == "6543210"
    odd = await ask(server, "GET", "IncomingPhoneNumbers.json?FriendlyName=odd", status=200)
    assert [one["phone_number"][-1] for one in odd["incoming_phone_numbers"]] == ["5", "3", "1"]
    some = await ask(server, "GET", "IncomingPhoneNumbers.json?PhoneNumber=*0104", status=200)
    assert [one["phone_number"] for one in some["incoming_phone_numbers"]] == ["+15550100104"]
    status, body = await server.request("GET", "IncomingPhoneNumbers.json?PageToken=nonsense")
    assert (status, body["code"]) == (400, 21481)


async def test_xml(server: Server) -> None:
    """Without an extension an answer is XML."""
    await ask(server, "POST", "Applications.json", status=201, FriendlyName="A & B")
    _, text = await server.request("GET", "Applications")
    assert "<FriendlyName>A &amp; B</FriendlyName>" in text
    assert TOKEN not in text


async def test_a_call_by_its_application(server: Server) -> None:
    """The application's URLs are the call's, whatever else was said; its status callback is for the end alone."""
    made = await ask(
        server,
        "POST",
        "Applications.json",
        status=201,
        VoiceUrl="https://a.example/voice",
        VoiceMethod="GET",
        VoiceFallbackUrl="https://a.example/fallback",
        StatusCallback="https://a.example/status",
    )
    code, _ = await server.create(
        Url="https://b.example/", Method="POST", ApplicationSid=made["sid"], StatusCallbackEvent="ringing"
    )
    assert code == 201
    (order,) = server.exchange.orders
    assert order.start.document == WebhookTarget(url="https://a.example/voice", method=HttpMethod.GET)
    assert order.start.fallback == WebhookTarget(url="https://a.example/fallback", method=HttpMethod.POST)
    assert order.status_callback is not None
    assert order.status_callback.target.url == "https://a.example/status"
    assert order.status_callback.events == {CallEvent.COMPLETED}


async def test_a_call_by_no_application(server: Server) -> None:
    """21218 for a SID that is none of the account's, 21205 for one without a VoiceUrl."""
    empty = await ask(server, "POST", "Applications.json", status=201, FriendlyName="empty")
    for sid, told in ((empty["sid"], 21205), ("AP" + "0" * 32, 21218), ("nonsense", 21218)):
        code, body = await server.create(Url=None, ApplicationSid=sid)
        assert (code, body["code"]) == (400, told)
    assert server.exchange.orders == []


async def test_accounts_are_as_documented(server: Server) -> None:
    """Made, listed, read, renamed."""
    for verb, path, form, code in (
        ("POST", "Accounts.json", {}, 201),
        ("POST", "Accounts.json", {"FriendlyName": "Customer"}, 201),
        ("GET", "Accounts.json", {}, 200),
    ):
        status, body = await server.request(verb, f"{server.url}/2010-04-01/{path}", data=form or None)
        assert status == code, body
        assert complaints(verb.lower(), f"/2010-04-01/{path}", status, body) == []
    newer, older = body["accounts"]
    assert newer["friendly_name"] == "Customer"
    assert older["friendly_name"].startswith("SubAccount Created at 2026-03-01 12:00 PM")
    assert newer["auth_token"] != older["auth_token"]
    status, body = await server.request("GET", f"{server.url}/2010-04-01/Accounts.json?FriendlyName=Customer")
    assert body["accounts"] == [newer]
    status, body = await server.request("GET", f"{server.url}/2010-04-01/Accounts.json?Status=closed")
    assert body["accounts"] == []

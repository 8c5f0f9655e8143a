"""The resources of /v1: trunks, connection policies, networks; each answer held against Twilio's shapes."""

from typing import Any

import pytest
from openapi import complaints
from rest_server import ACCOUNT, OTHER_ACCOUNT, Server

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio


async def ask(server: Server, verb: str, path: str, *, status: int, **form: str) -> Any:
    """One request; its body, which is as Twilio documents it."""
    code, body = await server.request(verb, f"{server.url}/v1/{path}", data=form or None)
    assert code == status, body
    if code < 400:
        assert complaints(verb.lower(), f"/v1/{path.partition('?')[0]}", code, body) == []
    return body


CASES: dict[str, tuple[str, dict[str, str], dict[str, Any], dict[str, str], dict[str, Any]]] = {
    "policy": (
        "ConnectionPolicies",
        {"FriendlyName": "Two carriers"},
        {"friendly_name": "Two carriers"},
        {"FriendlyName": "Three carriers"},
        {"friendly_name": "Three carriers"},
    ),
    "trunk": (
        "ByocTrunks",
        {"FriendlyName": "Carrier", "VoiceUrl": "https://a.example/voice"},
        {"voice_url": "https://a.example/voice", "voice_method": "POST", "cnam_lookup_enabled": False},
        {"VoiceMethod": "GET", "CnamLookupEnabled": "true"},
        {"voice_method": "GET", "cnam_lookup_enabled": True, "friendly_name": "Carrier"},
    ),
    "network": (
        "IpRecords",
        {"IpAddress": "192.0.2.0", "CidrPrefixLength": "24"},
        {"ip_address": "192.0.2.0", "cidr_prefix_length": 24, "friendly_name": None},
        {"FriendlyName": "Carrier"},
        {"friendly_name": "Carrier", "cidr_prefix_length": 24},
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_one_is_made_read_listed_changed_and_removed(server: Server, name: str) -> None:
    """POST 201, GET 200, one in the list, POST 200, DELETE 204, then 404; nobody else sees it."""
    path, made_of, shown, changed_by, shown_then = CASES[name]
    made = await ask(server, "POST", path, status=201, **made_of)
    assert shown.items() <= made.items()
    assert made["account_sid"] == ACCOUNT
    assert made["url"] == f"{server.url}/v1/{path}/{made['sid']}"
    assert await ask(server, "GET", f"{path}/{made['sid']}", status=200) == made
    listed = await ask(server, "GET", path, status=200)
    assert listed[listed["meta"]["key"]] == [made]
    assert listed["meta"]["url"].startswith(f"{server.url}/v1/{path}?")
    changed = await ask(server, "POST", f"{path}/{made['sid']}", status=200, **changed_by)
    assert shown_then.items() <= changed.items()
    theirs = await server.request("GET", made["url"], auth=(OTHER_ACCOUNT, "other"))
    assert (theirs[0], theirs[1]["code"]) == (404, 20404)
    await ask(server, "DELETE", f"{path}/{made['sid']}", status=204)
    assert (await ask(server, "GET", f"{path}/{made['sid']}", status=404))["code"] == 20404


async def test_targets_of_a_policy(server: Server) -> None:
    """Priorities and weights as of SRV records; they go with their policy."""
    policy = await ask(server, "POST", "ConnectionPolicies", status=201, FriendlyName="Two carriers")
    path = f"ConnectionPolicies/{policy['sid']}/Targets"
    assert policy["links"] == {"targets": f"{server.url}/v1/{path}"}
    made = await ask(server, "POST", path, status=201, Target="sip:carrier.example;transport=tls")
    assert (made["priority"], made["weight"], made["enabled"]) == (10, 10, True)
    changed = await ask(server, "POST", f"{path}/{made['sid']}", status=200, Priority="1", Enabled="false")
    assert (changed["priority"], changed["weight"], changed["enabled"]) == (1, 10, False)
    for form in ({}, {"Target": "https://a.example"}, {"Target": "sip:a.example", "Weight": "65536"}):
        status, body = await server.request("POST", f"{server.url}/v1/{path}", data=form)
        assert (status, body["code"]) == (400, 20422)
    await ask(server, "DELETE", f"ConnectionPolicies/{policy['sid']}", status=204)
    await ask(server, "GET", path, status=404)


async def test_a_network_leads_to_a_domain(server: Server) -> None:
    """One network, one domain; the network stays while it is in use."""
    record = await ask(server, "POST", "IpRecords", status=201, IpAddress="192.0.2.7")
    _, domain = await server.request("POST", "SIP/Domains.json", data={"DomainName": "acme.sip.localhost"})
    pair = {"IpRecordSid": record["sid"], "SipDomainSid": domain["sid"]}
    made = await ask(server, "POST", "SourceIpMappings", status=201, **pair)
    assert (made["ip_record_sid"], made["sip_domain_sid"]) == (record["sid"], domain["sid"])
    status, body = await server.request("POST", f"{server.url}/v1/SourceIpMappings", data=pair)
    assert (status, body["code"]) == (400, 20409)
    status, body = await server.request("DELETE", record["url"])
    assert (status, body["code"]) == (400, 20409)
    for wrong in ({"IpRecordSid": "IL" + "0" * 32}, {"SipDomainSid": "SD" + "0" * 32}, {"SipDomainSid": ""}):
        status, body = await server.request("POST", f"{server.url}/v1/SourceIpMappings", data=pair | wrong)
        assert (status, body["code"]) in {(400, 20422), (400, 20423)}
    await ask(server, "DELETE", f"SourceIpMappings/{made['sid']}", status=204)
    await ask(server, "DELETE", f"IpRecords/{record['sid']}", status=204)


async def test_a_trunk_names_what_is_there(server: Server) -> None:
    """A policy and a domain of the account, or none."""
    policy = await ask(server, "POST", "ConnectionPolicies", status=201)
    made = await ask(server, "POST", "ByocTrunks", status=201, ConnectionPolicySid=policy["sid"])
    assert made["connection_policy_sid"] == policy["sid"]
    status, body = await server.request("POST", made["url"], data={"ConnectionPolicySid": "NY" + "0" * 32})
    assert (status, body["code"]) == (400, 20422)
    cleared = await ask(server, "POST", f"ByocTrunks/{made['sid']}", status=200, ConnectionPolicySid="")
    assert cleared["connection_policy_sid"] is None

"""The Calls resource on the wire: bodies, errors, forms, extensions (contract 1 §1)."""

import asyncio
import csv
import io
import json
from base64 import b64encode
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from rest_server import ACCOUNT, OTHER_ACCOUNT, TOKEN, Server, running_server

from offhook.calls.errors import CallRefused
from offhook.model.call import CallEvent, CallStatus
from offhook.model.timeline import Kind, TimelineEntry
from offhook.rest.world import RestLimits

pytest_plugins = ["rest_fixtures"]

CALL_KEYS = """
account_sid annotation answered_by api_version caller_name date_created date_updated direction duration end_time
forwarded_from from from_formatted group_sid parent_call_sid phone_number_sid price price_unit queue_time sid
start_time status subresource_uris to to_formatted trunk_sid uri
"""


@pytest.mark.asyncio
async def test_a_created_call_has_every_key(server: Server) -> None:
    """201 with the keys of captured answers, dates in RFC 2822 with +0000."""
    code, call = await server.create(To="+14155550100", From="+14155550199")
    assert code == 201
    assert list(call) == CALL_KEYS.split()
    assert call["date_created"] == "Sun, 01 Mar 2026 12:00:01 +0000"
    assert (call["to_formatted"], call["from_formatted"]) == ("(415) 555-0100", "(415) 555-0199")
    assert (call["price"], call["price_unit"], call["trunk_sid"]) == (None, "USD", "")
    assert call["subresource_uris"]["user_defined_messages"].endswith("/UserDefinedMessages.json")
    assert call["subresource_uris"]["notifications"].endswith(f"/Calls/{call['sid']}/Notifications.json")
    assert len(call["subresource_uris"]) == 9


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"To": None, "From": None, "Url": None}, 21201),
        ({"To": "  "}, 21201),
        ({"To": "12", "Url": None}, 21211),
        ({"To": "client:bob"}, 21211),
        ({"To": "sip:"}, 21211),
        ({"To": "sip:a b@c"}, 21211),
        ({"To": "sip:" + "a" * 300 + "@example.com"}, 21211),
        ({"To": "sip:a@b?X-A=" + "v" * 1024}, 21227),
        ({"To": "sip:a@b?X-A%0D%0A=1"}, 21228),
        ({"To": "sip:a@b?X-A=1%0D%0AX-B:2"}, 21229),
        ({"To": "+14155550100", "From": "+14155550100"}, 21211),
        ({"Url": None, "From": None}, 21205),
        ({"Url": "ftp://a.example/"}, 21205),
        ({"Url": "/relative"}, 21205),
        ({"Url": "http://a.example:99999/"}, 21205),
        ({"Url": None, "Twiml": "x" * 4001}, 32018),
        ({"Url": None, "ApplicationSid": "AP" + "1" * 32}, 21218),
        ({"FallbackUrl": "nothing"}, 21205),
        ({"StatusCallback": "http://under_score.example/"}, 21205),
        ({"From": None}, 21213),
        ({"From": "a@b"}, 21212),
        ({"From": "a\r\nX: y"}, 21212),
        ({"From": "bob", "To": "+14155550100"}, 21212),
        ({"CallerId": "Bob <sip:b>"}, 21212),
        ({"Method": "PUT"}, 21209),
        ({"FallbackMethod": "x"}, 21209),
        ({"SendDigits": "12x"}, 21206),
        ({"SendDigits": "1" * 33}, 21206),
        ({"Timeout": "0"}, 21208),
        ({"Timeout": "601"}, 21208),
        ({"Timeout": "1.5"}, 21208),
        ({"TimeLimit": "-1"}, 20422),
        ({"SipAuthUsername": "b" * 256, "SipAuthPassword": "x"}, 21221),
        ({"SipAuthUsername": "b:b", "SipAuthPassword": "x"}, 21222),
        ({"SipAuthUsername": "b", "SipAuthPassword": "x" * 256}, 21223),
        ({"SipAuthUsername": "b", "SipAuthPassword": "x\x01x"}, 21224),
        ({"SipAuthUsername": "b"}, 21225),
    ],
)
async def test_refused_parameters(server: Server, parameters: dict[str, str | None], code: int) -> None:
    """Each mistake has its code; To is judged first, then Url, then From, and nothing is placed."""
    status, body = await server.create(**parameters)
    assert (status, body["code"]) == (400, code)
    assert sorted(body) == ["code", "message", "more_info", "status"]
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert server.exchange.orders == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"To": None}, "No 'To' number is specified"),
        ({"Url": None}, "Url parameter is required."),
        ({"From": None}, "No 'From' number is specified"),
        ({"To": "12"}, "The phone number you are attempting to call, 12, is not valid."),
    ],
)
async def test_messages_that_clients_know(server: Server, parameters: dict[str, None], message: str) -> None:
    """Wording that programs compare begins as in captured answers."""
    assert (await server.create(**parameters))[1]["message"].startswith(message)


@pytest.mark.asyncio
async def test_limits_are_inclusive(server: Server) -> None:
    """The largest allowed values are taken."""
    twiml = "é" * 4000
    status, _ = await server.create(Url=None, Twiml=twiml, Timeout="600", TimeLimit="86400", SendDigits="w" * 32)
    assert status == 201
    assert server.exchange.orders[0].start.twiml == twiml


@pytest.mark.asyncio
async def test_a_plus_sign_lost_to_form_decoding_comes_back(server: Server) -> None:
    """`To=+1415…` without escaping reads as a space; it is taken for the number that was meant."""
    body = "To=+14155550100&From=+1 (415) 555-0199&Url=http://a.example/"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, call = await server.request("POST", "Calls.json", data=body, headers=headers)
    assert (status, call["to"], call["from"]) == (201, "+14155550100", "+14155550199")


@pytest.mark.asyncio
async def test_status_callback_events(server: Server) -> None:
    """Events come as repeated keys or with spaces; completed is the default; an unknown one is warned of."""
    base = [("To", "sip:a@b"), ("From", "x"), ("Url", "http://a"), ("StatusCallback", "http://a")]
    names = [("StatusCallbackEvent", "ringing answered"), ("StatusCallbackEvent", "initiated")]
    for events in ([], names, [("StatusCallbackEvent", "landed")]):
        await server.request("POST", "Calls.json", data=base + events)
    found = [order.status_callback.events for order in server.exchange.orders if order.status_callback]
    assert found[0] == found[2] == {CallEvent.COMPLETED}
    assert found[1] == {CallEvent.RINGING, CallEvent.ANSWERED, CallEvent.INITIATED}
    newest = (await server.request("GET", "Calls.json"))[1]["calls"][0]["sid"]
    notifications = (await server.request("GET", f"Calls/{newest}/Notifications.json"))[1]["notifications"]
    assert "landed" in notifications[0]["message_text"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("refusal", "status", "code"), [(10004, 429, 10004), (13223, 400, 21211), (13224, 400, 21214), (13247, 400, 21212)]
)
async def test_refusals_of_the_exchange(server: Server, refusal: int, status: int, code: int) -> None:
    """What the exchange refuses in TwiML's codes is told in the API's."""
    server.exchange.refusal = CallRefused(refusal, "because")
    answer = await server.create()
    assert (answer[0], answer[1]["code"], answer[1]["message"]) == (status, code, "because")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"To=%ff", "application/x-www-form-urlencoded", 400),
        (b"To=\xff", "application/x-www-form-urlencoded", 400),
        (b"To=%zz", "application/x-www-form-urlencoded", 400),
        (b"To=a%00b", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(1001)), "application/x-www-form-urlencoded", 400),
        (b'{"To": "x"}', "application/json", 415),
        (b"x=" + b"y" * 200_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_bodies_that_are_no_form(server: Server, body: bytes, content_type: str, status: int) -> None:
    """Wrong encodings, types and sizes get an error body of the API."""
    headers = {"Content-Type": content_type}
    code, answer = await server.request("POST", "Calls.json", data=body, headers=headers)
    assert (code, answer["status"]) == (status, status)


@pytest.mark.asyncio
async def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """A client that stops in the middle of its body is answered with 408."""
    async with running_server(tmp_path, RestLimits(body_timeout=0.05)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        credentials = b64encode(f"{ACCOUNT}:{TOKEN}".encode())
        writer.write(
            f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n".encode()
            + b"Authorization: Basic "
            + credentials
            + b"\r\n\r\nTo="
        )
        status = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert status.startswith(b"HTTP/1.1 408")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "auth",
    [None, (ACCOUNT, ""), (ACCOUNT, TOKEN + "x"), (OTHER_ACCOUNT, TOKEN), ("AC" + "9" * 32, "-"), ("x" * 3000, "y")],
)
async def test_missing_and_wrong_credentials(server: Server, auth: tuple[str, str] | None) -> None:
    """401 with 20003 and a challenge, whatever is wrong."""
    status, body = await server.request("GET", "Calls.json", auth=auth)
    assert (status, body["code"], body["message"]) == (401, 20003, "Authenticate")
    async with server.session.get(f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json") as response:
        assert response.headers["WWW-Authenticate"].startswith("Basic")
        assert response.headers["Server"] == "offhook"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        "calls.json",
        "Calls/CA1.json",
        "Calls/CA" + "9" * 32 + ".json",
        "Calls/CA" + "9" * 32 + "/Timeline.json",
        "Calls/CA" + "9" * 32 + "/Notifications.json",
        "Nothing.json",
        "Calls.yaml",
    ],
)
async def test_unknown_paths(server: Server, path: str) -> None:
    """404 with 20404; paths are case-sensitive."""
    status, body = await server.request("GET", path, headers={"Accept": "application/json"})
    body = body if isinstance(body, dict) else json.loads(body)
    assert (status, body["code"]) == (404, 20404)
    assert body["message"] == f"The requested resource /2010-04-01/Accounts/{ACCOUNT}/{path} was not found"


@pytest.mark.asyncio
async def test_a_method_that_is_not_supported(server: Server) -> None:
    """405 with 20004."""
    status, body = await server.request("PUT", "Calls.json")
    assert (status, body["code"]) == (405, 20004)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=1001", 20007),
        ("PageSize=0", 20007),
        ("PageSize=x", 20007),
        ("PageToken=PAnothing", 21481),
        ("Page=-1", 20422),
        ("StartTime=yesterday", 20422),
        ("EndTime%3E=2026-13-01", 20422),
        ("StartTime=0001-01-01T00:00:00%2B23:59", 20422),
    ],
)
async def test_refused_lists(server: Server, query: str, code: int) -> None:
    """Page sizes, tokens and dates that cannot be read."""
    status, body = await server.request("GET", f"Calls.json?{query}")
    assert (status, body["code"]) == (400, code)


@pytest.mark.asyncio
async def test_the_envelope_of_a_list(server: Server) -> None:
    """Exactly the documented keys; URIs repeat the filters."""
    for _ in range(3):
        await server.create()
    query = "From=alice&StartTime%3E=2020-01-01&PageSize=2"
    _, empty = await server.request("GET", f"Calls.json?{query}")
    assert empty["calls"] == []
    _, first = await server.request("GET", "Calls.json?From=alice&PageSize=2")
    _, second = await server.request("GET", server.url + first["next_page_uri"])
    base = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json?From=alice&PageSize=2&Page="
    assert sorted(first) == sorted(
        ["calls", "start", "end", "page", "page_size", "uri", "first_page_uri", "next_page_uri", "previous_page_uri"]
    )
    assert (first["start"], first["end"], first["page"], first["page_size"]) == (0, 1, 0, 2)
    assert first["uri"] == first["first_page_uri"] == base + "0"
    assert first["next_page_uri"].startswith(base + "1&PageToken=PACA")
    assert (second["start"], second["end"], second["page"], second["next_page_uri"]) == (2, 2, 1, None)
    assert empty["uri"].endswith("?From=alice&StartTime%3E=2020-01-01&PageSize=2&Page=0")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("StartTime=2026-03-01", 1),
        ("StartTime=2026-03-02", 0),
        ("StartTime>=2026-03-01", 1),
        ("StartTime%3C=2026-03-01", 0),
        ("StartTime%3E=03/01/2026 05:00:00 MST", 1),
        ("StartTime%3E=03/01/2026 05:00:01 MST", 0),
        ("StartTime%3C=2026-03-01 12:00:00.001", 1),
        ("StartTime%3C=2026-03-01T12:00:00Z", 0),
        ("StartTime%3E=2026-03-01T13:00:00%2B01:00", 1),
        ("StartTime%3E=Sun, 01 Mar 2026 12:00:00 %2B0000", 1),
        ("StartTime=9999-12-31", 0),
        ("Status=ringing", 0),
    ],
)
async def test_dates_are_read_liberally(server: Server, query: str, count: int) -> None:
    """All documented ways to write a date; `=` is the UTC day, `<` before, `>` on or after."""
    _, call = await server.create()
    record = await server.store.call(ACCOUNT, call["sid"])
    assert record is not None
    noon = record.date_created.replace(second=0)
    server.exchange.become(record, CallStatus.COMPLETED, start_time=noon)
    url = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json?{query}"
    assert len((await server.request("GET", url))[1]["calls"]) == count


@pytest.mark.asyncio
async def test_xml_without_an_extension(server: Server) -> None:
    """No extension and .xml mean XML: instances, lists and errors in their documented shapes."""
    form = {"To": "sip:a@b?X-A=1&X-B=2", "From": "x", "Url": "http://a"}
    status, text = await server.request("POST", "Calls", data=form)
    call = etree.fromstring(text.encode()).find("Call")
    assert status == 201
    assert call is not None
    assert call.findtext("To") == "sip:a@b?X-A=1&X-B=2"
    assert call.findtext("Status") == "queued"
    assert call.findtext("StartTime") == ""
    assert call.findtext("SubresourceUris/UserDefinedMessages") is not None
    listed = etree.fromstring((await server.request("GET", "Calls.xml"))[1].encode()).find("Calls")
    assert listed is not None
    assert (listed.get("page"), listed.get("pagesize"), listed.get("nextpageuri")) == ("0", "50", "")
    assert len(listed.findall("Call")) == 1
    error = etree.fromstring((await server.request("GET", "Calls/CA1"))[1].encode()).find("RestException")
    assert error is not None
    assert (error.findtext("Code"), error.findtext("Status")) == ("20404", "404")


@pytest.mark.asyncio
async def test_csv_lists(server: Server) -> None:
    """.csv is a header and a line for each call."""
    await server.create(From="alice")
    _, text = await server.request("GET", "Calls.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["From"], row["Status"]) for row in rows] == [("alice", "queued")]


@pytest.mark.asyncio
async def test_update_refuses_nonsense(server: Server) -> None:
    """Unknown statuses, and Url together with Twiml, are refused; no parameter at all changes nothing."""
    _, call = await server.create()
    path = f"Calls/{call['sid']}.json"
    assert (await server.request("POST", path, data={"Status": "busy"}))[1]["code"] == 20422
    assert (await server.request("POST", path, data={"Url": "http://a", "Twiml": "x"}))[1]["code"] == 20422
    assert (await server.request("POST", path))[1] == call


@pytest.mark.asyncio
async def test_events_and_timeline(server: Server) -> None:
    """The timeline is shown whole, its webhooks also as events."""
    _, call = await server.create()
    record = await server.store.call(ACCOUNT, call["sid"])
    assert record is not None
    detail = {"method": "POST", "url": "http://a/", "parameters": {"a": "b"}, "code": 200, "milliseconds": 12.6}
    detail |= {"body": "<Response/>", "content_type": "text/xml"}
    hook = TimelineEntry(
        at=record.date_created, kind=Kind.WEBHOOK, summary="POST http://a/", call_sid=record.sid, detail=detail
    )
    server.store.append_timeline(hook)
    server.store.append_timeline(replace(hook, kind=Kind.DIGIT, summary="1", detail={"digit": "1"}))
    _, timeline = await server.request("GET", f"Calls/{call['sid']}/Timeline.json")
    assert timeline == {
        "timeline": [
            {"at": "2026-03-01T12:00:01Z", "kind": "webhook", "summary": "POST http://a/", "detail": detail},
            {"at": "2026-03-01T12:00:01Z", "kind": "digit", "summary": "1", "detail": {"digit": "1"}},
        ]
    }
    _, events = await server.request("GET", f"Calls/{call['sid']}/Events.json")
    assert events["events"] == [
        {
            "request": {"method": "POST", "url": "http://a/", "parameters": {"a": "b"}},
            "response": {
                "response_code": 200,
                "request_duration": 13,
                "content_type": "text/xml",
                "response_body": "<Response/>",
                "date_created": "Sun, 01 Mar 2026 12:00:01 +0000",
            },
        }
    ]


@pytest.mark.asyncio
async def test_a_store_that_fails_is_503(server: Server) -> None:
    """When a record cannot be written the client is told that nothing was done."""
    await server.store.close()
    status, body = await server.create()
    assert (status, body["code"]) == (503, 20503)

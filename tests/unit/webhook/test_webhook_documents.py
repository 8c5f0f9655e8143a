"""Requests for documents over real sockets on the loopback (contract 1 §7.3 to §7.6)."""

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from webhook_application import TOKEN, Application, Opener, Recorder, ask

from offhook.calls.errors import WebhookFailed
from offhook.model.call import HttpMethod
from offhook.model.timeline import Kind
from offhook.webhook.service import WebhookService

pytest_plugins = ["webhook_fixtures"]

TWIML = {"text": "<Response/>", "content_type": "text/xml"}


async def failure(service: WebhookService, url: str, method: HttpMethod = HttpMethod.POST) -> WebhookFailed:
    """The failure that fetching `url` leads to."""
    with pytest.raises(WebhookFailed) as caught:
        await service.fetch(ask(url, method))
    return caught.value


@asynccontextmanager
async def raw_server(script: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[str]:
    """A server that speaks bytes; yields its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)  # type: ignore[misc]
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.asyncio
async def test_post_carries_form_and_signature(service: WebhookService, application: Application) -> None:
    """A POST is form-encoded UTF-8, and the vendor's own validator accepts its signature."""
    url = application.base + "/voice?a=b%20c&d"
    answer = await service.fetch(ask(url, CallSid="CA1", From="Zoë & co", SipHeader_X="1+1=2"))
    assert answer.url == url
    assert answer.content_type == "text/xml"
    assert answer.body == b"<Response/>"
    seen = application.seen[0]
    assert (seen.method, seen.path) == ("POST", "/voice?a=b%20c&d")
    assert dict(seen.form) == {"CallSid": "CA1", "From": "Zoë & co", "SipHeader_X": "1+1=2"}
    assert seen.headers["User-Agent"] == "TwilioProxy/1.1"
    assert seen.headers["Accept"] == "*/*"
    assert "Accept-Encoding" not in seen.headers
    assert len(seen.headers["I-Twilio-Idempotency-Token"]) == 36
    assert RequestValidator(TOKEN).validate(url, dict(seen.form), seen.headers["X-Twilio-Signature"])


@pytest.mark.asyncio
async def test_get_appends_parameters_and_signs_the_whole_url(
    service: WebhookService, application: Application
) -> None:
    """A GET keeps the query it has, appends the parameters and signs what it sends."""
    await service.fetch(ask(application.base + "/voice?a=1#rc=0", HttpMethod.GET, To="sip:a@b", Empty=""))
    seen = application.seen[0]
    assert (seen.method, seen.path) == ("GET", "/voice?a=1&To=sip%3Aa%40b&Empty=")
    assert "Content-Type" not in seen.headers
    assert RequestValidator(TOKEN).validate(application.base + seen.path, {}, seen.headers["X-Twilio-Signature"])


@pytest.mark.asyncio
async def test_awkward_urls_are_sent_as_written(service: WebhookService, application: Application) -> None:
    """Escapes stay untouched, other characters are percent-encoded, the fragment is not sent."""
    await service.fetch(ask(application.base + "/é/%2f%41?x=ü&y=a+b%2B#rc=1"))
    assert application.seen[0].path == "/%C3%A9/%2f%41?x=%C3%BC&y=a+b%2B"


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [301, 302, 303])
async def test_redirects_become_get_without_parameters(
    service: WebhookService, application: Application, code: int
) -> None:
    """301, 302 and 303 lead to a GET of the Location, signed anew; the parameters stay behind."""
    url = application.on("/from", status=code, headers={"Location": "to?x=1#rc=0"})
    answer = await service.fetch(ask(url, Digits="1"))
    assert answer.url == application.base + "/to?x=1"
    seen = application.seen[1]
    assert (seen.method, seen.path, seen.form) == ("GET", "/to?x=1", [])
    assert RequestValidator(TOKEN).validate(answer.url, {}, seen.headers["X-Twilio-Signature"])


@pytest.mark.asyncio
async def test_307_keeps_method_and_parameters(service: WebhookService, application: Application) -> None:
    """A 307 repeats the POST with its form."""
    url = application.on("/from", status=307, headers={"Location": application.base + "/to"})
    await service.fetch(ask(url, Digits="1"))
    assert (application.seen[1].method, application.seen[1].form) == ("POST", [("Digits", "1")])


@pytest.mark.asyncio
async def test_307_is_not_told_what_is_the_targets_own(service: WebhookService, application: Application) -> None:
    """The Digits of a Gather are for its action alone (contract 2 §1.7)."""
    url = application.on("/from", status=307, headers={"Location": application.base + "/to"})
    await service.fetch(replace(ask(url, Digits="1", CallSid="CA1"), own=frozenset({"Digits"})))
    assert application.seen[0].form == [("Digits", "1"), ("CallSid", "CA1")]
    assert (application.seen[1].method, application.seen[1].form) == ("POST", [("CallSid", "CA1")])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [(308, {"Location": "/to"}, 11216), (302, {}, 11216), (300, {}, 11216), (304, {}, 11216)],
)
async def test_redirects_that_are_not_followed(
    service: WebhookService, application: Application, status: int, headers: dict[str, str], code: int
) -> None:
    """308, other 3xx and a missing Location are 11216."""
    caught = await failure(service, application.on("/from", status=status, headers=headers))
    assert (caught.error_code, caught.http_code) == (code, status)
    assert len(application.seen) == 1


@pytest.mark.asyncio
async def test_ten_redirects_are_followed_and_eleven_are_not(service: WebhookService, application: Application) -> None:
    """The eleventh redirect is 11215."""
    for number in range(1, 12):
        application.on(f"/{number}", status=302, headers={"Location": f"/{number - 1}"})
    assert (await service.fetch(ask(application.base + "/10"))).url.endswith("/0")
    assert (await failure(service, application.base + "/11")).error_code == 11215


@pytest.mark.asyncio
async def test_cookies_belong_to_the_call(service: WebhookService, application: Application) -> None:
    """A cookie set by one answer is sent with the call's next request and forgotten with the call."""
    url = application.on("/set", headers={"Set-Cookie": "session=a b; Path=/"}, **TWIML)
    await service.fetch(ask(url))
    await service.fetch(ask(url))
    assert application.seen[1].headers["Cookie"] == "session=a b"
    service.forget(ask(url).call_sid)
    await service.fetch(ask(url))
    assert "Cookie" not in application.seen[2].headers


@pytest.mark.asyncio
async def test_cookies_are_bounded(open_service: Opener, application: Application) -> None:
    """Beyond the limit no further cookie is kept."""

    async def many(_: web.Request) -> web.StreamResponse:
        response = web.Response(text="<Response/>", content_type="text/xml")
        for number in range(9):
            response.set_cookie(f"c{number}", "v")
        return response

    application.answers["/many"] = many
    service = await open_service(cookies=3)
    await service.fetch(ask(application.base + "/many"))
    await service.fetch(ask(application.base + "/"))
    assert application.seen[1].headers["Cookie"].count("=") == 3


@pytest.mark.asyncio
async def test_credentials_go_only_to_who_asks(service: WebhookService, application: Application) -> None:
    """User and password are sent after a Basic challenge, not before, and appear on no timeline."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return web.Response(text="<Response/>", content_type="text/xml")

    application.answers["/guarded"] = guarded
    url = application.base.replace("://", "://user:p%40ss@") + "/guarded"
    answer = await service.fetch(ask(url))
    assert "Authorization" not in application.seen[0].headers
    assert application.seen[1].headers["Authorization"] == "Basic dXNlcjpwQHNz"
    assert "ss@" not in answer.url
    assert RequestValidator(TOKEN).validate(
        application.base + "/guarded", {}, application.seen[1].headers["X-Twilio-Signature"]
    )


@pytest.mark.asyncio
async def test_credentials_stay_with_their_origin(service: WebhookService, application: Application) -> None:
    """A redirect to another origin does not take the password along."""
    challenge = {"WWW-Authenticate": "Basic"}
    application.on("/guarded", status=401, headers=challenge)
    other = application.base.replace("127.0.0.1", "localhost")
    application.on("/from", status=302, headers={"Location": other + "/guarded"})
    caught = await failure(service, application.base.replace("://", "://user:secret@") + "/from")
    assert (caught.error_code, caught.http_code) == (11200, 401)
    assert not [seen for seen in application.seen if "Authorization" in seen.headers]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_error_codes_are_11200(service: WebhookService, application: Application, status: int) -> None:
    """4xx and 5xx fail with 11200 and say which code came."""
    caught = await failure(service, application.on("/bad", status=status))
    assert (caught.error_code, caught.http_code) == (11200, status)
    assert str(caught) == f"{application.base}/bad answered {status}"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"body": b"", "content_type": "text/xml"}, 11770),
        ({"status": 204}, 11770),
        ({"body": b"{}", "content_type": "application/json"}, 12300),
        ({"body": b"x", "content_type": "image/png"}, 12300),
        ({"body": b"x" * 65537, "content_type": "text/xml"}, 11750),
        (
            {"body": gzip.compress(b"x" * 10**6), "content_type": "text/xml", "headers": {"Content-Encoding": "gzip"}},
            11750,
        ),
        ({"body": b"no gzip", "content_type": "text/xml", "headers": {"Content-Encoding": "gzip"}}, 11206),
    ],
)
async def test_answers_that_are_no_document(
    service: WebhookService, application: Application, response: dict[str, object], code: int
) -> None:
    """Empty, too large, of a wrong type or falsely compressed answers have their own codes."""
    assert (await failure(service, application.on("/odd", **response))).error_code == code


@pytest.mark.asyncio
@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "text/html", "text/plain", "audio/mpeg"])
async def test_media_types_that_are_documents(
    service: WebhookService, application: Application, content_type: str
) -> None:
    """The media type is handed on in lower case and without parameters; 64 KiB are allowed."""
    headers = {"Content-Type": content_type.upper() + "; Charset=UTF-8"}
    answer = await service.fetch(ask(application.on("/doc", body=b"x" * 65536, headers=headers)))
    assert (answer.content_type, len(answer.body)) == (content_type, 65536)


@pytest.mark.asyncio
async def test_compressed_documents_are_read(service: WebhookService, application: Application) -> None:
    """An answer in gzip is unpacked although nobody asked for it."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/xml"}
    url = application.on("/zip", body=gzip.compress(b"<Response/>"), headers=headers)
    assert (await service.fetch(ask(url))).body == b"<Response/>"


@pytest.mark.asyncio
async def test_no_content_type_is_11200(service: WebhookService) -> None:
    """An answer that does not say what it is fails with 11200."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<Response/>")
        await writer.drain()

    async with raw_server(script) as url:
        caught = await failure(service, url)
    assert caught.error_code == 11200
    assert "without a Content-Type" in str(caught)


@pytest.mark.asyncio
async def test_an_endless_body_is_cut_off(service: WebhookService) -> None:
    """Of a body without end little more than the limit is read before the connection is given up."""
    written = 0
    ended = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                written += 65536
        finally:
            ended.set()

    async with raw_server(script) as url:
        assert (await failure(service, url)).error_code == 11750
        await ended.wait()
    assert written < 32 * 2**20  # what socket buffers hold


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 9\r\n\r\nx"],
)
async def test_answers_that_are_not_http_are_11206(service: WebhookService, answer: bytes) -> None:
    """A connection closed without an answer, another protocol and a body that breaks off are violations."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(script) as url:
        assert (await failure(service, url)).error_code == 11206


@pytest.mark.asyncio
async def test_a_stale_connection_is_no_failure(service: WebhookService, recorder: Recorder) -> None:
    """When the server closes an idle connection as it is used again, the request goes out once more on a new one."""
    connections = 0
    tokens = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<Response/>")
        head = await reader.readuntil(b"\r\n\r\n") if connections == 1 else b""
        tokens.append(head)

    async with raw_server(script) as url:
        await service.fetch(ask(url))
        await service.fetch(ask(url))
    assert connections == 2
    assert [entry.detail["code"] for entry in recorder.entries] == [200, 200]


@pytest.mark.asyncio
async def test_refused_connections_are_11202(service: WebhookService) -> None:
    """A port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        caught = await failure(service, url)
    assert caught.error_code == 11202
    assert caught.url == url


@pytest.mark.asyncio
async def test_unknown_hosts_are_11210(service: WebhookService) -> None:
    """A name that cannot exist (RFC 6761 .invalid)."""
    caught = await failure(service, "http://nowhere.invalid/")
    assert caught.error_code == 11210


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "",
        "/voice",
        "ftp://a.example/",
        "http://",
        "http:///x",
        "http://a.example:99999/",
        "http://a b.example/",
        "http://a.example/x\ny",
        "http://[::1/",
        "http://a.example/" + "x" * 9000,
        "http://" + "a" * 70 + "é.example/",
    ],
)
async def test_impossible_urls_are_11100(service: WebhookService, url: str) -> None:
    """What is no absolute http URL is refused before anything is sent."""
    assert (await failure(service, url)).error_code == 11100


@pytest.mark.asyncio
async def test_silence_ends_with_the_total_limit(open_service: Opener, recorder: Recorder) -> None:
    """A server that never answers is 11205 after the total limit; with `tt` in the fragment it is 11203."""

    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    service = await open_service(total=0.1)
    async with raw_server(script) as url:
        assert (await failure(service, url)).error_code == 11205
        assert (await failure(service, url + "#tt=100")).error_code == 11203
    assert all("within 0.1 s" in entry.detail["error"] for entry in recorder.entries)


@pytest.mark.asyncio
async def test_a_dripping_body_ends_with_the_total_limit(open_service: Opener) -> None:
    """A body that comes byte by byte does not outlast the total limit."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), 0.01)

    service = await open_service(total=0.1)
    async with raw_server(script) as url:
        assert (await failure(service, url)).error_code == 11205


@pytest.mark.asyncio
async def test_connect_timeouts_are_tried_twice(open_service: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that times out is tried once more, then the request fails with 11201."""
    attempts = 0

    async def never(*_: object, **__: object) -> None:
        nonlocal attempts
        attempts += 1
        await asyncio.Event().wait()

    service = await open_service(connect_timeout=0.05)
    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", never)
    caught = await failure(service, "http://127.0.0.1:9/")
    assert (caught.error_code, attempts) == (11201, 2)


@pytest.mark.asyncio
async def test_overrides_retry_on_5xx(service: WebhookService, application: Application) -> None:
    """`#rc=2&rp=5xx` asks up to three times, with one idempotency token."""
    url = application.on("/bad", status=503)
    assert (await failure(service, url + "#rc=2&rp=5xx,ct")).http_code == 503
    tokens = {seen.headers["I-Twilio-Idempotency-Token"] for seen in application.seen}
    assert (len(application.seen), len(tokens)) == (3, 1)


@pytest.mark.asyncio
async def test_private_addresses_can_be_refused(open_service: Opener, application: Application) -> None:
    """With allow_private_addresses = false nothing is sent to loopback, by address, name or redirect."""
    service = await open_service(allow_private_addresses=False)
    port = application.base.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        caught = await failure(service, f"http://{host}:{port}/")
        assert caught.error_code == 11210
        assert "allow_private_addresses is false" in str(caught)
    assert application.seen == []


@pytest.mark.asyncio
async def test_each_request_is_on_the_timeline(
    service: WebhookService, application: Application, recorder: Recorder
) -> None:
    """Redirects are entries of their own; no entry holds the account's token or a password."""
    url = application.on("/from", status=302, headers={"Location": "/to"})
    await service.fetch(ask(url.replace("://", "://user:secret@"), CallSid="CA1"))
    assert [entry.kind for entry in recorder.entries] == [Kind.WEBHOOK, Kind.WEBHOOK]
    first, second = (entry.detail for entry in recorder.entries)
    assert (first["purpose"], first["method"], first["url"], first["code"]) == ("voice", "POST", url, 302)
    assert first["parameters"] == {"CallSid": "CA1"}
    assert (second["method"], second["code"], second["body"]) == ("GET", 200, "<Response/>")
    assert "secret" not in repr(recorder.entries)
    assert TOKEN not in repr(recorder.entries)


@pytest.mark.asyncio
async def test_a_cancelled_request_is_on_the_timeline(
    service: WebhookService, application: Application, recorder: Recorder
) -> None:
    """When the call ends while its document is awaited, the entry says so."""
    arrived = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    application.answers["/slow"] = slow
    task = asyncio.get_running_loop().create_task(service.fetch(ask(application.base + "/slow")))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorder.entries[0].detail["error"] == "given up, since the call moved on"

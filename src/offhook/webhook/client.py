"""The HTTP client for webhooks: time limits, redirects, challenge, cookies and signature (contract 1 §7.3 to §7.5)."""

import asyncio
import uuid
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from offhook.calls.errors import WebhookFailed
from offhook.model.call import HttpMethod
from offhook.model.signature import sign
from offhook.webhook import failures
from offhook.webhook.addresses import PublicResolver, check_literal
from offhook.webhook.body import read_body
from offhook.webhook.limits import WebhookLimits
from offhook.webhook.order import FOLLOWED, HttpAnswer, RequestOrder
from offhook.webhook.overrides import RequestTiming, RetryCause, split_overrides
from offhook.webhook.trace import WebhookTrace
from offhook.webhook.url import RequestUrl, encode_form, parse_url, redact

_FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class WebhookClient:
    """One pool of connections for all calls; make it on the running loop and `close` it."""

    def __init__(self, trace: WebhookTrace, limits: WebhookLimits, *, allow_private_addresses: bool) -> None:
        self._trace = trace
        self._limits = limits
        self._allows_private = allow_private_addresses
        resolver = ThreadedResolver()
        connector = aiohttp.TCPConnector(
            limit=limits.connections,
            keepalive_timeout=limits.idle,
            resolver=resolver if allow_private_addresses else PublicResolver(resolver),
        )
        reuse = aiohttp.TraceConfig()
        reuse.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"},
            skip_auto_headers=("Accept-Encoding",),
            auto_decompress=False,
            read_bufsize=limits.document_size,
            trace_configs=[reuse],
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def request(self, order: RequestOrder) -> HttpAnswer:
        """Deliver `order` and return the last answer, of whatever code but redirects. Raises WebhookFailed."""
        bare, timing = split_overrides(order.url, self._limits)
        url = parse_url(bare, self._limits.url_length)
        return await _Delivery(self, order, timing).run(url)

    async def exchange(
        self, order: RequestOrder, url: RequestUrl, timing: RequestTiming, headers: Mapping[str, str]
    ) -> HttpAnswer:
        """One request and its answer, without redirects. Raises aiohttp's errors and PrivateAddress."""
        if not self._allows_private:
            check_literal(url.host)
        wire_url = URL(url.text, encoded=True)
        reuse = _Reuse()
        try:
            return await self._send(order, wire_url, timing, headers, reuse)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            # An idle connection may be closed by the server just as we use it; that is no failure of the application.
            # The idempotency token lets it notice a repetition in the rare case that it did read the request.
            if not reuse.happened or isinstance(error, aiohttp.ClientConnectorError):
                raise
            return await self._send(order, wire_url, timing, {**headers, "Connection": "close"}, _Reuse())

    async def _send(
        self, order: RequestOrder, url: URL, timing: RequestTiming, headers: Mapping[str, str], reuse: "_Reuse"
    ) -> HttpAnswer:
        body = encode_form(order.parameters).encode() if order.method is HttpMethod.POST else None
        async with self._session.request(
            order.method.value,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(sock_connect=timing.connect, sock_read=timing.read),
            trace_request_ctx=reuse,
        ) as response:
            order.memory.keep(response.cookies, url)
            return await read_body(order, response)

    def headers_of(self, order: RequestOrder, url: RequestUrl, token: str) -> dict[str, str]:
        """The headers of one request; the signature covers the URL as it is sent, and the form of a POST."""
        headers = {"I-Twilio-Idempotency-Token": token, **order.headers}
        cookies = order.memory.cookies_for(URL(url.text, encoded=True))
        if cookies:
            headers["Cookie"] = cookies
        is_post = order.method is HttpMethod.POST
        if is_post:
            headers["Content-Type"] = _FORM
        if order.auth_token is not None:
            headers["X-Twilio-Signature"] = sign(order.auth_token, url.text, order.parameters if is_post else None)
        return headers

    @property
    def limits(self) -> WebhookLimits:
        """The numbers this client goes by."""
        return self._limits

    @property
    def trace(self) -> WebhookTrace:
        """Where requests are recorded."""
        return self._trace


class _Delivery:
    """One order on its way: follows redirects, answers a challenge, repeats, and records each request."""

    def __init__(self, client: WebhookClient, order: RequestOrder, timing: RequestTiming) -> None:
        self._client = client
        self._order = order
        self._timing = timing
        self._token = str(uuid.uuid4())
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._current = (order, redact(order.url))

    async def run(self, url: RequestUrl) -> HttpAnswer:
        """The last answer. Raises WebhookFailed."""
        try:
            return await self._within_total(url)
        except WebhookFailed as error:
            self._failed(str(error))
            raise
        except asyncio.CancelledError:
            self._failed("given up, since the call moved on")
            raise
        except (aiohttp.ClientError, failures.TotalTimeout, OSError, ValueError) as error:
            failure = failures.translate(error, self._current[1], self._timing)
            self._failed(str(failure))
            raise failure from error

    async def _within_total(self, url: RequestUrl) -> HttpAnswer:
        limit = asyncio.timeout(self._timing.total)
        try:
            async with limit:
                return await self._repeat(url)
        except TimeoutError as error:
            if limit.expired():
                raise failures.TotalTimeout from error
            raise

    async def _repeat(self, url: RequestUrl) -> HttpAnswer:
        for retries_left in range(self._timing.retries, -1, -1):
            try:
                answer = await self._follow(url)
            except (aiohttp.ClientError, OSError) as error:
                if not retries_left or failures.retry_cause(error) not in self._timing.retry_on:
                    raise
            else:
                if not retries_left or _cause_of(answer.code) not in self._timing.retry_on:
                    return answer
        raise AssertionError("the last attempt returns or raises")

    async def _follow(self, url: RequestUrl) -> HttpAnswer:
        order = self._order
        if order.method is HttpMethod.GET:
            url = url.with_query(order.parameters)
        for _ in range(self._client.limits.redirects + 1):
            answer = await self._ask(order, url)
            if not 300 <= answer.code < 400 or (answer.code == 304 and self._order.headers):  # noqa: PLR2004 - RFC 9110
                return answer
            location = answer.headers.get("Location")
            if answer.code not in FOLLOWED or not location:
                reason = "without Location" if answer.code in FOLLOWED else "only 301, 302, 303 and 307 are followed"
                message = f"{answer.url} answered {answer.code}: {reason}"
                raise WebhookFailed(failures.INVALID_REDIRECT, message, url=answer.url, http_code=answer.code)
            url = url.follow(location, self._client.limits.url_length)
            order = order.redirected(answer.code)
        message = f"{self._current[1]}: more than {self._client.limits.redirects} redirects"
        raise WebhookFailed(failures.TOO_MANY_REDIRECTS, message, url=self._current[1], http_code=answer.code)

    async def _ask(self, order: RequestOrder, url: RequestUrl) -> HttpAnswer:
        headers = self._client.headers_of(order, url, self._token)
        answer = await self._exchange(order, url, headers)
        # Contract 1 §7.3: credentials are never sent unasked.
        challenges = ", ".join(answer.headers.getall("WWW-Authenticate", []))
        if answer.code == 401 and url.username and "basic" in challenges.lower():  # noqa: PLR2004 - RFC 9110
            credentials = b64encode(f"{url.username}:{url.password}".encode()).decode()
            answer = await self._exchange(order, url, {**headers, "Authorization": f"Basic {credentials}"})
        return answer

    async def _exchange(self, order: RequestOrder, url: RequestUrl, headers: Mapping[str, str]) -> HttpAnswer:
        self._current = (order, url.text)
        self._began = self._loop.time()
        answer = await self._client.exchange(order, url, self._timing, headers)
        self._client.trace.answered(order, url.text, answer, self._loop.time() - self._began)
        if not answer.is_complete and order.is_body_wanted:
            limit = order.size_limit(answer.content_type)
            code = failures.BODY_TOO_LARGE if limit == order.document_size else failures.RETRIEVAL_FAILURE
            raise WebhookFailed(code, f"{url.text} answered with more than {limit} bytes", url=url.text)
        return answer

    def _failed(self, reason: str) -> None:
        order, url = self._current
        self._client.trace.failed(order, url, reason, self._loop.time() - self._began)


class _Reuse:
    """Notes whether a request went out on a connection that had served another."""

    __slots__ = ("happened",)

    def __init__(self) -> None:
        self.happened = False


async def _note_reuse(_session: aiohttp.ClientSession, context: Any, _parameters: Any) -> None:
    context.trace_request_ctx.happened = True


def _cause_of(code: int) -> RetryCause | None:
    match code // 100:
        case 4:
            return RetryCause.CLIENT_ERROR
        case 5:
            return RetryCause.SERVER_ERROR
        case _:
            return None

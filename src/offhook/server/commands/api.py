"""The REST API as commands use it: where it is, whose credentials, and its answers as values."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp
import msgspec

from offhook.model.sids import CallSid
from offhook.model.timeline import TimelineEntry
from offhook.model.webhook import API_VERSION
from offhook.server.accounts import FILE, load_accounts
from offhook.server.addresses import split_address
from offhook.server.commands.errors import CommandFailed, NotRunning, Refused
from offhook.server.config import Config, load
from offhook.sip.uri import print_host

Result = TypeVar("Result")

LIMIT = 20.0  # seconds for one answer
LARGEST_PAGE = 1000
LARGEST_FAMILY = 50
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What commands show of a call; the dates are as the API wrote them."""

    sid: CallSid
    status: str
    direction: str
    to: str
    from_: str = msgspec.field(name="from")
    start_time: str | None = None
    date_created: str | None = None
    duration: str | None = None
    parent_call_sid: str | None = None


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    calls: tuple[Call, ...]
    next_page_uri: str | None = None


class _Timeline(msgspec.Struct, frozen=True, kw_only=True):
    timeline: tuple[dict[str, Any], ...]


class _Complaint(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    code: int = 0


class Api:
    """A client of one account at one platform. Every method raises CommandFailed."""

    def __init__(self, session: aiohttp.ClientSession, url: str, account_sid: str) -> None:
        self._session = session
        self._url = url
        self._path = f"/{API_VERSION}/Accounts/{account_sid}"

    async def place(self, parameters: Mapping[str, str]) -> Call:
        """Place a call."""
        return _read(await self._ask("POST", f"{self._path}/Calls.json", parameters), Call)

    async def call(self, sid: str) -> Call:
        """One call."""
        return _read(await self._ask("GET", f"{self._path}/Calls/{sid}.json"), Call)

    async def calls(self, filters: Mapping[str, str], limit: int) -> list[Call]:
        """The newest calls that fit."""
        query = {**filters, "PageSize": str(min(limit, LARGEST_PAGE))}
        page = _read(await self._ask("GET", f"{self._path}/Calls.json", query), CallPage)
        found = list(page.calls)
        while page.next_page_uri and len(found) < limit:
            page = _read(await self._ask("GET", page.next_page_uri), CallPage)
            found += page.calls
        return found[:limit]

    async def timeline(self, sid: CallSid) -> list[TimelineEntry]:
        """A call's entries, oldest first, each with the call's SID."""
        body = await self._ask("GET", f"{self._path}/Calls/{sid}/Timeline.json")
        return [_convert({**entry, "call_sid": sid}) for entry in _read(body, _Timeline).timeline]

    async def _ask(self, method: str, path: str, values: Mapping[str, str] | None = None) -> bytes:
        sent: dict[str, Any] = {"data": values} if method == "POST" else {"params": values}
        try:
            async with self._session.request(method, urljoin(self._url, path), allow_redirects=False, **sent) as answer:
                body = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise NotRunning(self._url) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or "no answer in time"
            raise CommandFailed(f"{self._url} did not answer ({reason}): is it offhook that listens there?") from error
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
            raise self._refusal(answer.status, body)
        return body

    def _refusal(self, status: int, body: bytes) -> CommandFailed:
        if status == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2
            return CommandFailed(
                f"the offhook at {self._url} does not know this account: "
                "use the configuration and the data folder (OFFHOOK_DATA) that it runs with"
            )
        try:
            complaint = msgspec.json.decode(body, type=_Complaint)
        except msgspec.DecodeError:
            return Refused(status, 0, f"{status}: is it offhook that listens at {self._url}?")
        return Refused(status, complaint.code, complaint.message)


def _read(body: bytes, kind: type[Result]) -> Result:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise _unreadable("answer", error) from error


def _convert(entry: dict[str, Any]) -> TimelineEntry:
    try:
        return msgspec.convert(entry, TimelineEntry)
    except msgspec.ValidationError as error:
        raise _unreadable("timeline", error) from error


def _unreadable(what: str, error: Exception) -> CommandFailed:
    return CommandFailed(f"the {what} could not be read ({error}): use the offhook command of the same version")


def address_of(config: Config) -> str:
    """Where the platform of this configuration listens, seen from this machine. Raises CommandFailed."""
    listen = config.settings.http.listen
    host, port = split_address(listen) or ("", 0)
    if not port:
        raise CommandFailed(f"http.listen is {listen}, which is no fixed port: give it one to be found at")
    return f"http://{print_host(WILDCARDS.get(host, host), port)}"


def credentials_of(config: Config) -> tuple[str, str]:
    """The first account and its token; none is made here. Raises CommandFailed, StartFailed."""
    if not config.settings.account and not (config.data / FILE).exists():
        raise CommandFailed(
            f"no offhook has run with the data folder {config.data}: "
            "start one with `offhook serve`, or name its folder in OFFHOOK_DATA or its file with --config"
        )
    return next(iter(load_accounts(config).items()))


@asynccontextmanager
async def open_api(config: Path | None) -> AsyncIterator[Api]:
    """The API of the platform that runs with this configuration. Raises OffhookError."""
    loaded = load(config)
    sid, token = credentials_of(loaded)
    headers = {"Authorization": aiohttp.encode_basic_auth(sid, token), "Accept": "application/json"}
    timeout = aiohttp.ClientTimeout(total=LIMIT)
    # Proxies of the environment are not for what runs on this machine: trust_env stays off.
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Api(session, address_of(loaded), sid)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part."""
    return asyncio.run(work)


async def family(api: Api, sid: str) -> Sequence[Call]:
    """A call and the calls that it made, and theirs, oldest first in each generation. Raises CommandFailed."""
    found = [await api.call(sid)]
    for one in found:  # grows while it is walked
        if len(found) >= LARGEST_FAMILY:
            break
        children = await api.calls({"ParentCallSid": one.sid}, LARGEST_FAMILY)
        known = {call.sid for call in found}
        found += [child for child in reversed(children) if child.sid not in known]
    return found[:LARGEST_FAMILY]

"""What the API stands on: the exchange and the store behind it, the accounts it lets in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiohttp import web

from offhook.calls.exchange import PlaceCall
from offhook.calls.ports import Clock, ConferenceStore, ProgramStart, Store, Timeline, Tokens, TranscriptStore
from offhook.calls.recording import Recording, RecordingOrder
from offhook.calls.stream import MediaStream, StreamOrder
from offhook.calls.transcription import Transcription, TranscriptionOrder
from offhook.model.call import CallRecord, StatusCallback, WebhookTarget
from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid, CallSid


class ExchangeCommands(Protocol):
    """The part of calls.exchange.Exchange that the API commands."""

    async def place(self, order: PlaceCall) -> CallRecord:
        """Place a call; its record is durable. Raises CallError."""

    async def redirect(self, account_sid: AccountSid, call_sid: CallSid, start: ProgramStart) -> CallRecord:
        """Let a call in progress run another document. Raises CallNotFound, IllegalCallState."""

    async def hang_up(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """End a call whatever its state. Raises CallNotFound, IllegalCallState."""

    async def cancel(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """End a call that is not answered. Raises CallNotFound."""

    async def change_settings(
        self,
        account_sid: AccountSid,
        call_sid: CallSid,
        *,
        fallback: WebhookTarget | None = None,
        status_callback: StatusCallback | None = None,
        time_limit: float | None = None,
    ) -> CallRecord:
        """Replace settings of a live call. Raises CallNotFound, IllegalCallState."""

    async def transcribe(self, account_sid: AccountSid, call_sid: CallSid, order: TranscriptionOrder) -> Transcription:
        """Begin to transcribe a call in progress. Raises CallNotFound, IllegalCallState."""

    async def transcription(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Transcription | None:
        """A transcription of a live call, by SID or name. Raises CallNotFound."""

    async def stream(self, account_sid: AccountSid, call_sid: CallSid, order: StreamOrder) -> MediaStream:
        """Begin to stream a call in progress. Raises CallNotFound, IllegalCallState."""

    async def begin_recording(self, account_sid: AccountSid, call_sid: CallSid, order: RecordingOrder) -> Recording:
        """Begin to record a call in progress. Raises CallNotFound, IllegalCallState."""

    async def find_recording(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Recording | None:
        """A recording of a live call. Raises CallNotFound, IllegalCallState."""

    async def find_stream(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> MediaStream | None:
        """A stream of a live call, by SID or name. Raises CallNotFound."""


class RecordingMedia(Protocol):
    """The files of recordings; satisfied by net.recording_files."""

    async def form(self, sid: str, *, is_mixed: bool, is_mp3: bool) -> Path:
        """The file with this form of a recording, made when it is not there. Raises FileNotFoundError without one."""

    async def delete(self, sid: str) -> None:
        """Remove a file; nothing happens when there is none."""


class ProvisionedResources(Protocol):
    """What accounts have set up; satisfied by store.provisioned."""

    async def add(self, resource: Provisioned) -> None:
        """Write a new one. Raises NameTaken, StoreFailed."""

    async def change(self, resource: Provisioned) -> None:
        """Write a newer state. Raises NameTaken, StoreFailed."""

    async def fetch(self, kind: str, sid: str, parent_sid: str = "") -> Provisioned | None:
        """One of them, of whichever account. Raises StoreFailed."""

    async def every(self, kind: str) -> Sequence[Provisioned]:
        """All of a kind, oldest first. Raises StoreFailed."""

    async def page(
        self, account_sid: str, kind: str, parent_sid: str, filters: Mapping[str, str], size: int, token: str | None
    ) -> tuple[Sequence[Provisioned], str | None]:
        """One page, newest first, and the token of the next. Raises BadPageToken, StoreFailed."""

    async def count(self, account_sid: str, kind: str, parent_sid: str = "") -> int:
        """How many an account has. Raises StoreFailed."""

    async def uses(self, kind: str, sid: str) -> int:
        """How many of a kind have this SID, or are named by it. Raises StoreFailed."""

    async def remove(self, kind: str, sid: str, parent_sid: str = "") -> None:
        """Forget one, and what stands in it. Raises StoreFailed."""


async def nothing_follows(_: Provisioned) -> None:
    """For a world in which nobody goes by what is set up."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Whose a key is, and the hash of its secret."""

    account_sid: AccountSid
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestLimits:
    """Numbers the API goes by; sizes in bytes, durations in seconds."""

    body_size: int = 128 * 1024  # 4000 characters of TwiML, each nine bytes once encoded, and room for the rest
    fields: int = 1000
    body_timeout: float = 15.0
    concurrent_requests: int = 2000
    idle: float = 75.0
    header_size: int = 16 * 1024  # of the request line, and of one header field


@dataclass(frozen=True, slots=True, kw_only=True)
class RestWorld:
    """Everything requests are answered from.

    `accounts` are SIDs with their auth tokens, `keys` the API keys by SID; `owners` says whose a subaccount is.
    `sip_domain` is what SIP Domains stand below, `api_url` where all this is reached; `changed` is told of what was set
    up, changed or removed.
    """

    exchange: ExchangeCommands
    store: Store
    recordings: RecordingMedia
    transcripts: TranscriptStore
    conferences: ConferenceStore
    accounts: Mapping[AccountSid, str]
    clock: Clock
    tokens: Tokens
    timeline: Timeline
    provisioned: ProvisionedResources
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    owners: Mapping[AccountSid, AccountSid] = field(default_factory=dict)
    sip_domain: str = "sip.localhost"
    api_url: str = "http://127.0.0.1:8080"
    changed: Callable[[Provisioned], Awaitable[None]] = nothing_follows
    limits: RestLimits = RestLimits()


WORLD = web.AppKey("world", RestWorld)

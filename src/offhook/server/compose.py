"""Builds the platform and joins its parts; the only module that knows all packages."""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web
from aiohttp.resolver import ThreadedResolver

from offhook.calls.events import MediaEvent, SignallingEvent
from offhook.calls.exchange import Exchange
from offhook.calls.redirects import RedirectRules
from offhook.calls.transcriber import Transcriber, TranscriberLimits
from offhook.calls.world import CallSettings, World, status_of_code
from offhook.interpreter.run import Program
from offhook.media.codec_names import codecs_named
from offhook.model.sids import AccountSid
from offhook.net.clock import SystemClock
from offhook.net.media_service import MediaEdge, MediaService, PlaneSettings
from offhook.net.media_stream import StreamClient, anybody
from offhook.net.recording_files import RecordingFolder, recordings_folder
from offhook.net.recording_shelf import Shelf
from offhook.net.recording_uploads import RecordingUploads
from offhook.net.sip_service import SipService
from offhook.net.stream_socket import MediaStreamLimits
from offhook.net.tls import Tls
from offhook.net.tokens import SystemTokens
from offhook.rest.app import make_app, make_runner
from offhook.rest.world import RestWorld
from offhook.server.accounts import load_accounts
from offhook.server.addresses import split_address, split_ports
from offhook.server.config import Config
from offhook.server.dialplan import dialplan
from offhook.server.errors import StartFailed
from offhook.server.health import add_health, add_metrics
from offhook.server.protection import protection
from offhook.server.provisions import Provisions
from offhook.server.settings import Edge, Settings
from offhook.server.signalling import resolver, sip_edge
from offhook.server.speech import open_speech
from offhook.server.tls import open_tls
from offhook.sip.authenticator import Proof
from offhook.sip.guard_settings import Refusal, Strike
from offhook.sip.overload import Pressure
from offhook.sip.protection import Protection
from offhook.speech.tasks import ProviderTasks
from offhook.store.sqlite import SqliteStore, open_store, path_of
from offhook.telemetry.guard_metrics import GuardTold
from offhook.telemetry.metrics import Metrics
from offhook.telemetry.timeline import TimelineRecorder
from offhook.webhook.addresses import PublicResolver, check_literal
from offhook.webhook.limits import WebhookLimits
from offhook.webhook.service import WebhookService, WebhookWorld, open_webhooks

CLOCK, TOKENS = SystemClock(), SystemTokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The running whole; `address` is where the REST API really listens."""

    config: Config
    accounts: Mapping[AccountSid, str]
    exchange: Exchange
    media: MediaService
    recovered: int
    address: str
    tls: Tls | None = None


@asynccontextmanager
async def open_platform(config: Config) -> AsyncIterator[Platform]:
    """The whole platform on the running loop, from the first socket to the last. Raises OffhookError."""
    settings, accounts = config.settings, dict(load_accounts(config))
    tls = await asyncio.to_thread(open_tls, config, CLOCK.now())
    plan = dialplan(settings, accounts)

    def hear(event: SignallingEvent) -> None:
        exchange.receive_signalling(event)

    def listen(event: MediaEvent) -> None:
        exchange.receive_media(event)

    async with AsyncExitStack() as stack:
        store, webhooks, timeline = await open_records(stack, config, accounts)
        media = open_media(stack, settings, listen)
        guarded = protection(settings, secrets.token_bytes(32))
        edges = {edge.name: sip_edge(edge, settings, tls) for edge in settings.edge}
        sip = SipService(edges, timeline, CLOCK, TOKENS, hear, resolver=resolver(settings.dns), protection=guarded)
        speech, recogniser = await open_speech(stack, settings, config.data)
        sockets = await open_streams(stack, settings, accounts)
        recordings = open_recordings(stack, settings, config.data)
        world = World(
            signalling=sip,
            media=media,
            webhooks=webhooks,
            speech=speech,
            recogniser=recogniser,
            sockets=sockets,
            recordings=recordings,
            store=store,
            timeline=timeline,
            clock=CLOCK,
            tokens=TOKENS,
            settings=call_settings(settings),
        )
        transcriber = await open_transcriber(stack, world, store, settings)
        world = replace(world, transcriber=transcriber)
        exchange = Exchange(world, Program(), plan)
        provisions = Provisions(store.provisioned, CLOCK, accounts, plan.directory, exchange.publish)
        await provisions.load()
        stack.push_async_callback(sip.close)
        await sip.start()
        stack.push_async_callback(end_calls, exchange, settings.limits.drain)
        recovered = await exchange.recover()
        await transcriber.resume()
        await exchange.mend_recordings()
        await recordings.start()
        app = make_app(
            RestWorld(
                exchange=exchange,
                recordings=recordings,
                store=store,
                transcripts=store.transcripts,
                conferences=store.conferences,
                accounts=accounts,
                clock=CLOCK,
                tokens=TOKENS,
                timeline=timeline,
                provisioned=store.provisioned,
                keys=provisions.keys,
                owners=provisions.owners,
                sip_domain=settings.sip.domain,
                api_url=world.settings.api_url,
                changed=provisions.changed,
            )
        )
        add_health(app, exchange)
        metrics = watch(exchange, media, timeline)
        watch_protection(metrics, guarded)
        add_metrics(app, metrics)
        address = await start_http(stack, app, settings.http.listen)
        # The callback above is for a start that fails. This one comes first: REST still answers, /readyz says closing.
        stack.push_async_callback(end_calls, exchange, settings.limits.drain)
        yield Platform(
            config=config,
            accounts=accounts,
            exchange=exchange,
            media=media,
            recovered=recovered,
            address=address,
            tls=tls,
        )


async def open_records(
    stack: AsyncExitStack, config: Config, accounts: Mapping[AccountSid, str]
) -> tuple[SqliteStore, WebhookService, TimelineRecorder]:
    """What remembers and what tells; webhooks close before the store, so that their last words are kept."""
    settings = config.settings
    store = await open_store(path_of(settings.store.url, config.data))
    stack.push_async_callback(store.close)
    timeline = TimelineRecorder(store.append_timeline)
    webhooks = await open_webhooks(
        WebhookWorld(
            accounts=accounts,
            timeline=timeline,
            clock=CLOCK,
            tokens=TOKENS,
            add_notification=store.add_notification,
        ),
        webhook_limits(settings),
        allow_private_addresses=settings.webhook.allow_private_addresses,
    )
    stack.push_async_callback(webhooks.close)
    return store, webhooks, timeline


def open_media(stack: AsyncExitStack, settings: Settings, listen: Callable[[MediaEvent], None]) -> MediaService:
    """The media plane on its own threads."""
    media = MediaService(
        {edge.name: media_edge(edge) for edge in settings.edge},
        asyncio.get_running_loop(),
        listen,
        seed=secrets.randbits(64),
        settings=PlaneSettings(
            threads=settings.media.threads or spare_cores(),
            silence=settings.limits.media_silence,
            codecs=codecs_named(settings.media.codecs),
        ),
    )
    stack.callback(media.shut_down)
    return media


def open_recordings(stack: AsyncExitStack, settings: Settings, data: Path) -> RecordingFolder:
    """Where recordings are written, and how they get to where they are kept. Raises RecordingFailed."""
    place = settings.recordings
    folder = recordings_folder(place.url, data)
    is_here = place.url.startswith("file:")
    uploads = None if is_here else RecordingUploads(Shelf(place.url, place.options), folder, place.kept_bytes)
    recordings = RecordingFolder(folder, uploads)
    stack.push_async_callback(recordings.close)
    return recordings


async def open_transcriber(stack: AsyncExitStack, world: World, store: SqliteStore, settings: Settings) -> Transcriber:
    """What has recordings understood; what it has not done when it ends is left to the next process."""
    tasks = await stack.enter_async_context(ProviderTasks())
    place = settings.recordings
    limits = TranscriberLimits(at_once=place.transcriptions_at_once, waiting=place.transcriptions_waiting)
    return Transcriber(world, store.transcripts, tasks.run, limits)


async def open_streams(stack: AsyncExitStack, settings: Settings, accounts: Mapping[AccountSid, str]) -> StreamClient:
    """What connects media streams with the customer's servers, by the rules of webhooks."""
    streams, is_free = settings.streams, settings.webhook.allow_private_addresses
    client = StreamClient(
        accounts,
        resolver=None if is_free else PublicResolver(ThreadedResolver()),
        judge=anybody if is_free else check_literal,
        allows_plain=streams.allow_ws,
        limits=MediaStreamLimits(
            connect=streams.connect_timeout, waiting=streams.waiting, message=streams.message_bytes
        ),
    )
    await client.start()
    stack.push_async_callback(client.close)
    return client


def watch(exchange: Exchange, media: MediaService, timeline: TimelineRecorder) -> Metrics:
    """Count what happens and what there is."""
    metrics = Metrics()
    timeline.listen(metrics.receive)
    metrics.watch_calls(lambda: len(exchange.registry))
    metrics.watch_media(media.lateness, lambda: media.open_ports)
    return metrics


def watch_protection(metrics: Metrics, guarded: Protection) -> None:
    """Count what is kept out."""
    guard, overload = guarded.guard, guarded.overload
    checked = guarded.authenticator.checked if guarded.authenticator is not None else Counter[Proof]()
    loop = asyncio.get_running_loop()
    metrics.watch_guard(
        lambda: GuardTold(
            refused={reason.value: guard.refused[reason] for reason in Refusal},
            strikes={reason.value: guard.struck[reason] for reason in Strike},
            bans=guard.bans(loop.time()),
            bans_made=guard.bans_made,
            pressures={pressure.value: pressure in overload.pressures for pressure in Pressure},
            lateness=overload.lateness,
            checks={proof.value: checked[proof] for proof in Proof},
        )
    )


async def start_http(stack: AsyncExitStack, app: web.Application, listen: str) -> str:
    """Serve HTTP until the stack unwinds; the address that is really bound. Raises StartFailed."""
    runner = make_runner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    host, port = split_address(listen) or ("127.0.0.1", 0)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartFailed(f"http.listen {listen} cannot be bound ({reason}): stop what uses it or change it") from error
    bound_host, bound_port = runner.addresses[0][:2]
    return f"{bound_host}:{bound_port}"


async def end_calls(exchange: Exchange, limit: float) -> None:
    """Hang up what is still up, and wait for its last callbacks to be handed over; once, however often it is asked."""
    if not exchange.is_open:
        return
    try:
        async with asyncio.timeout(limit):
            await exchange.close()
    except TimeoutError:
        return


def call_settings(settings: Settings) -> CallSettings:
    """The settings that calls go by."""
    limits = settings.limits
    return CallSettings(
        ring_buffer=limits.ring_buffer,
        time_limit=limits.call_length,
        max_calls=limits.calls,
        sip_domain=settings.sip.domain,
        private_targets=settings.sip.private_targets,
        stream_queue=settings.streams.queue,
        api_url=(settings.http.public_url or f"http://{settings.http.listen}").rstrip("/"),
        redirects=RedirectRules(
            limit=settings.sip.redirects,
            allows_private=settings.sip.redirect_private and settings.sip.private_targets,
            own_domain=settings.sip.domain,
        ),
        ending_parameters=settings.webhook.ending_parameters,
        status_of_code=status_of_code(settings.calls.status_of_code),
    )


def webhook_limits(settings: Settings) -> WebhookLimits:
    """The settings that requests to the application go by."""
    webhook = settings.webhook
    return WebhookLimits(connect_timeout=webhook.connect_timeout, total=webhook.total_timeout)


def spare_cores() -> int:
    """One less than this process may run on: Python needs one for itself."""
    # Not everywhere can a process be kept to some of the cores.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def media_edge(edge: Edge) -> MediaEdge:
    """Where an edge's media leaves from."""
    host, _ = split_address(edge.sip) or ("", 0)
    low, high = split_ports(edge.media_ports) or (10000, 19999)
    address = edge.media or host
    return MediaEdge(address=address, low=low, high=high, advertise=edge.advertise or address)

"""Status callbacks: order per call, independence between calls, reports of failures (contract 1 §7.2)."""

import asyncio

import pytest
from aiohttp import web
from webhook_application import ACCOUNT, CALL, Application, Opener, Recorder

from offhook.calls.ports import CallbackRequest
from offhook.model.call import HttpMethod, WebhookTarget
from offhook.model.sids import CallSid
from offhook.model.timeline import Kind
from offhook.webhook.service import WebhookService

pytest_plugins = ["webhook_fixtures"]

OTHER_CALL = CallSid("CA" + "3" * 32)


def callback(url: str, number: int = 0, call_sid: CallSid = CALL, about: str = "") -> CallbackRequest:
    """A callback that carries a number."""
    return CallbackRequest(
        account_sid=ACCOUNT,
        call_sid=call_sid,
        target=WebhookTarget(url=url, method=HttpMethod.POST),
        parameters={"SequenceNumber": str(number)},
        event="completed",
        about=about,
    )


@pytest.mark.asyncio
async def test_callbacks_of_a_call_keep_their_order(service: WebhookService, application: Application) -> None:
    """The next callback of a call waits until the one before is answered; another call's does not."""
    gate = asyncio.Event()
    other_arrived = asyncio.Event()

    async def first(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response(status=204)

    async def other(_: web.Request) -> web.StreamResponse:
        other_arrived.set()
        return web.Response(status=204)

    application.answers.update({"/first": first, "/other": other})
    service.notify(callback(application.base + "/first", 0))
    for number in range(1, 5):
        service.notify(callback(application.base + "/next", number))
    service.notify(callback(application.base + "/other", 9, OTHER_CALL))
    await other_arrived.wait()
    assert "/next" not in [seen.path for seen in application.seen]
    gate.set()
    await service.close()
    mine = [dict(seen.form)["SequenceNumber"] for seen in application.seen if seen.path != "/other"]
    assert mine == ["0", "1", "2", "3", "4"]


@pytest.mark.asyncio
async def test_a_slow_receiver_of_one_thing_keeps_nothing_else_back(
    service: WebhookService, application: Application
) -> None:
    """What is told of a transcription waits for what was told of it before; the call's own callbacks do not."""
    gate, told = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.Response(status=204)

    async def call(_: web.Request) -> web.StreamResponse:
        told.set()
        return web.Response(status=204)

    application.answers.update({"/words": slow, "/call": call})
    for number in range(2):
        service.notify(callback(application.base + "/words", number, about="GT1"))
    service.notify(callback(application.base + "/call", 2))
    service.forget(CALL)
    await told.wait()
    assert [seen.path for seen in application.seen].count("/words") <= 1
    gate.set()
    await service.close()
    assert [dict(seen.form)["SequenceNumber"] for seen in application.seen if seen.path == "/words"] == ["0", "1"]
    assert len(service._callbacks._memories) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "count"), [(200, 0), (204, 0), (404, 1), (500, 1)])
async def test_error_answers_are_15003_warnings(
    service: WebhookService, application: Application, recorder: Recorder, status: int, count: int
) -> None:
    """4xx and 5xx are reported once as a warning, and nothing is sent again."""
    service.notify(callback(application.on("/cb", status=status)))
    await service.close()
    assert len(application.seen) == 1
    assert [(n.error_code, n.log, n.call_sid) for n in recorder.notifications] == [(15003, 1, CALL)] * count
    notices = [entry.detail for entry in recorder.entries if entry.kind is Kind.NOTICE]
    assert [(notice["error_code"], notice["level"]) for notice in notices] == [(15003, "warning")] * count


@pytest.mark.asyncio
async def test_an_unreachable_callback_does_not_stop_the_next(
    service: WebhookService, application: Application, recorder: Recorder
) -> None:
    """A failure of transport is reported as an error under its own code; the next callback goes out."""
    service.notify(callback("ftp://a.example/"))
    service.notify(callback(application.base + "/cb"))
    await service.close()
    assert len(application.seen) == 1
    assert [(n.error_code, n.log) for n in recorder.notifications] == [(11100, 0)]
    assert "LogLevel=ERROR" in recorder.notifications[0].message_text


@pytest.mark.asyncio
async def test_a_huge_answer_is_no_failure(
    service: WebhookService, application: Application, recorder: Recorder
) -> None:
    """The body of a callback's answer is ignored, whatever its size."""
    service.notify(callback(application.on("/cb", body=b"x" * 10_000_000)))
    await service.close()
    assert recorder.notifications == []


@pytest.mark.asyncio
async def test_the_queue_of_a_call_is_bounded(
    open_service: Opener, application: Application, recorder: Recorder
) -> None:
    """Callbacks beyond the limit are left out and reported."""
    service = await open_service(callbacks_waiting=2)
    for number in range(4):
        service.notify(callback(application.base + "/cb", number))
    await service.close()
    assert [dict(seen.form)["SequenceNumber"] for seen in application.seen] == ["0", "1"]
    assert len(recorder.notifications) == 2


@pytest.mark.asyncio
async def test_close_gives_up_after_the_drain_limit(open_service: Opener, application: Application) -> None:
    """A callback that is never answered does not keep the process from ending."""
    arrived = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    application.answers["/never"] = never
    service = await open_service(drain=0.01)
    service.notify(callback(application.base + "/never"))
    await arrived.wait()
    async with asyncio.timeout(2):
        await service.close()


@pytest.mark.asyncio
async def test_cookies_outlive_the_call_until_its_last_callback(
    service: WebhookService, application: Application
) -> None:
    """forget() waits for the queue: the last callback still carries the call's cookie, then nothing is kept."""
    service.notify(callback(application.on("/set", headers={"Set-Cookie": "a=b; Path=/"})))
    service.notify(callback(application.base + "/last"))
    service.forget(CALL)
    await service.close()
    assert application.seen[1].headers["Cookie"] == "a=b"
    assert len(service._callbacks._memories) == 0

"""Transcriptions of recordings: of an account, of a recording, as JSON, XML or text (contract 2 §7)."""

from aiohttp import web

from offhook.calls.ports import TranscriptPage
from offhook.model.transcript import Transcript
from offhook.model.webhook import API_VERSION
from offhook.rest import envelope
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import ResourceNotFound
from offhook.rest.listing import read_page
from offhook.rest.recordings import stored_recording
from offhook.rest.representation import account_path
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD


async def list_(request: web.Request) -> web.Response:
    """GET Transcriptions, of the account or of a recording: one page, newest first."""
    recording_sid = request.match_info.get("recording_sid")
    if recording_sid is not None:
        await stored_recording(request, recording_sid)
    extension, account_sid = extension_of(request), account_of(request)
    asked = read_page(_path(account_sid, recording_sid) + extension.value, request.query, ())
    found: TranscriptPage = await request.app[WORLD].transcripts.page(
        account_sid, recording_sid, asked.size, asked.token
    )
    shown = [transcript_resource(one, extension, is_of_recording=recording_sid is not None) for one in found.records]
    head = asked.envelope(len(shown), found.next_token)
    return envelope.page("transcriptions", "Transcription", shown, head, extension)


async def fetch(request: web.Request) -> web.Response:
    """GET one."""
    is_of_recording = "recording_sid" in request.match_info
    resource = transcript_resource(await _stored(request), extension_of(request), is_of_recording=is_of_recording)
    return envelope.instance(resource, "Transcription", extension_of(request))


async def fetch_text(request: web.Request) -> web.Response:
    """GET what one says, and nothing else."""
    return web.Response(text=(await _stored(request)).text, content_type="text/plain", charset="utf-8")


async def delete(request: web.Request) -> web.Response:
    """DELETE one: 204. One in progress is not told of any more."""
    transcript = await _stored(request)
    await request.app[WORLD].transcripts.delete(transcript.account_sid, transcript.sid)
    return web.Response(status=204)


async def _stored(request: web.Request) -> Transcript:
    found = await request.app[WORLD].transcripts.fetch(account_of(request), request.match_info["sid"])
    if found is None or request.match_info.get("recording_sid", found.recording_sid) != found.recording_sid:
        raise ResourceNotFound(request.path)
    return found


def _path(account_sid: str, recording_sid: str | None) -> str:
    parent = "" if recording_sid is None else f"/Recordings/{recording_sid}"
    return f"{account_path(account_sid)}{parent}/Transcriptions"


def transcript_resource(transcript: Transcript, extension: Extension, *, is_of_recording: bool) -> Resource:
    """A transcription, below its recording or its account."""
    path = _path(transcript.account_sid, transcript.recording_sid if is_of_recording else None)
    return {
        "account_sid": transcript.account_sid,
        "api_version": API_VERSION,
        "date_created": date(transcript.date_created),
        "date_updated": date(transcript.date_updated),
        "duration": str(transcript.duration),
        "price": None,
        "price_unit": "USD",
        "recording_sid": transcript.recording_sid,
        "sid": transcript.sid,
        "status": transcript.status.value,
        "transcription_text": transcript.text,
        "type": "fast",
        "uri": f"{path}/{transcript.sid}{extension.value}",
    }

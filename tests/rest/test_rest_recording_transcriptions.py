"""Transcriptions of recordings over REST, by hand and by Twilio's own SDK, in its published shapes (contract 2 §7)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from openapi import complaints
from rest_server import ACCOUNT, OTHER_ACCOUNT, TOKEN, Server
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid, CallSid
from offhook.model.transcript import Transcript, TranscriptStatus

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORDINGS = [f"RE{number:032x}" for number in range(2)]
TEXT = "call <me> tomorrow & naïvely"


def sid_of(number: int) -> str:
    """The SID of a transcript of `transcribed`."""
    return f"TR{number:032x}"


def transcribed(server: Server, count: int = 1, owner: AccountSid = ACCOUNT) -> None:
    """So many of two recordings by turns, a second apart."""
    for number, sid in enumerate(RECORDINGS):
        server.store.save_recording(
            RecordingRecord(
                sid=sid,
                account_sid=owner,
                call_sid=CallSid(f"CA{number:032x}"),
                status=RecordingStatus.COMPLETED,
                source="RecordVerb",
                channels=1,
                track="inbound",
                date_created=NOON,
                date_updated=NOON,
            )
        )
    for number in range(count):
        server.store.transcripts.add(
            Transcript(
                sid=sid_of(number),
                account_sid=owner,
                call_sid=CallSid(f"CA{number % 2:032x}"),
                recording_sid=RECORDINGS[number % 2],
                status=TranscriptStatus.COMPLETED,
                date_created=NOON + timedelta(seconds=number),
                date_updated=NOON,
                duration=7,
                text=TEXT,
            )
        )


@pytest.mark.parametrize("parent", ["", f"Recordings/{RECORDINGS[0]}/"])
async def test_every_answer_fits_the_published_shape(server: Server, parent: str) -> None:
    """Fetched, listed and deleted, below the account and below the recording."""
    transcribed(server, 3)
    base = f"/2010-04-01/Accounts/{ACCOUNT}/{parent}Transcriptions"
    for verb, path, expected in (
        ("get", f"/{sid_of(0)}.json", 200),
        ("get", ".json", 200),
        ("delete", f"/{sid_of(0)}.json", 204),
    ):
        status, body = await server.request(verb.upper(), f"{parent}Transcriptions{path}")
        assert (status, complaints(verb, base + path, status, body)) == (expected, [])
    assert (await server.request("GET", f"{parent}Transcriptions/{sid_of(0)}.json"))[0] == 404
    assert (await server.request("DELETE", f"{parent}Transcriptions/{sid_of(0)}.json"))[0] == 404


async def test_what_one_says(server: Server) -> None:
    """Every field."""
    transcribed(server)
    status, body = await server.request("GET", f"Transcriptions/{sid_of(0)}.json")
    assert (status, body) == (
        200,
        {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "date_created": "Sun, 01 Mar 2026 12:00:00 +0000",
            "date_updated": "Sun, 01 Mar 2026 12:00:00 +0000",
            "duration": "7",
            "price": None,
            "price_unit": "USD",
            "recording_sid": RECORDINGS[0],
            "sid": sid_of(0),
            "status": "completed",
            "transcription_text": TEXT,
            "type": "fast",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Transcriptions/{sid_of(0)}.json",
        },
    )


async def test_xml_and_text(server: Server) -> None:
    """Without an extension it is XML, and text alone with .txt."""
    transcribed(server)
    async with server.get(f"Transcriptions/{sid_of(0)}.txt") as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/plain", TEXT)
    for extension in ("", ".xml"):
        _, text = await server.request("GET", f"Transcriptions/{sid_of(0)}{extension}")
        assert "<Transcription><AccountSid>" in text
        assert "<TranscriptionText>call &lt;me&gt; tomorrow &amp; naïvely</TranscriptionText>" in text
        _, text = await server.request("GET", f"Recordings/{RECORDINGS[0]}/Transcriptions{extension}")
        assert text.count("<Transcription>") == 1


async def test_the_sdk_reads_and_deletes(server: Server) -> None:
    """Every one on one page, those of a recording, and one of them."""
    transcribed(server, 7)

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        assert [one.sid for one in client.transcriptions.stream(page_size=3)] == [
            sid_of(number) for number in reversed(range(7))
        ]
        of_recording = client.recordings(RECORDINGS[1]).transcriptions
        assert [one.sid for one in of_recording.stream(page_size=2)] == [sid_of(number) for number in (5, 3, 1)]
        one = of_recording(sid_of(3)).fetch()
        assert (one.transcription_text, one.status, one.recording_sid) == (TEXT, "completed", RECORDINGS[1])
        assert of_recording(sid_of(3)).delete()
        assert client.transcriptions(sid_of(2)).delete()
        assert len(client.transcriptions.list()) == 5
        http_client.session.close()

    await asyncio.to_thread(work)


async def test_what_is_not_there(server: Server) -> None:
    """Of other accounts, of other recordings, of none; and a token that is no page's."""
    transcribed(server)
    for path in (
        f"Transcriptions/{sid_of(9)}.json",
        f"Transcriptions/{sid_of(9)}.txt",
        f"Recordings/{RECORDINGS[1]}/Transcriptions/{sid_of(0)}.json",
        f"Recordings/RE{9:032x}/Transcriptions.json",
    ):
        assert (await server.request("GET", path))[0] == 404, path
    theirs = f"{server.url}/2010-04-01/Accounts/{OTHER_ACCOUNT}/Transcriptions/{sid_of(0)}.json"
    assert (await server.request("GET", theirs, auth=(OTHER_ACCOUNT, "other")))[0] == 404
    assert (await server.request("GET", "Transcriptions.json?PageToken=nonsense"))[0] == 400

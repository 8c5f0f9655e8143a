"""What of a `To` is on the wire: the mission's rows on headers, User-to-User, standard headers and edges, byte by byte.

Every call is placed through REST with Twilio's SDK and caught on a socket that is not ours.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from whole_platform import calling, running_platform, sdk

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]


async def invite(folder: Path, *targets: str) -> list[tuple[list[bytes], str, Any]]:
    """The header lines of the INVITE of each target, the host it came from, and the call as the SDK has it."""
    caught = []
    async with running_platform(folder) as platform, calling(486) as (callee, address), sdk(platform) as twilio:
        for target in targets:
            to = target.replace("HOST", address)
            call = await twilio.run(
                lambda client, to=to: client.calls.create(to=to, from_="alice", twiml="<Response/>")  # type: ignore[misc]
            )
            async with asyncio.timeout(5):
                data, source = await callee.received.get()
            caught.append((data.partition(b"\r\n\r\n")[0].split(b"\r\n"), source[0], call))
    return caught


HEADERS = {
    "?x-myotherheader=bar": [b"x-myotherheader: bar"],
    "?x-foo=bar&X-Second=2": [b"x-foo: bar", b"X-Second: 2"],
    "?X-customName=Bob%2CShield%2BTitle%2DManager&X-otherHeader=true": [
        b"X-customName: Bob,Shield+Title-Manager",
        b"X-otherHeader: true",
    ],
    "?User-to-User=123456789%3Bencoding%3Dhex": [b"User-to-User: 123456789;encoding=hex"],
    "?X-User-to-User=123456789%3Bencoding%3Dhex": [b"X-User-to-User: 123456789;encoding=hex"],
    "?Remote-Party-ID=%22Bob%22%20%3Csip%3Abob%40example.com%3E%3Bparty%3Dcalling": [
        b'Remote-Party-ID: "Bob" <sip:bob@example.com>;party=calling'
    ],
    "?P-Preferred-Identity=%3Csip%3Abob%40example.com%3E": [b"P-Preferred-Identity: <sip:bob@example.com>"],
    "?P-Called-Party-ID=%3Csip%3Abob%40example.com%3E": [b"P-Called-Party-ID: <sip:bob@example.com>"],
}


async def test_each_header_of_the_target_is_on_the_wire(tmp_path: Path) -> None:
    """Custom headers, User-to-User and the standard ones are percent-decoded and sent as they are spelled."""
    caught = await invite(tmp_path, *[f"sip:jack@HOST{part}" for part in HEADERS])
    for (lines, _, call), wanted in zip(caught, HEADERS.values(), strict=True):
        assert lines[0].startswith(b"INVITE sip:jack@127.0.0.1:")
        assert b"?" not in lines[0]
        for line in wanted:
            assert line in lines
        assert f"X-Twilio-CallSid: {call.sid}".encode() in lines
        assert f"X-Twilio-AccountSid: {call.account_sid}".encode() in lines
        assert b"X-Twilio-ApiVersion: 2010-04-01" in lines


EDGES = {
    "": "127.0.0.1",
    ";edge=ashburn": "127.0.0.1",
    ";edge=umatilla": "127.0.0.2",
    ";edge=san-jose": "127.0.0.2",
    ";edge=dublin": "127.0.0.3",
    ";edge=frankfurt": "127.0.0.4",
    ";edge=singapore": "127.0.0.5",
    ";edge=tokyo": "127.0.0.6",
    ";edge=sao-paulo": "127.0.0.7",
    ";edge=sydney": "127.0.0.8",
    ";region=us1": "127.0.0.1",
    ";region=us2": "127.0.0.2",
    ";region=ie1": "127.0.0.3",
    ";region=de1": "127.0.0.4",
    ";region=sg1": "127.0.0.5",
    ";region=jp1": "127.0.0.6",
    ";region=br1": "127.0.0.7",
    ";region=au1": "127.0.0.8",
    ";edge=atlantis": "127.0.0.1",
}


async def test_each_edge_sends_from_its_own_address(tmp_path: Path) -> None:
    """The datagram's source, Via, Contact and the SDP's connection address are those of the edge; so is the default."""
    caught = await invite(tmp_path, *[f"sip:jack@HOST{part}" for part in EDGES])
    for (lines, source, _), (part, address) in zip(caught, EDGES.items(), strict=True):
        assert source == address, part
        head = b"\r\n".join(lines)
        assert f"Via: SIP/2.0/UDP {address}:".encode() in head
        assert f"Contact: <sip:{address}:".encode() in head
        assert b"edge=" not in head
        assert b"region=" not in head


async def test_an_unknown_edge_is_a_warning_on_the_call(tmp_path: Path) -> None:
    """The call goes out from the default edge, and 32114 is among its notifications."""
    async with running_platform(tmp_path) as platform, calling(486) as (callee, address), sdk(platform) as twilio:
        call = await twilio.run(
            lambda client: client.calls.create(
                to=f"sip:jack@{address};edge=atlantis", from_="alice", twiml="<Response/>"
            )
        )
        async with asyncio.timeout(5):
            await callee.received.get()
        notices = await twilio.run(lambda client: client.calls(call.sid).notifications.list())
    assert [notice.error_code for notice in notices] == ["32114"]


HOSTILE = (
    "?X-A=1%0d%0aEvil:%20yes",
    "?X-A=1%0aEvil:%20yes",
    "?X-A%0d%0aEvil=1",
    "?X-A=%00",
    "?X-A=1%c2%85Evil",
    "?X-Twilio-CallSid=CA1",
    "?Subject=1",
    "?X-A=1&X-B=%1b[31m",
)


@pytest.mark.parametrize("part", HOSTILE)
async def test_no_encoding_brings_a_control_character_to_the_wire(tmp_path: Path, part: str) -> None:
    """An illegal header is refused by REST or left off; where the call goes out, it has no line of the attacker's."""
    async with running_platform(tmp_path) as platform, calling(486) as (callee, address), sdk(platform) as twilio:
        code = None
        try:
            await twilio.run(
                lambda client: client.calls.create(to=f"sip:jack@{address}{part}", from_="alice", twiml="<Response/>")
            )
        except Exception as error:  # noqa: BLE001  # the SDK's exceptions are untyped
            code = getattr(error, "code", None)
        if code is not None:
            assert code in {21227, 21228, 21229}
            assert callee.received.empty()
            return
        async with asyncio.timeout(5):
            data, _ = await callee.received.get()
    head = data.partition(b"\r\n\r\n")[0]
    assert b"Evil" not in head
    assert b"\x1b" not in head
    assert b"Subject" not in head
    assert head.count(b"X-Twilio-CallSid") == 1

"""A telephone whose sound is in the hands of the test: SIPp signals, and RTP comes and goes here, with its moments."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eventually import eventually_true
from sipp_runner import Sipp, sipp
from sipp_script import Script, sdp

from offhook.audio.g711 import decode_ulaw
from offhook.audio.measure import rms_dbfs
from offhook.rtp.packet import RtpPacket, parse

FRAME = 0.02
LOUD_DBFS = -40.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet, and when it came by the loop's clock."""

    at: float
    packet: RtpPacket

    @property
    def is_loud(self) -> bool:
        """Whether something is to be heard in it."""
        return rms_dbfs(decode_ulaw(self.packet.payload)) > LOUD_DBFS


@dataclass
class RtpPhone(asyncio.DatagramProtocol):
    """One call's sound, and the SIPp that has the call."""

    phone: Sipp | None = None
    heard: list[Arrival] = field(default_factory=list)
    peer: tuple[str, int] | None = None
    transport: asyncio.DatagramTransport | None = None

    @property
    def uri(self) -> str:
        """Where it is called."""
        assert self.phone is not None
        return self.phone.uri

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """One packet."""
        self.peer = address
        self.heard.append(Arrival(asyncio.get_running_loop().time(), parse(data)))

    async def hears(self) -> None:
        """Wait for the first packet."""
        await eventually_true(lambda: bool(self.heard), "RTP")

    async def say(self, payloads: Sequence[bytes]) -> list[float]:
        """Send one every 20 ms; when each was sent."""
        assert self.transport is not None
        loop = asyncio.get_running_loop()
        begun, sent = loop.time(), []
        for number, payload in enumerate(payloads):
            packet = RtpPacket(
                payload_type=0, sequence=number, timestamp=number * 160, ssrc=99, payload=payload, marker=number == 0
            )
            await asyncio.sleep(max(0.0, begun + number * FRAME - loop.time()))
            sent.append(loop.time())
            self.transport.sendto(bytes(packet), self.peer)
        return sent


@asynccontextmanager
async def rtp_phone(script: Script, folder: Path) -> AsyncIterator[RtpPhone]:
    """One that is ready to be called; in the script, `[sound]` stands where its SDP has the port."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(RtpPhone, local_addr=("127.0.0.1", 0))
    try:
        made.transport = transport
        port = transport.get_extra_info("sockname")[1]
        async with sipp(script, folder, keys={"sound": str(port)}) as made.phone:
            yield made
    finally:
        transport.close()


def own_sdp() -> str:
    """The description of a telephone whose sound is here."""
    return sdp().replace("[media_port]", "[sound]")

"""Two peers joined by the platform's media service: tones both ways and keys, as SRTP on one side or on both."""

import asyncio
import secrets
from contextlib import ExitStack

import pytest

from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.calls.events import DigitPressed, MediaBegun, MediaEvent, PortId
from offhook.calls.ports import PortStatistics, SrtpPolicy
from offhook.media.engine import decode, encode
from offhook.net.media_service import MediaEdge, MediaService
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import PCMU
from offhook.sdp.crypto import CryptoSuite
from offhook.testing.far_end import FarEnd
from offhook.testing.secure_far_end import SecureFarEnd

EDGE = "ashburn"
FRAMES = 25
SUITE_80, SUITE_32 = CryptoSuite.AES_CM_128_HMAC_SHA1_80, CryptoSuite.AES_CM_128_HMAC_SHA1_32


class Bridge:
    """Two far ends, their ports, and what the service has told."""

    def __init__(self, stack: ExitStack, far: tuple[FarEnd, FarEnd]) -> None:
        self.events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        edge = MediaEdge(address="127.0.0.1", low=32_200, high=32_239)
        loop = asyncio.get_running_loop()
        self.service = MediaService({EDGE: edge}, loop, self.events.put_nowait, seed=secrets.randbits(64))
        stack.callback(self.service.shut_down)
        self.far = tuple(stack.enter_context(one) for one in far)
        self.ports = [self._answer(one) for one in self.far]

    def _answer(self, far: FarEnd) -> PortId:
        policy = SrtpPolicy.REQUIRED if isinstance(far, SecureFarEnd) else SrtpPolicy.REFUSED
        port = self.service.open(EDGE, srtp=policy)
        far.aim(self.service.make_answer(port, far.sdp()))
        return port

    async def join(self) -> None:
        """Let both be heard, then join them."""
        for far in self.far:
            far.send(bytes(160))
        for _ in self.far:
            while not isinstance(await asyncio.wait_for(self.events.get(), 3), MediaBegun):
                pass
        self.service.connect(*self.ports)

    def speak(self, speaker: FarEnd, listener: FarEnd, frequency_hz: float) -> tuple[float, float]:
        """Frequency and level of what the one hears of the other's tone."""
        octets = encode(PCMU, tone((frequency_hz,), FRAMES * 0.02, level_dbfs=-10))
        frames = [octets[at : at + 160] for at in range(0, len(octets), 160)]
        for frame in frames:
            speaker.send(frame)
        heard = b""
        while len(heard) < len(octets):
            packet = listener.receive()
            heard += packet.payload if heard or packet.payload == frames[0] else b""
        return loudest_tone(decode(PCMU, heard))


async def _key(bridge: Bridge, digit: str) -> tuple[DigitPressed, int]:
    """What is told of a key of the first peer, and the event that arrives at the second."""
    one, other = bridge.far
    one.press(digit)
    while not isinstance(event := await asyncio.wait_for(bridge.events.get(), 3), DigitPressed):
        pass
    while (packet := await asyncio.to_thread(other.receive)).payload_type != other.telephone_event:
        pass
    return event, parse_event(packet.payload).event


@pytest.mark.parametrize("callee", ["rtp", "srtp"])
@pytest.mark.asyncio
async def test_a_secure_bridge_carries_tones_and_keys(callee: str) -> None:
    """What is said as SRTP is heard as RTP, or as SRTP under another key and suite, and the other way round."""
    far = FarEnd(ssrc=8) if callee == "rtp" else SecureFarEnd(suites=[SUITE_32], key=bytes(range(40, 70)), ssrc=8)
    with ExitStack() as stack:
        bridge = Bridge(stack, (SecureFarEnd(), far))
        await bridge.join()
        one, other = bridge.far
        for speaker, listener, spoken_hz in ((one, other, 440.0), (other, one, 1000.0)):
            frequency_hz, level_dbfs = await asyncio.to_thread(bridge.speak, speaker, listener, spoken_hz)
            assert frequency_hz == pytest.approx(spoken_hz, abs=2)
            assert level_dbfs == pytest.approx(-10, abs=0.5)
        event, code = await _key(bridge, "7")
        assert (event.port, event.digit, code) == (bridge.ports[0], "7", 7)
        closed: list[PortStatistics] = [bridge.service.close(port) for port in bridge.ports]
        assert [statistics.srtp for statistics in closed] == [
            SUITE_80.value,
            SUITE_32.value if callee == "srtp" else "",
        ]
        assert not any(statistics.packets_unauthenticated for statistics in closed)

"""conference_leg_cpu: CPU of a leg in a conference per second: decode, mix ten voices, encode, 50 packets each way."""

import socket
from contextlib import ExitStack
from pathlib import Path

from bench.processes import PeerFailed, cpu_seconds
from bench.relay import HEADER, LEAST_ARRIVED, PAYLOAD, Endpoint, plane, send_evenly

MIXES = 6
PARTIES = 10
SECONDS = 8.0
WARM_UP_TICKS = 50


class Voice(Endpoint):
    """A party that speaks all the time, and is sent PCMA by the mix."""

    def is_media(self, packet: bytes) -> bool:
        """Whether the others are in it: a mix in which nobody is heard would be cheap."""
        return len(packet) == HEADER + len(PAYLOAD) and packet[HEADER:] != PAYLOAD


def conference_run(folder: Path) -> float:
    """One run: microseconds of CPU per leg and second."""
    with plane(folder) as relay, ExitStack() as stack:
        voices: list[Voice] = []
        for _ in range(MIXES):
            party = [_voice(stack) for _ in range(PARTIES)]
            answers = relay.join_all([one.sdp() for one in party])
            for voice, answer in zip(party, answers, strict=True):
                voice.take(answer)
            voices += party
        send_evenly(voices, 0, WARM_UP_TICKS * 0.02)
        for voice in voices:
            voice.received = 0
        before = cpu_seconds(relay.pid)
        sent = send_evenly(voices, WARM_UP_TICKS, SECONDS)
        used = cpu_seconds(relay.pid) - before
    arrived = sum(voice.received for voice in voices)
    if arrived < sent * LEAST_ARRIVED:
        raise PeerFailed(f"of {sent} packets that the mixes owed only {arrived} came, or nobody was heard in them")
    return used / len(voices) / SECONDS * 1e6


def _voice(stack: ExitStack) -> Voice:
    bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind(("127.0.0.1", 0))
    bound.setblocking(False)  # noqa: FBT003 - positional by nature
    return Voice(bound, bound.getsockname()[1], "")

"""offhook's media plane alone in a process: reads lists of SDP as JSON lines, joins their endpoints, answers in kind.

One stands alone, two are relayed, more are mixed; null asks how late the ticks have been (Lateness, as a JSON object).
Run by bench/relay.py, bench/conference.py and bench/lateness.py as `python -m bench.plane`.
"""

import asyncio
import json
import resource
import secrets
import sys
from dataclasses import asdict

import uvloop

from offhook.calls.events import PortId
from offhook.net.media_service import MediaEdge, MediaService, PlaneSettings
from offhook.sdp.codecs import AUDIO_CODECS

EDGE = "ashburn"
PAIR = 2


def join(service: MediaService, ports: list[PortId]) -> None:
    """Let the endpoints hear one another."""
    if len(ports) == PAIR:
        service.connect(*ports)
    elif len(ports) > PAIR:
        mix = service.mixes.open()
        for port in ports:
            service.mixes.join(mix, port)


def answers(service: MediaService, offers: list[str]) -> list[str]:
    """Open and join a port for each; their answers."""
    ports = [service.open(EDGE) for _ in offers]
    made = [service.make_answer(port, offer.encode()).decode() for port, offer in zip(ports, offers, strict=True)]
    join(service, ports)
    return made


async def main() -> None:
    """Serve until the input ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    edges = {EDGE: MediaEdge(address="127.0.0.1", low=20000, high=29999)}
    service = MediaService(
        edges,
        loop,
        lambda _: None,
        seed=secrets.randbits(64),
        settings=PlaneSettings(codecs=AUDIO_CODECS),
    )
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            offers = json.loads(line)
            told = asdict(service.lateness()[0]) if offers is None else answers(service, offers)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
    finally:
        service.shut_down()


if __name__ == "__main__":
    uvloop.run(main())

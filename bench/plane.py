"""offhook's media plane alone in a process: reads lists of SDP as JSON lines, joins their endpoints, answers in kind.

Two are relayed, more are mixed. Run by bench/relay.py and bench/conference.py as `python -m bench.plane`.
"""

import asyncio
import json
import secrets
import sys

import uvloop

from offhook.calls.events import PortId
from offhook.net.media_service import MediaEdge, MediaService

EDGE = "ashburn"
PAIR = 2


def join(service: MediaService, ports: list[PortId]) -> None:
    """Let the endpoints hear one another."""
    if len(ports) == PAIR:
        service.connect(*ports)
        return
    mix = service.mixes.open()
    for port in ports:
        service.mixes.join(mix, port)


async def main() -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    edges = {EDGE: MediaEdge(address="127.0.0.1", low=31000, high=31999)}
    service = MediaService(edges, loop, lambda _: None, seed=secrets.randbits(64))
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            offers = json.loads(line)
            ports = [service.open(EDGE) for _ in offers]
            answers = [
                service.make_answer(port, offer.encode()).decode() for port, offer in zip(ports, offers, strict=True)
            ]
            join(service, ports)
            sys.stdout.write(json.dumps(answers) + "\n")
            sys.stdout.flush()
    finally:
        service.shut_down()


if __name__ == "__main__":
    uvloop.run(main())

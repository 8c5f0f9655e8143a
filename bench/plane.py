"""offhook's media plane alone in a process: reads pairs of SDP as JSON lines, joins their endpoints, answers in kind.

Run by bench/relay.py as `python -m bench.plane`.
"""

import asyncio
import json
import secrets
import sys

import uvloop

from offhook.net.media_service import MediaEdge, MediaService

EDGE = "ashburn"


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
            service.connect(*ports)
            sys.stdout.write(json.dumps(answers) + "\n")
            sys.stdout.flush()
    finally:
        service.shut_down()


if __name__ == "__main__":
    uvloop.run(main())

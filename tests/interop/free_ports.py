"""Ports for peers and platforms: free on every address a moment ago, and given to nobody by chance."""

import os
import socket
from itertools import count

# Below what Linux gives away (ip_local_port_range): a connection that an earlier test opened from some loopback address
# holds its port for a minute after its end, and an edge that wants the same one does not come up. Media is above.
QUIET = range(10_000, 20_000)
APART = 7  # some peers take a port or two above their own: baresip that of TLS
_turns = count(os.getpid() * 37, APART)


def free_port() -> int:
    """A port that UDP and TCP can bind on every IPv4 address; another one each time."""
    for _ in QUIET:
        port = QUIET[next(_turns) % len(QUIET)]
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            try:
                stream.bind(("", port))
                datagram.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port in {QUIET} is free for both UDP and TCP")

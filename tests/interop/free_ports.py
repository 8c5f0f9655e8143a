"""Ports for peers: free for UDP and TCP a moment ago."""

import os
import socket
from itertools import count

ATTEMPTS = 100
QUIET = range(12_000, 18_000)  # below what Linux gives away (ip_local_port_range), and no media port of the tests
_turns = count(os.getpid() * 37)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that both transports can bind."""
    for _ in range(ATTEMPTS):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            stream.bind((host, 0))
            port = int(stream.getsockname()[1])
            try:
                datagram.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port of {host} is free for both UDP and TCP")


def quiet_port(host: str = "127.0.0.1") -> int:
    """A free port that no socket is given by chance: to be left alone, or to be bound again and again."""
    for _ in range(ATTEMPTS):
        port = QUIET[next(_turns) % len(QUIET)]
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            try:
                stream.bind((host, port))
                datagram.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port of {host} in {QUIET} is free for both UDP and TCP")

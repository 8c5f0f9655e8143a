"""Ports for peers: free for UDP and TCP a moment ago."""

import socket

ATTEMPTS = 100


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

"""Where bytes go and come from: transport, address, and for streams the connection."""

from dataclasses import dataclass
from enum import Enum


class Transport(Enum):
    """How a message travels; the value is the word in a Via."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"

    @property
    def is_reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 §17)."""
        return self is not Transport.UDP

    @property
    def default_port(self) -> int:
        """The port when none is written (§19.1.2)."""
        return 5061 if self is Transport.TLS else 5060


@dataclass(frozen=True, slots=True)
class Hop:
    """A peer: `host` is an IP literal; `connection` the number of an open connection, None to use or open any.

    `domain` is the name that the URI asked for: on TLS it is shown to the peer, and its certificate must be for it
    (RFC 5922 §7.1).
    """

    transport: Transport
    host: str
    port: int
    connection: int | None = None
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Transmission:
    """Bytes to send to a hop; `call_id` and `start_line` are for the trace."""

    data: bytes
    hop: Hop
    call_id: str
    start_line: str

"""ICMP errors for datagrams of an unconnected socket: Linux's error queue (ip(7), IP_RECVERR); elsewhere there is none.

RFC 3261 §18.4: host, network, port or protocol unreachable and parameter problems count; source quench and time
exceeded do not, and what was only too large is the kernel's business, which makes smaller fragments from then on.
"""

import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

HAS_ERROR_QUEUE = sys.platform == "linux"
# Python names neither; they are those of linux/in.h and linux/in6.h.
IP_RECVERR, IPV6_RECVERR = 11, 25
MSG_ERRQUEUE = 0x2000
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3
# Types of RFC 792 and RFC 4443, and the code of one of them that says "fragmentation needed".
UNREACHABLE, PARAMETER_PROBLEM, TOO_LARGE = 3, 12, 4
UNREACHABLE6, PARAMETER_PROBLEM6 = 1, 4

EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err: errno, origin, type, code, pad, info, data
LARGEST_QUOTE = 2048
ANCILLARY = 512


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A datagram that did not arrive at `host` and `port`; `quote` is as much of it as the error quotes."""

    host: str
    port: int
    quote: bytes


def ask_for_errors(bound: socket.socket) -> bool:
    """Have the kernel keep ICMP errors for this socket; False where it cannot."""
    if not HAS_ERROR_QUEUE:
        return False
    if bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        bound.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    return True


def read_errors(bound: socket.socket, most: int) -> Iterator[Undelivered]:
    """Take up to so many errors out of the queue, and yield those that mean a peer cannot be reached."""
    for _ in range(most):
        try:
            quote, ancillary, _, address = bound.recvmsg(LARGEST_QUOTE, ANCILLARY, MSG_ERRQUEUE)
        except OSError:
            return
        if address and any(is_failure(level, kind, data) for level, kind, data in ancillary):
            yield Undelivered(address[0], address[1], quote)


def is_failure(level: int, kind: int, data: bytes) -> bool:
    """Whether this is an ICMP error that §18.4 counts as a failure to send."""
    if (level, kind) not in {(socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)}:
        return False
    if len(data) < EXTENDED_ERROR.size:
        return False
    fields: tuple[int, ...] = EXTENDED_ERROR.unpack_from(data)
    _, origin, icmp_type, code, *_ = fields
    if origin == ORIGIN_ICMP:
        return icmp_type == PARAMETER_PROBLEM or (icmp_type == UNREACHABLE and code != TOO_LARGE)
    return origin == ORIGIN_ICMP6 and icmp_type in {UNREACHABLE6, PARAMETER_PROBLEM6}

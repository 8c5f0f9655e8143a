"""Fuzz target: RTP packets and telephone-events as Python reads them; the native readers have fuzz_native.c.

The oracle: only MalformedPacket is raised, and what was read prints and reads back as the same.
"""

from offhook.rtp import packet, telephone_event
from offhook.rtp.errors import MalformedPacket


def fuzz(data: bytes) -> None:
    """Read the octets as both; raises only when the oracle does not hold."""
    try:
        read = packet.parse(data)
    except MalformedPacket:
        pass
    else:
        if packet.parse(bytes(read)) != read or read.payload not in data:
            raise AssertionError(f"{data!r} is {read!r}")
    try:
        event = telephone_event.parse(data)
    except MalformedPacket:
        return
    if telephone_event.parse(bytes(event)) != event:
        raise AssertionError(f"{data!r} is {event!r}")

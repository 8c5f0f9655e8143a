"""rtpengine as a relay in user space, and the little of its NG control protocol that a call needs."""

import re
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port, running, until

Value = str | bytes | int | list["Value"] | dict[str, "Value"]


def encode(value: Value) -> bytes:
    """A value as bencode."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(encode(item) for item in value) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
    data = value.encode() if isinstance(value, str) else value
    return b"%d:%s" % (len(data), data)


def decode(data: bytes, at: int = 0) -> tuple[Value, int]:
    """The value that begins at `at`, strings as bytes, and where it ends."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in {b"l", b"d"}:
        items: list[Value] = []
        at += 1
        while data[at : at + 1] != b"e":
            item, at = decode(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        names = [name.decode() for name in items[::2] if isinstance(name, bytes)]
        return dict(zip(names, items[1::2], strict=True)), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end


class RtpengineRelay:
    """Asks a running rtpengine over its control socket."""

    def __init__(self, port: int, pid: int, transcode: str = "") -> None:
        self.pid = pid
        self._codecs: dict[str, Value] = {"codec": {"transcode": [transcode]}} if transcode else {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(0.2)

    def close(self) -> None:
        """Release the control socket."""
        self._socket.close()

    def ask(self, command: str, **arguments: Value) -> Mapping[str, Value]:
        """One command and its answer. Raises OSError when none comes."""
        cookie = secrets.token_hex(4).encode()
        request: dict[str, Value] = {"command": command}
        request.update({name.replace("_", "-"): value for name, value in arguments.items()})
        self._socket.send(cookie + b" " + encode(request))
        while True:
            data = self._socket.recv(65535)
            if data.startswith(cookie + b" "):
                answer, _ = decode(data, len(cookie) + 1)
                assert isinstance(answer, dict)
                return answer

    def is_alive(self) -> bool:
        """Whether it answers a ping."""
        try:
            return self.ask("ping").get("result") == b"pong"
        except OSError:
            return False

    def join(self, one: bytes, other: bytes) -> tuple[bytes, bytes]:
        """Anchor a call between the endpoints of two SDPs; returns the SDP for each of them."""
        call = {"call-id": secrets.token_hex(8), "from-tag": "one"}
        offered = self.ask("offer", **call, sdp=one, replace=["origin"], **self._codecs)
        to_other = offered["sdp"]
        assert isinstance(to_other, bytes)
        answered = self.ask("answer", **call, to_tag="other", sdp=_under_tag(other, to_other), replace=["origin"])
        to_one = answered["sdp"]
        assert isinstance(to_one, bytes)
        return to_one, to_other


def _under_tag(answer: bytes, offer: bytes) -> bytes:
    """The answer with the tag that the offer gives its crypto suite (RFC 4568 §5.1.2)."""
    answered = re.search(rb"a=crypto:1 (\S+)", answer)
    offered = answered and re.search(rb"a=crypto:(\d+) " + answered[1], offer)
    return answer.replace(b"a=crypto:1 ", b"a=crypto:" + offered[1] + b" ") if offered else answer


@contextmanager
def rtpengine(folder: Path, transcode: str = "") -> Iterator[RtpengineRelay]:
    """A running rtpengine without its kernel module, one worker thread; offers have this codec added."""
    control = free_port()
    command = [
        "rtpengine",
        "--foreground",
        "--table=-1",
        "--interface=127.0.0.1",
        f"--listen-ng=127.0.0.1:{control}",
        "--port-min=30000",
        "--port-max=30999",
        "--num-threads=1",
        "--log-stderr",
        "--log-level=4",
    ]
    with running(command, folder / "rtpengine.log") as child:
        relay = RtpengineRelay(control, child.pid, transcode)
        try:
            until(relay.is_alive, "rtpengine", child)
            yield relay
        finally:
            relay.close()

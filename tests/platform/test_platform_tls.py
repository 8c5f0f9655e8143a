"""The platform as it is served on defaults: TLS on each of the eight edges, by a certificate that it made itself."""

import asyncio
import os
import signal
import socket
import ssl
from pathlib import Path

import msgspec
import pytest
from whole_platform import settings

from offhook.net.peer_identity import identities_of, is_identity
from offhook.server.config import Config, default_edges
from offhook.server.lifecycle import run
from offhook.server.settings import Edge
from offhook.server.tls import CERTIFICATE

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]


def edges_elsewhere() -> tuple[tuple[Edge, ...], int]:
    """The default edges on other ports than 5060 and 5061, which may be in use, and the port of TLS."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        plain, secure = one.getsockname()[1], other.getsockname()[1]
    edges = default_edges()
    assert [edge.sips for edge in edges] == [f"127.0.0.{number}:5061" for number in range(1, 9)]
    return tuple(
        msgspec.structs.replace(
            edge, sip=edge.sip.replace(":5060", f":{plain}"), sips=edge.sips.replace(":5061", f":{secure}")
        )
        for edge in edges
    ), secure


async def shown_at(host: str, port: int) -> bytes:
    """The certificate that a listener shows; a ping is answered there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    writer.write(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"\r\n"
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def test_tls_on_every_edge_and_a_new_certificate_by_sighup(tmp_path: Path) -> None:
    """Each edge shows one certificate for all of them; after SIGHUP handshakes show the new one."""
    edges, port = edges_elsewhere()
    config = Config(settings=settings(edge=edges), source=None, data=tmp_path)
    announced: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(config, announced.set_result))
        await announced
        shown = {await shown_at(f"127.0.0.{number}", port) for number in range(1, 9)}
        assert len(shown) == 1
        first = shown.pop()
        assert all(is_identity(f"127.0.0.{number}", identities_of(first)) for number in range(1, 9))
        (tmp_path / CERTIFICATE).write_text("spoilt", encoding="utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(10):
            while await shown_at("127.0.0.1", port) == first:
                pass
        task.cancel()

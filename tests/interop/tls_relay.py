"""Puts a program that speaks TCP behind TLS: SIPp of Debian is built without it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from peer_certificate import write_certificate

CHUNK = 65536
HOST = "127.0.0.1"
LIMIT = 10.0


@asynccontextmanager
async def behind_tls(folder: Path, port: int) -> AsyncIterator[int]:
    """A TLS port whose connections lead to the TCP port of a program; the port to connect to."""
    certificate = folder / "peer.pem"
    write_certificate(certificate)
    accepts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    accepts.load_cert_chain(certificate)
    async with _relay(accepts, port, None) as own:
        yield own


@asynccontextmanager
async def towards_tls(port: int) -> AsyncIterator[int]:
    """A TCP port whose connections lead to the TLS port of a program; the port to connect to."""
    connects = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connects.check_hostname = False
    connects.verify_mode = ssl.CERT_NONE
    async with _relay(None, port, connects) as own:
        yield own


@asynccontextmanager
async def _relay(accepts: ssl.SSLContext | None, port: int, connects: ssl.SSLContext | None) -> AsyncIterator[int]:
    running: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(LIMIT):
            far_reader, far_writer = await asyncio.open_connection(HOST, port, ssl=connects)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(pass_on(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(take, HOST, 0, ssl=accepts)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        tasks = tuple(running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either end has gone."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()

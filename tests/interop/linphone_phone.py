"""linphone as a phone: dials when told to, plays a WAV file, records what it hears.

It is not called by TLS: linphone 5.1 lets only registrars call it so ("New connection arriving on TLS, not handled").
"""

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from eventually import eventually, eventually_true
from free_ports import free_port

CONFIG = """\
[sip]
sip_port={sip}
sip_tcp_port={sip}
sip_tls_port={sips}
bind_address=127.0.0.1
contact="caller" <sip:caller@127.0.0.1>
guess_hostname=0
media_encryption=srtp
media_encryption_mandatory=1
verify_server_certs=0
verify_server_cn=0
default_proxy=0
[proxy_0]
reg_proxy=<sip:{outbound};transport=tls>
reg_route=<sip:{outbound};transport=tls;lr>
reg_identity=sip:caller@127.0.0.1
reg_sendregister=0
[rtp]
audio_rtp_port={rtp}
bind_address=127.0.0.1
[net]
stun_server=
[sound]
echocancellation=0
"""
END = 5.0


class Linphone:
    """A running linphonec; what it heard lies in `heard.wav` of its folder once it has ended."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.folder = folder
        self._process = process

    def output(self) -> str:
        """All that linphonec has printed."""
        return (self.folder / "output.log").read_text(encoding="utf-8", errors="replace")

    async def command(self, line: str) -> None:
        """Give a command, as at its prompt."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    def recorded(self) -> int:
        """How many bytes it has recorded so far."""
        path = self.folder / "heard.wav"
        return path.stat().st_size if path.exists() else 0

    async def heard(self) -> tuple[bytes, int]:
        """The samples it has heard, 16-bit mono, and their rate; after its end."""

        async def look() -> bool:
            return self.recorded() > 0

        await eventually(look, "the recording of linphone")
        with wave.open(str(self.folder / "heard.wav")) as recording:
            assert recording.getnchannels() == 1
            assert recording.getsampwidth() == 2
            return recording.readframes(recording.getnframes()), recording.getframerate()

    async def stop(self) -> None:
        """End it; the recording is complete afterwards."""
        if self._process.returncode is not None:
            return
        await self.command("quit")
        try:
            async with asyncio.timeout(END):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def linphone(folder: Path, sound: bytes, outbound: str) -> AsyncIterator[Linphone]:
    """A linphonec with this WAV file as its microphone, that calls by TLS through `outbound` and with SRTP only."""
    program = shutil.which("linphonec")
    assert program, "linphonec is missing: apt-get install linphone-cli"
    _write(folder, sound, sip=free_port(), sips=free_port(), rtp=free_port(), outbound=outbound)
    log = folder / "linphone.log"
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(program, "-c", str(folder / "linphonerc"), "-d", "6", "-l", str(log)),
            cwd=folder,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(folder)},
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    phone = Linphone(process, folder)
    try:
        for line in ("soundcard use files", "play spoken.wav", "record heard.wav"):
            await phone.command(line)
        await eventually_true(lambda: "record heard.wav" in phone.output(), f"linphonec in {folder}")
        yield phone
    finally:
        await phone.stop()


def _write(folder: Path, sound: bytes, **values: object) -> None:
    (folder / ".local/share/linphone").mkdir(parents=True, exist_ok=True)
    (folder / "spoken.wav").write_bytes(sound)
    (folder / "linphonerc").write_text(CONFIG.format(**values), encoding="utf-8")

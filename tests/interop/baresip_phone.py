"""baresip as a phone: answers by itself, sends a tone, records what it hears, presses keys when told to."""

import asyncio
import json
import shutil
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from eventually import eventually, eventually_true
from free_ports import free_port
from peer_certificate import write_certificate

TONE_HZ = 1000
CONFIG = """\
poll_method             epoll
sip_listen              127.0.0.1:{sip}
call_local_timeout      60
call_max_calls          4
audio_path              /usr/share/baresip
audio_player            aubridge,unheard
audio_alert             aubridge,unheard
net_interface           127.0.0.1
ausrc_srate             48000
ausrc_channels          2
audio_buffer            20-160
rtp_ports               {rtp}-{rtp_last}
rtp_stats               no
module_path             /usr/lib/baresip/modules
{sound}module                  aubridge.so
module                  ausine.so
module                  sndfile.so
snd_path                {folder}
module_tmp              uuid.so
module_tmp              account.so
module_app              menu.so
module_app              ctrl_tcp.so
ctrl_tcp_listen         127.0.0.1:{control}
{secure}"""
SECURE = """\
module                  srtp.so
sip_certificate         {folder}/phone.pem
"""
SOUND = """\
audio_source            ausine,{tone}
module                  {codec}.so
"""
RTP_PORTS = 200
_next_rtp = 40000


class Baresip:
    """A running baresip; what it heard lies in its folder as WAV files once the call is over."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, control: int, folder: Path) -> None:
        self.port = port
        self._process = process
        self._control = control
        self.folder = folder

    @property
    def uri(self) -> str:
        """Where this phone is called."""
        return f"sip:callee@127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        """Where a secure phone is called by TLS: baresip listens one port above."""
        return f"sip:callee@127.0.0.1:{self.port + 1};transport=tls"

    def said(self, text: str) -> bool:
        """Whether baresip has printed this."""
        return text in self.output()

    def output(self) -> str:
        """All that baresip has printed."""
        return (self.folder / "output.log").read_text(encoding="utf-8", errors="replace")

    async def command(self, command: str, parameters: str = "") -> None:
        """Give a command over baresip's control connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._control)
        text = json.dumps({"command": command, "params": parameters, "token": "test"})
        writer.write(f"{len(text)}:{text},".encode())
        try:
            while b"response" not in await reader.readuntil(b","):
                continue
        finally:
            writer.close()
            await writer.wait_closed()

    async def press(self, digits: str) -> None:
        """Press keys one after the other; each is released before the next."""
        for digit in digits:
            await self.command("sndcode", digit)

    async def heard(self) -> tuple[bytes, int]:
        """The samples it has heard, 16-bit and of one channel, and their rate."""

        async def look() -> list[Path]:
            return await asyncio.to_thread(lambda: sorted(self.folder.glob("dump-*-dec.wav")))

        paths = await eventually(look, "the recording of baresip")
        with wave.open(str(paths[-1])) as recording:
            assert recording.getsampwidth() == 2
            samples = array("h", recording.readframes(recording.getnframes()))
            return samples[:: recording.getnchannels()].tobytes(), recording.getframerate()

    async def kill(self) -> None:
        """End it without goodbye, when nobody is left to take one."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """End it; recordings are complete afterwards. It waits 32 s for answers to the BYE of a call that is up."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


@asynccontextmanager
async def baresip(
    folder: Path, *, encryption: str = "", outbound: str = "", codec: str = "g711", tone: int = TONE_HZ
) -> AsyncIterator[Baresip]:
    """A baresip that answers every call and is ready to be called.

    `encryption` is its mediaenc (srtp-mand: SRTP or no call), and lets it listen on TLS; `outbound` the proxy that it
    calls through; `codec` the module of the only codec it has (g711, g722, opus), `tone` what it sends, in Hz.
    """
    global _next_rtp  # noqa: PLW0603 - each phone of the test run has its own ports
    program = shutil.which("baresip")
    assert program, "baresip is missing: apt-get install baresip"
    sip, control, rtp = free_port(), free_port(), _next_rtp
    _next_rtp += RTP_PORTS
    sound = SOUND.format(codec=codec, tone=tone)
    _write(folder, sound, encryption, outbound, sip=sip, control=control, rtp=rtp, rtp_last=rtp + RTP_PORTS - 1)
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-f", str(folder), "-v", stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    phone = Baresip(process, sip, control, folder)
    try:
        await eventually_true(lambda: phone.said("baresip is ready"), f"baresip in {folder}")
        yield phone
    finally:
        await phone.stop()


def _write(folder: Path, sound: str, encryption: str, outbound: str, **ports: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    account = "<sip:callee@127.0.0.1>;regint=0;answermode=auto"
    if encryption:
        write_certificate(folder / "phone.pem")
        account += f";mediaenc={encryption}"
    if outbound:
        account += f';outbound="{outbound}"'
    secure = SECURE.format(folder=folder) if encryption else ""
    config = CONFIG.format(sound=sound, folder=folder, secure=secure, **ports)
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "accounts").write_text(f"{account}\n", encoding="utf-8")
    (folder / "contacts").write_text("", encoding="utf-8")

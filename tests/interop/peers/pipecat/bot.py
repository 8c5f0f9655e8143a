"""Bots made of pipecat, its Twilio serializer and its transport as they come: PORT API_URL ACCOUNT TOKEN.

/echo gives back what it hears. /scripted says a tone, answers key 1 with another, and hangs up on any other key.
"""

import logging
import math
import sys
from array import array

import uvicorn
from fastapi import FastAPI, WebSocket
from pipecat.frames.frames import EndFrame, Frame, InputAudioRawFrame, InputDTMFFrame, OutputAudioRawFrame, StartFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport

RATE = 8000
GREETING_HZ, ANSWER_HZ = 600, 900
port, api_url, account, token = int(sys.argv[1]), *sys.argv[2:5]
app = FastAPI()
log = logging.getLogger("bot")


def tone(frequency_hz: int, seconds: float) -> OutputAudioRawFrame:
    """A sine, loud enough to be measured."""
    samples = (round(9000 * math.sin(2 * math.pi * frequency_hz * at / RATE)) for at in range(int(RATE * seconds)))
    return OutputAudioRawFrame(audio=array("h", samples).tobytes(), sample_rate=RATE, num_channels=1)


class Echo(FrameProcessor):
    """Says what it hears."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """One frame."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(audio=frame.audio, sample_rate=frame.sample_rate, num_channels=1)
        await self.push_frame(frame, direction)


class Script(FrameProcessor):
    """Greets, and goes by the keys that are pressed."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """One frame."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame):
            await self.push_frame(tone(GREETING_HZ, 2.0))
        elif isinstance(frame, InputDTMFFrame):
            await self.push_frame(tone(ANSWER_HZ, 2.0) if frame.button.value == "1" else EndFrame())


async def converse(websocket: WebSocket, processor: FrameProcessor) -> None:
    """One call."""
    await websocket.accept()
    _, call = await parse_telephony_websocket(websocket)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"], call_sid=call["call_id"], account_sid=account, auth_token=token, base_url=api_url
    )
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer),
    )
    log.warning("call %s %s", call["call_id"], dict(call["body"]))
    task = PipelineTask(
        Pipeline([transport.input(), processor, transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
    )

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(*_: object) -> None:
        await task.cancel()

    await PipelineRunner(handle_sigint=False).run(task)
    log.warning("over %s", call["call_id"])


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """A call that hears itself."""
    await converse(websocket, Echo())


@app.websocket("/scripted")
async def scripted(websocket: WebSocket) -> None:
    """A call with a machine."""
    await converse(websocket, Script())


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=port)

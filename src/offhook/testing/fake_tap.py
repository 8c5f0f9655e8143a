"""A tap of the fake media plane: blocks of what its port said and was sent, in the loop's time."""

import asyncio
from collections.abc import Callable

from offhook.calls.ports import TapBlock
from offhook.media.voice import Activity, VoiceFinder

FRAME = 0.02

Listen = Callable[[float, float], tuple[bytes, bytes, bool, bool]]


class FakeTap:
    """Gives `take` a block every `block` seconds; `listen` says what passed between two moments of the loop.

    That is inbound and outbound samples, whether the peer sent any, and whether that was all comfort noise.
    """

    def __init__(
        self, listen: Listen, take: Callable[[TapBlock], None], block: float, voice: VoiceFinder | None
    ) -> None:
        self._listen = listen
        self._take = take
        self._voice = voice
        self._frames = max(1, round(block / FRAME))
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._passed = 0  # frames that were given
        self._timer = self._loop.call_at(self._moment(self._frames), self._give)

    def end(self) -> None:
        """Give what is left, in whole frames, and nothing after it."""
        self._timer.cancel()
        left = int((self._loop.time() - self._began) / FRAME + 1e-6) - self._passed
        if left > 0:
            self._give_frames(min(left, self._frames))

    def _give(self) -> None:
        self._timer = self._loop.call_at(self._moment(self._passed + 2 * self._frames), self._give)
        self._give_frames(self._frames)

    def _give_frames(self, frames: int) -> None:
        start, end = self._moment(self._passed), self._moment(self._passed + frames)
        self._passed += frames
        inbound, outbound, is_received, is_noise = self._listen(start, end)
        activity = Activity(is_sound=False, is_voice=False)
        if self._voice is not None:
            activity = self._voice.hear(inbound, outbound, bytes([is_noise]) * frames)
        self._take(
            TapBlock(
                inbound=inbound,
                outbound=outbound,
                at=start - self._began,
                is_received=is_received,
                is_noise=is_noise,
                is_sound=activity.is_sound,
                is_voice=activity.is_voice,
            )
        )

    def _moment(self, frames: int) -> float:
        return self._began + frames * FRAME

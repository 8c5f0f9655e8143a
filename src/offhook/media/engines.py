"""Several media threads behind one door: a port lives on one of them, and those that are joined live on the same.

net.media_service drives it. A port or mix keeps its number wherever it lives.
"""

from offhook.media.engine import Engine, PortReport
from offhook.media.lateness import Lateness
from offhook.sdp.codecs import G711, Codec


class Engines:
    """So many native threads; `seed`, `silence` and `codecs` are those of Engine. Raises CodecUnavailable."""

    def __init__(self, *, seed: int, silence: float, threads: int, codecs: tuple[Codec, ...] = G711) -> None:
        self.threads = tuple(
            Engine(seed=(seed + number) % 2**64, silence=silence, codecs=codecs) for number in range(threads)
        )
        self._places: dict[int, Engine] = {}
        self._loads = dict.fromkeys(self.threads, 0)

    def of(self, number: int) -> Engine:
        """Where a port or mix lives now: for commands to it alone."""
        return self._places[number]

    def open(self, address: str, low: int, high: int, start: int) -> tuple[int, int]:
        """Open a port as Engine.open does, where there is the least to do."""
        engine = self._idlest()
        port, number = engine.open(address, low, high, start)
        self._settle(port, engine)
        return port, number

    def connect(self, one: int, other: int) -> None:
        """Relay between two ports, both ways; what either was joined to before is parted."""
        if self._loads[self.of(one)] > self._loads[self.of(other)]:
            one, other = other, one
        self._move(other, self.of(one))
        self.of(one).connect(one, other)

    def open_mix(self) -> int:
        """Begin a mix where there is the least to do; ports take part by join and leave it by disconnect."""
        engine = self._idlest()
        mix = engine.open_mix()
        self._settle(mix, engine)
        return mix

    def join(self, mix: int, port: int, *, is_heard: bool, hears: bool, only_by: int) -> None:
        """Let a port take part in a mix as Engine.join does."""
        self._move(port, self.of(mix))
        self.of(mix).join(mix, port, is_heard=is_heard, hears=hears, only_by=only_by)

    def close(self, port: int) -> PortReport:
        """Release a port and its sockets."""
        return self._leave(port).close(port)

    def close_mix(self, mix: int) -> None:
        """End a mix as Engine.close_mix does."""
        self._leave(mix).close_mix(mix)

    def lateness(self) -> tuple[Lateness, ...]:
        """How late the ticks of each thread have come since the start."""
        return tuple(engine.lateness() for engine in self.threads)

    def shut_down(self) -> None:
        """End the threads and release every port; nothing may be commanded afterwards."""
        for engine in self.threads:
            engine.shut_down()

    def _idlest(self) -> Engine:
        return min(self.threads, key=self._loads.__getitem__)

    def _settle(self, number: int, engine: Engine) -> None:
        self._places[number] = engine
        self._loads[engine] += 1

    def _leave(self, number: int) -> Engine:
        engine = self._places.pop(number)
        self._loads[engine] -= 1
        return engine

    def _move(self, port: int, to: Engine) -> None:
        present = self.of(port)
        if present is to:
            return
        to.take(present, port)
        self._leave(port)
        self._settle(port, to)

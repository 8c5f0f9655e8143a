"""Sound that lies in time: what the ports of the fake media plane say and are sent."""

from dataclasses import dataclass, field, replace
from math import inf

RATE = 8000  # samples a second, of two octets each


@dataclass(frozen=True, slots=True)
class Spoken:
    """Samples that are repeated from one moment of the loop until another; `is_noise` when they are comfort noise."""

    since: float
    until: float
    samples: bytes
    is_noise: bool = False

    def between(self, start: float, end: float) -> tuple[int, bytes]:
        """What of it lies in this stretch: how many samples after its start, and its samples."""
        begin, end = max(start, self.since), min(end, self.until)
        if end <= begin or not self.samples:
            return 0, b""
        length = len(self.samples) // 2
        first = round((begin - self.since) * RATE)
        count = round((end - begin) * RATE)
        repeated = self.samples * ((first % length + count) // length + 1)
        from_ = 2 * (first % length)
        return round((begin - start) * RATE), repeated[from_ : from_ + 2 * count]


@dataclass(slots=True)
class Air:
    """What one side has said."""

    said: list[Spoken] = field(default_factory=list)

    def say(self, since: float, samples: bytes, *, times: float = 1) -> None:
        """Let this be heard from a moment on, so many times."""
        self.said.append(Spoken(since, since + len(samples) / 2 / RATE * times, samples))

    def rest(self, since: float, samples: bytes) -> None:
        """Let this noise be heard from a moment on, wherever nothing is said, until other noise is."""
        self.said = [replace(one, until=min(one.until, since)) if one.is_noise else one for one in self.said]
        self.said.insert(0, Spoken(since, inf, samples, is_noise=True))

    def is_resting(self, start: float, end: float) -> bool:
        """Whether nothing but noise is heard between two moments."""
        heard = [one for one in self.said if one.between(start, end)[1]]
        return bool(heard) and all(one.is_noise for one in heard)

    def hush(self, at: float) -> None:
        """Whatever is being said ends."""
        self.said = [replace(one, until=min(one.until, at)) for one in self.said]

    def heard(self, start: float, end: float) -> tuple[bytes, bool]:
        """The samples between two moments, silence where nothing was said, and whether anything was."""
        heard = bytearray(2 * round((end - start) * RATE))
        is_any = False
        for one in self.said:
            lead, samples = one.between(start, end)
            if samples:
                is_any = True
                heard[2 * lead : 2 * lead + len(samples)] = samples
        return bytes(heard[: 2 * round((end - start) * RATE)]), is_any

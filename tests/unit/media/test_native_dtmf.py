"""Keys as tones: what ITU-T Q.23 and Q.24 ask of a receiver, and what must not be taken for a key."""

import io
import random
import shutil
import subprocess
import wave
from array import array
from collections.abc import Callable, Iterator
from math import pi, sin
from pathlib import Path

import pytest
from media_bench import Bench, running_bench

from offhook.audio.resample import to_telephone
from offhook.audio.tones import keys
from offhook.media.engine import encode
from offhook.media.events import KeyReleased
from offhook.sdp.codecs import PCMA, PCMU
from offhook.testing.far_end import FarEnd

NATIVE = Path(__file__).parents[3] / "src/offhook/media/native"
ROWS, COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
ALL = "123A456B789C*0#D"
TONES = {key: (ROWS[place // 4], COLUMNS[place % 4]) for place, key in enumerate(ALL)}
RATE = 8000
LEVEL = -15.0  # dBFS of each tone's peak
GAP = 0.05

Hear = Callable[[bytes], list[tuple[str, float]]]


@pytest.fixture(scope="module")
def hear(tmp_path_factory: pytest.TempPathFactory) -> Hear:
    """The keys that the detector hears in samples, and how long each was; it runs under sanitizers."""
    compiler = shutil.which("cc")
    assert compiler
    program = tmp_path_factory.mktemp("dtmf") / "trial"
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fno-sanitize-recover=all"]
    sources = [str(Path(__file__).parent / "dtmf_trial.c"), str(NATIVE / "dtmf.c")]
    command = [compiler, *flags, "-fsanitize=address,undefined", f"-I{NATIVE}", *sources, "-o", str(program)]
    subprocess.run(command, check=True, timeout=60)  # noqa: S603 - our own sources

    def run(samples: bytes) -> list[tuple[str, float]]:
        ended = subprocess.run([program], input=samples, capture_output=True, timeout=60, check=False)  # noqa: S603
        assert ended.returncode == 0, ended.stderr.decode()
        told = [line.rsplit(" ", 1) for line in ended.stdout.decode().splitlines()]
        return [(key, float(seconds)) for key, seconds in told]

    return run


def pressed(  # noqa: PLR0913 - each is one way in which a telephone may be off
    key: str,
    seconds: float,
    *,
    lead: float = 0.0,
    low: float = LEVEL,
    high: float = LEVEL,
    shift: float = 0.0,
    noise: float | None = None,
) -> bytes:
    """One key with a gap after it: levels of both tones in dBFS, frequencies off by a fraction, noise in dBFS (rms)."""
    chance = random.Random(1)  # noqa: S311 - noise that is the same in every run
    row, column = (frequency * (1 + shift) for frequency in TONES[key])
    loud_low, loud_high = (32767 * 10 ** (level / 20) for level in (low, high))
    hiss = 32767 * 10 ** (noise / 20) if noise is not None else 0.0
    count = round(seconds * RATE)
    samples = array("h")
    for index in range(-round(lead * RATE), count + round(GAP * RATE)):
        value = chance.gauss(0, hiss) if hiss else 0.0
        if 0 <= index < count:
            value += loud_low * sin(2 * pi * row * index / RATE) + loud_high * sin(2 * pi * column * index / RATE)
        samples.append(max(-32768, min(32767, round(value))))
    return samples.tobytes()


def row_of(**off: float) -> bytes:
    """All sixteen keys, each beginning at another place of a block."""
    return b"".join(
        pressed(key, off.get("seconds", 0.05), lead=place / 1100, **_rest(off)) for place, key in enumerate(ALL)
    )


def _rest(off: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in off.items() if name != "seconds"}


@pytest.mark.parametrize(
    "off",
    [
        {},
        {"seconds": 0.04},
        {"seconds": 0.5},
        {"low": -6.1, "high": -6.1},
        {"low": -32.0, "high": -32.0},
        {"shift": 0.015},
        {"shift": -0.015},
        {"low": -10.0, "high": -18.0},
        {"low": -18.0, "high": -10.0},
        {"noise": -36.0},
        {"noise": -30.0},
        {"shift": 0.01, "low": -10.0, "high": -16.0, "noise": -33.0},
    ],
    ids=lambda off: ", ".join(f"{name} {value:g}" for name, value in off.items()) or "as it should be",
)
def test_every_key_is_heard_once(hear: Hear, off: dict[str, float]) -> None:
    """40 ms and longer, up to 1.5 % off, twists of 8 dB, from as loud as it gets to -32 dBFS, 15 dB above noise."""
    assert "".join(key for key, _ in hear(row_of(**off))) == ALL


@pytest.mark.parametrize(
    "off",
    [
        {"seconds": 0.023},
        {"shift": 0.035},
        {"shift": -0.035},
        {"low": -45.0, "high": -45.0},
        {"low": -8.0, "high": -24.0},
    ],
    ids=lambda off: ", ".join(f"{name} {value:g}" for name, value in off.items()),
)
def test_what_is_no_key(hear: Hear, off: dict[str, float]) -> None:
    """23 ms, 3.5 % off, far too quiet, or one tone that all but drowns the other."""
    assert hear(row_of(**off)) == []


def test_how_long_a_key_was_down(hear: Hear) -> None:
    """Within two blocks."""
    for seconds in (0.05, 0.1, 0.3, 1.0):
        ((key, told),) = hear(pressed("7", seconds))
        assert key == "7"
        assert told == pytest.approx(seconds, abs=0.0256)


def test_a_drop_out_does_not_make_two_keys(hear: Hear) -> None:
    """Of 10 ms; a gap of 40 ms does (Q.24)."""
    whole = pressed("5", 0.2)
    cut = bytearray(whole)
    cut[1600 : 1600 + 160] = bytes(160)
    assert len(hear(bytes(cut))) == 1
    cut[1600 : 1600 + 640] = bytes(640)
    assert [key for key, _ in hear(bytes(cut))] == ["5", "5"]


def test_keys_without_a_gap(hear: Hear) -> None:
    """One tone turns into the next."""
    samples = b"".join(pressed(key, 0.08)[: round(0.08 * RATE) * 2] for key in "147")
    assert "".join(key for key, _ in hear(samples)) == "147"


SPEECH = (
    "Please press one for sales, two for support, or say the name of the person you would like to speak to. "
    "She sells sea shells by the sea shore; the shells she sells are surely seashells. "
    "Peter Piper picked a peck of pickled peppers. A proper copper coffee pot. Nine hundred ninety nine numbers. "
    "We were away a year ago. Why are you early, you owl? Fifty six fishes swam in the evening sea. "
)


def spoken(voice: str, pitch: int) -> bytes:
    """What espeak-ng says, at 8 kHz, at the level of a loud talker."""
    program = shutil.which("espeak-ng")
    assert program, "espeak-ng is missing: apt-get install espeak-ng"
    command = [program, "-v", voice, "-p", str(pitch), "-a", "200", "--stdout", SPEECH * 3]
    said = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout  # noqa: S603 - fixed words
    with wave.open(io.BytesIO(said)) as file:
        return to_telephone(file.readframes(file.getnframes()), file.getframerate())


@pytest.mark.slow
def test_speech_is_no_key(hear: Hear) -> None:
    """Talk-off: less than one key heard in two minutes of loud talk without a pause, in high and low voices."""
    samples = b"".join(spoken(voice, pitch) for voice in ("en", "en+f3", "de", "fr+f2") for pitch in (20, 50, 90))
    minutes = len(samples) / 2 / RATE / 60
    assert minutes > 10
    assert len(hear(samples)) <= minutes / 2


def chords(seconds: float, seed: int) -> bytes:
    """Music of a kind: three notes with two harmonics each, another chord five times a second."""
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    samples = array("h")
    for _ in range(round(seconds * 5)):
        notes = [110.0 * 2 ** (chance.randrange(48) / 12) for _ in range(3)]
        parts = [
            (note * harmonic, 4000 / harmonic) for note in notes for harmonic in (1, 2, 3) if note * harmonic < 3600
        ]
        samples.extend(
            round(sum(loud * sin(2 * pi * hertz * at / RATE) for hertz, loud in parts)) for at in range(RATE // 5)
        )
    return samples.tobytes()


@pytest.mark.slow
def test_music_and_noise_are_no_keys(hear: Hear) -> None:
    """A minute of chords of notes by chance, and of white noise."""
    assert hear(chords(60, 3)) == []
    chance = random.Random(4)  # noqa: S311 - the same in every run
    noise = array("h", (round(chance.gauss(0, 6000)) % 65536 - 32768 for _ in range(RATE * 30)))
    assert hear(noise.tobytes()) == []


# --- on a port --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def send(far: FarEnd, samples: bytes, *, octets: int = 160) -> None:
    """As packets of so many octets."""
    payload = encode(PCMA if far.formats[0] == 8 else PCMU, samples)
    for start in range(0, len(payload), octets):
        piece = payload[start : start + octets]
        far.send(piece, samples=len(piece))


def told(bench: Bench, port: int, count: int) -> list[KeyReleased]:
    """So many keys of a port, as they come."""
    events = [bench.expect_kind(KeyReleased, port) for _ in range(count)]
    return [event for event in events if isinstance(event, KeyReleased)]


@pytest.mark.parametrize(("law", "octets"), [(0, 160), (8, 160), (0, 80), (8, 1000)])
def test_tones_of_a_peer_without_events(bench: Bench, law: int, octets: int) -> None:
    """Both laws, packets of any size; each key once, and known as a tone."""
    far = bench.far(formats=(law,), telephone_event=None)
    port = bench.leg(far)
    send(far, keys("19*0D"), octets=octets)
    pressed_keys = told(bench, port, 5)
    assert "".join(event.digit for event in pressed_keys) == "19*0D"
    assert all(event.is_tone and event.duration == pytest.approx(0.1, abs=0.03) for event in pressed_keys)


def test_a_key_at_the_end_of_all_packets(bench: Bench) -> None:
    """Its packets stop in the middle: it was pressed all the same."""
    far = bench.far(telephone_event=None)
    port = bench.leg(far)
    send(far, keys("5")[: 2 * 640])
    (event,) = told(bench, port, 1)
    assert event.digit == "5"


def test_doubled_and_late_packets_make_no_second_key(bench: Bench) -> None:
    """Every packet twice, and every tenth once more when it is late."""
    far = bench.far(telephone_event=None)
    port = bench.leg(far)
    payload = encode(PCMU, keys("12"))
    for number, start in enumerate(range(0, len(payload), 160)):
        far.send(payload[start : start + 160])
        far.sequence, far.timestamp = (far.sequence - 1) % 2**16, (far.timestamp - 160) % 2**32
        far.send(payload[start : start + 160])
        if number % 10 == 9:
            far.sequence = (far.sequence - 3) % 2**16
            far.send(payload[start - 320 : start - 160])
            far.sequence = (far.sequence + 2) % 2**16
    assert "".join(event.digit for event in told(bench, port, 2)) == "12"
    assert not [event for event in bench.waiting + bench.engine.drain() if isinstance(event, KeyReleased)]


def test_who_has_events_is_not_listened_to(bench: Bench) -> None:
    """A key that is sent in both ways is one key."""
    far = bench.far()
    port = bench.leg(far)
    send(far, keys("3"))
    far.press("4")
    (event,) = told(bench, port, 1)
    assert (event.digit, event.is_tone) == ("4", False)

"""Every fuzz target on its seeds, on mutations of them, and for ten seconds under its coverage-guided fuzzer.

What is tried here is the same each time, so that a change is judged by what it changed; `make fuzz` looks for more.
"""

import importlib
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzzing import TARGETS, seeds_of

FUZZING = Path(__file__).with_name("fuzzing.py")
SECONDS = 10  # for each target: a minute of fuzzing in `make test`; `make fuzz` goes on for longer
MUTATIONS = 40
SEED = 1
IN_PYTHON = [target for target in TARGETS if target != "native"]
WORDS = (
    b"\r\n", b"\r", b"\n", b" ", b"\t", b"\x00", b'"', b"\\", b"<", b">", b",", b";", b"=", b":", b"@", b"%", b"\xff",
)  # fmt: skip
COVERED = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)")


def target_of(name: str) -> Callable[[bytes], None]:
    """The function of a target."""
    fuzz: Callable[[bytes], None] = importlib.import_module(f"fuzz_{name}").fuzz
    return fuzz


def mutate(source: random.Random, data: bytes) -> bytes:
    """The input with a few pieces cut, doubled, moved or replaced."""
    for _ in range(source.randint(1, 4)):
        start = source.randrange(len(data) + 1)
        stop = min(len(data), start + source.randrange(12))
        piece = source.choice((b"", data[start:stop] * 2, source.choice(WORDS), source.randbytes(2)))
        data = data[:start] + piece + data[stop:]
    return data


@pytest.mark.parametrize("target", TARGETS)
def test_there_are_seeds(target: str) -> None:
    """A fuzzer that begins with nothing finds nothing soon."""
    assert len(seeds_of(target)) >= 5


@pytest.mark.parametrize("target", IN_PYTHON)
def test_the_seeds_hold_the_oracle(target: str) -> None:
    """What began a run, or was found by one, does no harm."""
    fuzz = target_of(target)
    for data in seeds_of(target).values():
        fuzz(data)


@pytest.mark.parametrize("target", IN_PYTHON)
def test_mutated_seeds_hold_the_oracle(target: str) -> None:
    """Whatever happens to an input on its way, only remote errors come of it."""
    source, fuzz = random.Random(SEED), target_of(target)  # noqa: S311  # a replayable test, no secret
    seeds = list(seeds_of(target).values())
    for _ in range(MUTATIONS):
        data = mutate(source, source.choice(seeds))
        try:
            fuzz(data)
        except Exception as error:
            raise AssertionError(f"{data!r}") from error


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("target", TARGETS)
def test_coverage_guided_fuzzing_finds_nothing(target: str) -> None:
    """Ten seconds more of a search that begins with everything that was ever reached here."""
    command = [sys.executable, str(FUZZING), target, str(SECONDS), str(SEED)]
    ended = subprocess.run(command, capture_output=True, timeout=150, check=False)  # noqa: S603  # our own program
    said = (ended.stdout + ended.stderr).decode("utf-8", "replace")
    assert ended.returncode == 0, f"{said[-6000:]}\nthe input is in build/fuzz/{target}"
    covered, kept = map(int, COVERED.findall(said)[-1])
    assert covered > 20, "the target is not instrumented"
    assert kept > 5

"""Runs a fuzz target under a coverage-guided fuzzer: python tests/fuzz/fuzzing.py TARGET SECONDS [SEED].

Targets in Python run under atheris, which is libFuzzer with the coverage of the interpreter's byte code; the native one
is compiled by clang with libFuzzer and sanitizers. What is found is kept in build/fuzz, and runs begin with it.
"""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NATIVE = ROOT / "src/offhook/media/native"
WRAPPED = ("recvfrom", "recv", "sendto", "send", "connect", "close")
LENGTHS = {"message": 2048, "stream": 4096, "endpoint": 2048, "sdp": 1024, "rtp": 256, "native": 2048}
TARGETS = tuple(LENGTHS)
NEEDED = "to fuzz what is native needs clang with libFuzzer: Debian packages clang and libclang-rt-dev"


def seeds_of(target: str) -> dict[str, bytes]:
    """The inputs that a target begins with, by name."""
    found = {path.name: path.read_bytes() for path in sorted((HERE / "corpus" / target).glob("*"))}
    if target in {"message", "stream"}:
        sys.path.insert(0, str(HERE.parent / "torture"))
        torture = importlib.import_module("torture_messages")
        head = b"" if target == "message" else b"\x00\x00"
        found |= {f"rfc-{verdict.label}": head + verdict.message for verdict in torture.verdicts()}
    return found


def arguments(target: str, seconds: int, seed: int, place: Path) -> list[str]:
    """What libFuzzer is told: `place` holds the corpus, and a crash is written there; a seed of 0 is any."""
    corpus, seeds = place / "corpus", place / "seeds"
    for folder in (corpus, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds_of(target).items():
        (seeds / name).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-max_len={LENGTHS[target]}", f"-artifact_prefix={place}/", "-timeout=5"]
    options += ["-rss_limit_mb=1024", "-len_control=0", "-print_final_stats=1", f"-seed={seed}"]
    words = HERE / f"{target}.dict"
    if words.exists():
        options.append(f"-dict={words}")
    return [*options, str(corpus), str(seeds)]


def build_native(place: Path) -> Path:
    """The native harness, compiled anew."""
    compiler = shutil.which("clang")
    if compiler is None:
        sys.exit(NEEDED)
    place.mkdir(parents=True, exist_ok=True)
    program = place / "fuzz_native"
    sources = [str(path) for path in sorted(NATIVE.glob("*.c")) if "PyObject" not in path.read_text(encoding="utf-8")]
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-fno-sanitize-recover=all"]
    flags += ["-fsanitize=fuzzer,address,undefined", f"-I{NATIVE}", *(f"-Wl,--wrap={name}" for name in WRAPPED)]
    command = [compiler, *flags, str(HERE / "fuzz_native.c"), *sources, "-o", str(program), "-lm"]
    if subprocess.run(command, check=False).returncode:  # noqa: S603  # our own sources
        sys.exit(NEEDED)
    return program


def run(target: str, seconds: int, seed: int = 0) -> None:
    """Fuzz until the time is up or something is found; does not return."""
    place = ROOT / "build" / "fuzz" / target
    options = arguments(target, seconds, seed, place)
    if target == "native":
        program = build_native(place)
        os.execv(program, [str(program), *options])  # noqa: S606  # the harness just built
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415  # not for every Python

    with atheris.instrument_imports(include=["offhook"]):
        fuzz = importlib.import_module(f"fuzz_{target}").fuzz
    atheris.Setup([sys.argv[0], *options], fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    given = sys.argv[1:]
    if len(given) not in {2, 3} or given[0] not in TARGETS or not all(number.isdigit() for number in given[1:]):
        sys.exit(f"usage: fuzzing.py {'|'.join(TARGETS)} SECONDS [SEED]")
    run(given[0], *map(int, given[1:]))

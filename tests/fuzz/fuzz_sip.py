"""Fuzz target for SIP parsing and framing: run `python tests/fuzz/fuzz_sip.py -max_total_time=60 CORPUS`.

The oracle: `parse` and `validate` raise MalformedMessage alone, what was parsed prints and reads back as the same, and
a stream fed whole or byte by byte gives the same messages.
"""

import sys

from offhook.sip.errors import FramingError, MalformedMessage, MalformedValue
from offhook.sip.framing import KeepAlive, StreamFramer
from offhook.sip.message import Response, refusal, response_to
from offhook.sip.parse import Limits, parse, validate

LIMITS = Limits(message=4096, header_lines=64, line=1024)


def fuzz_parse(data: bytes) -> None:
    """Read, print and judge one message; raises only when the oracle does not hold."""
    try:
        message = parse(data, LIMITS)
        read = parse(bytes(message), Limits())
        if read != message:
            raise AssertionError(f"{data!r} prints as {bytes(message)!r}")
        validate(message)
    except MalformedMessage as error:
        answer = refusal(error, to_tag="t")
    else:
        answer = None if isinstance(message, Response) else response_to(message, 200, to_tag="t")
    if answer is not None:
        validate_answer(answer)


def validate_answer(answer: Response) -> None:
    """An answer of ours can be read, whatever it answers."""
    read = parse(bytes(answer), Limits())
    if read != answer:
        raise AssertionError(f"{answer!r} reads back as {read!r}")
    try:
        _ = answer.vias
    except MalformedValue:
        return  # a Via below the topmost is the peer's own affair


def cut(chunks: list[bytes]) -> tuple[list[bytes | KeepAlive], bool]:
    """What comes out of these chunks, and whether an error ended it."""
    framer = StreamFramer(LIMITS)
    found: list[bytes | KeepAlive] = []
    try:
        for chunk in (*chunks, b""):
            found += framer.feed(chunk)
    except FramingError:
        return found, True
    return found, False


def fuzz_framing(data: bytes) -> None:
    """Cut one stream in two ways; raises when they differ."""
    if cut([data]) != cut([bytes([byte]) for byte in data]):
        raise AssertionError(f"the chunks matter in {data!r}")


def fuzz(data: bytes) -> None:
    """Both targets on the same bytes."""
    fuzz_parse(data)
    fuzz_framing(data)


def main() -> None:
    """Run under atheris until stopped or something is found."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415  # not for every Python

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""`offhook phone` as it is typed: what it refuses, and its log."""

import json
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offhook.server.cli import make_app
from offhook.testing.phone import Phone
from offhook.testing.phone_call import Behaviour


def run(*words: str) -> tuple[int, str]:
    """Exit code and output of `offhook phone`."""
    result = CliRunner().invoke(make_app(), ["phone", *words])
    return result.exit_code, result.output


@pytest.fixture
def behaviour(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Behaviour]:
    """How the telephone would behave, which is not started."""
    kept: list[Behaviour] = []

    async def run_not(self: Phone, _to: str | None, _from: str) -> None:
        kept.append(self._behaviour)
        self.tell(1, "invite", headers=[("X-Order", "4815")], source="192.0.2.1:5060")
        self.tell(1, "heard", kind="tone", frequency_hz=440.2, level_dbfs=-12.0)

    monkeypatch.setattr(Phone, "run", run_not)
    return lambda: kept[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--listen", "example.com:5060"), "127.0.0.1:5090"),
        (("--listen", "0.0.0.0:5060"), "an address that callers reach"),
        (("--play", "tone:5000"), "up to 3400 Hz"),
        (("--play", "not-there.wav"), "give tone:440"),
        (("--play", "tone:440", "--echo"), "choose one"),
        (("--press", "12x"), "w and W"),
        (("--answer-header", "nothing"), "NAME:VALUE"),
        (("--log", "/not/there/phone.jsonl"), "name another file"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    """Exit code 1, and what to write instead."""
    code, output = run(*words)
    assert code == 1
    assert said in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("code", ["200", "700"])
def test_only_refusals_refuse(code: str) -> None:
    """A SIP code outside of 300 to 699 is wrong usage."""
    assert run("--refuse", code)[0] == 2


def test_the_options_make_the_behaviour(behaviour: Callable[[], Behaviour]) -> None:
    """Each option arrives where it belongs."""
    words = "--answer 1.5 --refuse 486 --ring-forever --hangup-after 3 --press 1w# --calls 2 --answer-header X-Queue:7"
    assert run(*words.split())[0] == 0
    made = behaviour()
    assert (made.ring, made.refuse_with, made.rings_for_ever) == (1.5, 486, True)
    assert (made.hang_up_after, made.calls, made.script.keys) == (3, 2, "1w#")
    assert made.answer_headers == (("X-Queue", "7"),)


def test_a_call_of_ones_own_ends_the_program(behaviour: Callable[[], Behaviour]) -> None:
    """--call is one call."""
    run("--call", "sip:kate@127.0.0.1")
    assert behaviour().calls == 1


def test_a_file_is_played_once_and_a_tone_for_ever(behaviour: Callable[[], Behaviour], tmp_path: Path) -> None:
    """Both become samples at 8 kHz."""
    file = tmp_path / "hello.wav"
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(bytes(3200))
    run("--play", str(file))
    assert (len(behaviour().script.samples), behaviour().script.is_endless) == (3200, False)
    run("--play", "tone:440")
    assert (len(behaviour().script.samples), behaviour().script.is_endless) == (16_000, True)


@pytest.mark.usefixtures("behaviour")
def test_events_are_printed_and_written(tmp_path: Path) -> None:
    """One line each for people, headers below when asked for; one JSON object each for programs."""
    log = tmp_path / "phone.jsonl"
    _, output = run("--headers", "--log", str(log))
    lines = [line.strip() for line in output.splitlines()]
    assert lines[1] == "X-Order: 4815"
    assert lines[2].endswith("kind=tone frequency_hz=440.2 level_dbfs=-12")
    written = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in written] == ["invite", "heard"]
    assert written[0]["headers"] == [["X-Order", "4815"]]

"""The messages on the page of Media Streams are those that the code writes and reads."""

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from offhook.media.stream_messages import CONNECTED, ClearMessage, MarkMessage, MediaMessage, Writer, parse

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "media-streams.md").read_text(encoding="utf-8")
THEIRS, OURS = "## What your server gets", "## What your server may say"


def examples(of: str) -> list[dict[str, Any]]:
    """The messages below a heading, in their order."""
    section = PAGE.partition(f"{of}\n")[2].partition("\n## ")[0]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]


def test_what_a_server_gets() -> None:
    """One example of each, of one stream, octet for octet what is sent but for the white space."""
    connected, start, media, *_, stop = printed = examples(THEIRS)
    begin, end = start["start"], stop["stop"]
    writer = Writer(start["streamSid"])
    written = [
        CONNECTED,
        writer.start(begin["accountSid"], begin["callSid"], tuple(begin["tracks"]), begin["customParameters"]),
        writer.media("inbound", 1, 0, b64decode(media["media"]["payload"])),
        writer.dtmf("5"),
        writer.mark("greeting"),
        writer.stop(end["accountSid"], end["callSid"]),
    ]
    assert [json.dumps(one) for one in printed] == [json.dumps(json.loads(text)) for text in written]
    assert connected["event"] == "connected"


@pytest.mark.parametrize(("place", "kind"), list(enumerate([MediaMessage, MarkMessage, ClearMessage])))
def test_what_a_server_may_say(place: int, kind: type) -> None:
    """Each example is understood."""
    printed = examples(OURS)
    assert len(printed) == 3
    assert isinstance(parse(json.dumps(printed[place])), kind)

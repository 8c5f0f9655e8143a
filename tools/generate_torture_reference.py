"""Writes docs/reference/torture.md from tests/torture/verdicts.toml; `--check` only tells whether it is stale."""

import tomllib
from pathlib import Path
from typing import Any

from generated import settle

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "torture" / "verdicts.toml"
PAGE = ROOT / "docs" / "reference" / "torture.md"
RFCS = {
    "4475": "## RFC 4475: torture test messages",
    "5118": "## RFC 5118: torture test messages for IPv6",
}
INTRODUCTION = """# Torture messages

<!-- Written by tools/generate_torture_reference.py from tests/torture/verdicts.toml. -->

RFC 4475 and RFC 5118 collect messages that are legal and look wrong, or are wrong and look legal.
This is what offhook does with each; `tests/torture` holds it to that.
The messages of RFC 4475 are octet for octet those of the archive in its appendix A.

- *parser*: whether the message is accepted as well formed, or the code that its refusal leads to.
- *answer*: what a whole endpoint sends back when the message comes as a datagram from a stranger;
  `none` when it is dropped in silence. *offered* means that the call is told to the platform.
- *stream*: how many messages are cut from the bytes on TCP or TLS; *waits* when more has to come,
  *closed* when the end of the message cannot be found and the connection is given up.
- A message *amended* has the Content-Length of its body, or the empty line that the archive leaves out.
"""


def rows(messages: list[dict[str, Any]]) -> list[str]:
    """The lines of one table."""
    lines = ["| message | § | what it tries | parser | answer | stream | why |", "|---|---|---|---|---|---|---|"]
    for message in messages:
        name = f"`{message['name']}`" + (" *amended*" if "amended" in message else "")
        section = message["section"].partition(" ")[2]
        answer = ", ".join(map(str, message["answers"])) or "none"
        if "event" in message:
            answer += ", offered"
        frames = message.get("frames", 1)
        stream = "waits" if frames == 0 else str(frames)
        cells = [name, section, message["title"], str(message["parser"]), answer, stream, message["why"]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |")
    return lines


def page() -> str:
    """The whole page."""
    messages = tomllib.loads(TABLE.read_text(encoding="utf-8"))["message"]
    parts = [INTRODUCTION]
    for rfc, heading in RFCS.items():
        parts += [heading, "", *rows([one for one in messages if one["section"].startswith(rfc)]), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    settle(PAGE, page())

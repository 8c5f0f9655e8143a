"""The torture messages of RFC 4475 and RFC 5118 and the table of what becomes of them.

The messages stand in tests/data in the notation of RFC 4475 §2: allOneLine, repeat and hex; every line ends with CRLF.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("verdicts.toml")
DATA = Path(__file__).parents[1] / "data"

_REPEAT = re.compile(r"<repeat count=(\d+)>(.*?)</repeat>")
_ONE_LINE = re.compile(r"<allOneLine>\n(.*?)</allOneLine>", re.DOTALL)
_HEX = re.compile(rb"<hex>([0-9A-F\s]*)</hex>")
_LENGTH = re.compile(rb"(?<=\r\nContent-Length: )[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One row of the table."""

    name: str
    section: str
    title: str
    parser: str | int
    answers: list[int]
    why: str
    event: str | None = None
    frames: int | str = 1
    amended: str | None = None
    sha256: str | None = None
    reads: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What the row is called."""
        return f"{self.name}, amended" if self.amended else self.name

    @property
    def message(self) -> bytes:
        """The bytes."""
        rfc = self.section.partition(" ")[0]
        data = expand((DATA / f"rfc{rfc}" / f"{self.name}.txt").read_text(encoding="utf-8"))
        if self.amended == "end":
            return data + b"\r\n"
        if self.amended == "length":
            return _LENGTH.sub(str(len(data.partition(b"\r\n\r\n")[2])).encode(), data)
        return data


def expand(text: str) -> bytes:
    """What the notation of RFC 4475 §2 stands for."""
    text = _REPEAT.sub(lambda found: found[2] * int(found[1]), text)
    text = _ONE_LINE.sub(lambda found: found[1].replace("\n", ""), text)
    return _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode().replace(b"\n", b"\r\n"))


def verdicts() -> list[Verdict]:
    """The table, in the order of the RFCs."""
    return [Verdict(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["message"]]

"""What the stack did with what it was given, for people: matched, dropped, and why."""

from collections.abc import Callable
from typing import NamedTuple


class TraceEntry(NamedTuple):
    """One remark; `kind` is a short word (dropped, stray, ignored, refused, state …)."""

    kind: str
    text: str
    call_id: str = ""


Trace = Callable[[TraceEntry], None]


def no_trace(_entry: TraceEntry) -> None:
    """Say nothing."""

"""What the stack did with what it was given, for people: matched, dropped, and why."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One remark; `kind` is a short word (dropped, stray, ignored, refused …)."""

    kind: str
    text: str
    call_id: str = ""


Trace = Callable[[TraceEntry], None]


def no_trace(_entry: TraceEntry) -> None:
    """Say nothing."""

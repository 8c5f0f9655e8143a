"""What a verb returns; values instead of exceptions, so that every way out of a document is a type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from offhook.model.call import WebhookTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Go on with the next verb; after the last one the call ends."""

    def __str__(self) -> str:
        return "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Leave this document for another one; `parameters` come on top of the standard ones."""

    target: WebhookTarget
    parameters: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "redirect"

    def __str__(self) -> str:
        return f"{self.purpose} to {self.target.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The verb ended the call: nothing after it is reached."""

    def __str__(self) -> str:
        return "finish"


Outcome = Continue | Redirect | Finish

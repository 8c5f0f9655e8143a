"""What a call begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from offhook.model.call import WebhookTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStart:
    """What a call begins with: a document to fetch or one brought along, and where to turn when that fails."""

    document: WebhookTarget | None = None
    twiml: str | None = None
    fallback: WebhookTarget | None = None
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    is_screening: bool = False
    is_attempt: bool = False  # when it cannot be had, nobody is told: the call goes on as it was

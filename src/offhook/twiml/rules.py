"""What the rows of the schema are made of: elements, attributes, and the rows that several elements share.

Filled in by schema and schema_unbuilt. A row without a code of its own warns with 12200.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from offhook.twiml.errors import SCHEMA_VIOLATION
from offhook.twiml.kinds import Choice, Flag, Kind, Link, Method, Text, Url, Words


class Body(Enum):
    """What an element holds besides its children."""

    NOTHING = "nothing"
    TEXT = "text"
    SSML = "text with SSML"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: `default` is as one would write it, None when there is none; `field` is where the value goes."""

    name: str
    kind: Kind
    default: str | None = None
    code: int = SCHEMA_VIOLATION
    field: str = ""

    @property
    def target(self) -> str:
        """The field of the dataclass: `name`, or `part.name`; the attribute's name in snake case when none is given."""
        return self.field or re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One element: what may stand in it, and the dataclass it becomes (None: known, not built yet)."""

    children: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    body: Body = Body.NOTHING
    body_field: str = "text"
    make: Callable[..., Any] | None = None

    def attribute(self, name: str) -> Attribute | None:
        """The row of an attribute."""
        return next((row for row in self.attributes if row.name == name), None)


SSML = ("break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")

LINK, URL, METHOD, FLAG, TEXT = Link(), Url(), Method(), Flag(), Text()
TRIM = Choice.of("trim-silence do-not-trim")
SIDES = Choice.of("inbound outbound both")
CALL_EVENTS = Words.of("initiated ringing answered completed")
RECORDING_EVENTS = Words.of("in-progress completed absent")


def rows(kind: Kind, names: str) -> tuple[Attribute, ...]:
    """Rows of one kind without defaults, for names separated by spaces."""
    return tuple(Attribute(name, kind) for name in names.split())


STATUS_CALLBACK = (
    Attribute("statusCallback", URL, None, 11100),
    Attribute("statusCallbackMethod", METHOD, "POST"),
    Attribute("statusCallbackEvent", CALL_EVENTS, "completed"),
)

RECORDING_CALLBACK = (
    Attribute("recordingStatusCallback", URL, None, 13256, field="recording.callback"),
    Attribute("recordingStatusCallbackMethod", METHOD, "POST", field="recording.callback_method"),
    Attribute("recordingStatusCallbackEvent", RECORDING_EVENTS, "completed", 13621, field="recording.callback_event"),
    Attribute("recordingConfigurationId", TEXT, field="recording.configuration_id"),
)

ACTION = (Attribute("action", LINK, None, 11100), Attribute("method", METHOD, "POST"))

"""One frozen dataclass for each noun that <Dial> calls (contract 1 §4.1, contract 2 §1.18).

Values as document read them: bad ones have been replaced by the defaults here, which are those of schema.
"""

from dataclasses import dataclass, field
from typing import ClassVar

COMPLETED_ONLY = frozenset({"completed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineDetection:
    """Whether and how a machine is told from a person; `mode` is Enable, DetectMessageEnd or None."""

    mode: str | None = None
    timeout: int = 30  # seconds
    speech_threshold: int = 2400  # milliseconds, as the next two
    speech_end_threshold: int = 1200
    silence_timeout: int = 5000
    callback: str | None = None
    callback_method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipNoun:
    """<Sip>: `uri` is the text as written, with parameters and headers; the dialer checks it."""

    name: ClassVar[str] = "Sip"

    uri: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    url: str | None = None
    method: str = "POST"
    status_callback: str | None = None
    status_callback_method: str = "POST"
    status_callback_event: frozenset[str] = COMPLETED_ONLY
    machine_detection: MachineDetection = MachineDetection()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNoun:
    """<Number>, or the text of a <Dial>: a telephone number as written."""

    name: ClassVar[str] = "Number"

    number: str
    send_digits: str | None = None
    url: str | None = None
    method: str = "POST"
    byoc: str | None = None
    status_callback: str | None = None
    status_callback_method: str = "POST"
    status_callback_event: frozenset[str] = COMPLETED_ONLY
    machine_detection: MachineDetection = MachineDetection()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbuiltNoun:
    """A noun that the schema knows and nothing runs yet: Client, Conference, Queue, Application, Sim, WhatsApp."""

    name: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    line: int = 0


Noun = SipNoun | NumberNoun | UnbuiltNoun

"""One entry for each thing that happens in a call; logs, ladder, metrics and console are readings of these."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from offhook.model.sids import CallSid


class Kind(Enum):
    """What sort of thing happened."""

    SIP = "sip"
    WEBHOOK = "webhook"
    DOCUMENT = "document"
    VERB = "verb"
    DIGIT = "digit"
    MEDIA = "media"
    LEG = "leg"
    STATUS = "status"
    NOTICE = "notice"


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, at an aware UTC time; `detail` holds JSON values only.

    By kind::

        sip       direction (sent|received), peer, local, transport, edge, start_line, text, call_id
        webhook   purpose, method, url, parameters, code, milliseconds, body, error
        document  url, verbs, bytes, warnings
        verb      name, line, outcome
        digit     digit, direction, source (rfc4733|info|inband|played)
        media     event, and what belongs to it (codec, remote, packets, lost …)
        leg       event (redirected|next-contact|referred|refers|replaced|expired), and what belongs to it
        status    status, direction, and for the last one ended_by, sip_response_code, duration, error_code,
                  ending (model.ending.CallEnding) and told, its sentence
        notice    error_code, level (error|warning), text
    """

    at: datetime
    kind: Kind
    summary: str
    call_sid: CallSid | None = None
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)

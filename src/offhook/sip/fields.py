"""The other typed header values: Via, CSeq, RAck, Reason, Session-Expires, media types (RFC 3261 §20 and others).

Each reads one value with `parse` and prints it with `str`; read from header values by message.
"""

import re
from dataclasses import dataclass, field

from offhook.sip.errors import MalformedValue
from offhook.sip.grammar import (
    LWS,
    TOKEN,
    Params,
    find_param,
    is_token,
    parse_number,
    parse_params,
    print_params,
    quote,
    remembered,
)
from offhook.sip.uri import HIGHEST_PORT, HOST, print_host, read_host

HIGHEST_CSEQ = 2**31 - 1  # §8.1.1.5
HIGHEST_SECONDS = 2**32 - 1  # §25.1, delta-seconds
BRANCH_COOKIE = "z9hG4bK"  # §8.1.1.7

_VIA = re.compile(
    rf"SIP{LWS}/{LWS}2\.0{LWS}/{LWS}({TOKEN})[ \t]+({HOST}){LWS}(?::{LWS}([0-9]{{1,5}}){LWS})?(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
_VIA_PARAMS = frozenset({"branch", "received", "rport"})
_CSEQ = re.compile(rf"([0-9]{{1,10}})[ \t]+({TOKEN})")
_RACK = re.compile(rf"([0-9]{{1,10}})[ \t]+([0-9]{{1,10}})[ \t]+({TOKEN})")
_VALUE_AND_PARAMS = re.compile(r"([^;\s]+)[ \t]*(;.*)?", re.DOTALL)
_MEDIA_TYPE = re.compile(rf"({TOKEN}){LWS}/{LWS}({TOKEN}){LWS}(;.*)?", re.DOTALL)
# Possessive: two runs of white space side by side would be tried in every division.
_RETRY_AFTER = re.compile(r'([0-9]{1,10})[ \t]*+(\((?:[^()\\"]|\\.)*+\))?+[ \t]*+(;.*)?', re.DOTALL)


def _value_and_params(text: str, what: str) -> tuple[str, Params]:
    match = _VALUE_AND_PARAMS.fullmatch(text)
    if match is None:
        raise MalformedValue(f"expected {what}, found {text[:80]!r}")
    return match[1], parse_params(match[2] or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """One hop (§20.42). `transport` is as written; `rport` is None when absent and "" when only asked for (RFC 3581).

    `params` holds the parameters other than branch, received and rport.
    """

    transport: str
    host: str
    port: int | None = None
    branch: str | None = None
    received: str | None = None
    rport: int | str | None = None
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Read one Via value. Raises MalformedValue."""
        return _read_via(text)

    def __str__(self) -> str:
        text = f"SIP/2.0/{self.transport} {print_host(self.host, self.port)}"
        if self.rport is not None:
            text += f";rport={self.rport}" if self.rport != "" else ";rport"
        if self.received is not None:
            text += f";received={self.received}"
        if self.branch is not None:
            text += f";branch={self.branch}"
        return text + print_params(self.params)

    @property
    def has_magic_cookie(self) -> bool:
        """Whether the branch was made by RFC 3261's rules, so that it alone names the transaction (§17.2.3).

        The cookie alone names none (RFC 4475 §3.2.1).
        """
        return self.branch is not None and self.branch.startswith(BRANCH_COOKIE) and self.branch != BRANCH_COOKIE

    def param(self, name: str) -> str | None:
        """The value of a parameter in `params`; "" when it has none, None when it is absent."""
        return find_param(self.params, name)


@remembered  # each response repeats the Vias of its request
def _read_via(text: str) -> Via:
    match = _VIA.fullmatch(text)
    if match is None:
        raise MalformedValue(f"expected a Via, found {text[:80]!r}")
    transport, host, port, rest = match.groups()
    known: dict[str, str] = {}
    others = []
    for name, value in parse_params(rest) if rest else ():
        key = name.lower()
        if key in _VIA_PARAMS:
            known.setdefault(key, value)
        else:
            others.append((name, value))
    rport = known.get("rport")
    received = known.get("received", "").strip("[]")  # an IPv6 address is read with brackets and without
    return Via(
        transport=transport,
        host=read_host(host),
        port=None if port is None else parse_number(port, HIGHEST_PORT, "a port"),
        branch=known.get("branch") or None,
        received=received or None,
        rport=parse_number(rport, HIGHEST_PORT, "an rport") if rport else rport,
        params=tuple(others),
    )


@dataclass(frozen=True, slots=True)
class CSeq:
    """A request's number within its dialog, and its method (§20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        """Read a CSeq. Raises MalformedValue."""
        return _read_cseq(text)

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@remembered  # "1 INVITE" begins every call
def _read_cseq(text: str) -> CSeq:
    match = _CSEQ.fullmatch(text)
    if match is None:
        raise MalformedValue(f"expected a number and a method, found {text[:80]!r}")
    return CSeq(parse_number(match[1], HIGHEST_CSEQ, "a CSeq number"), match[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class RAck:
    """Which reliable provisional response a PRACK confirms (RFC 3262 §7.2)."""

    rseq: int
    cseq: CSeq

    @classmethod
    def parse(cls, text: str) -> "RAck":
        """Read a RAck. Raises MalformedValue."""
        match = _RACK.fullmatch(text)
        if match is None:
            raise MalformedValue(f"expected two numbers and a method, found {text[:80]!r}")
        number = parse_number(match[2], HIGHEST_CSEQ, "a CSeq number")
        return cls(rseq=parse_number(match[1], HIGHEST_SECONDS, "an RSeq"), cseq=CSeq(number, match[3]))

    def __str__(self) -> str:
        return f"{self.rseq} {self.cseq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a request was sent (RFC 3326): `Q.850;cause=16;text="Normal call clearing"`; `text` is unquoted."""

    protocol: str
    cause: int | None = None
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reason":
        """Read one Reason value; parameters other than cause and text are left out. Raises MalformedValue."""
        protocol, params = _value_and_params(text, "a reason")
        cause = find_param(params, "cause")
        if not is_token(protocol):
            raise MalformedValue(f"expected a protocol, found {protocol[:80]!r}")
        return cls(
            protocol=protocol,
            cause=parse_number(cause, HIGHEST_SECONDS, "a cause") if cause else None,
            text=find_param(params, "text") or "",
        )

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return f"{self.protocol}{cause}" + (f";text={quote(self.text)}" if self.text else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExpires:
    """The session interval in seconds and who refreshes it: "uac", "uas" or None (RFC 4028 §4)."""

    seconds: int
    refresher: str | None = None

    @classmethod
    def parse(cls, text: str) -> "SessionExpires":
        """Read a Session-Expires. Raises MalformedValue."""
        seconds, params = _value_and_params(text, "a session interval")
        refresher = find_param(params, "refresher")
        if refresher is not None and refresher.lower() not in {"uac", "uas"}:
            raise MalformedValue(f"expected uac or uas as refresher, found {refresher[:40]!r}")
        return cls(
            seconds=parse_number(seconds, HIGHEST_SECONDS, "an interval"),
            refresher=None if refresher is None else refresher.lower(),
        )

    def __str__(self) -> str:
        return f"{self.seconds}" + (f";refresher={self.refresher}" if self.refresher else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfter:
    """When to try again, in seconds from now, and for how long it will then last (§20.33). The comment is left out."""

    seconds: int
    duration: int | None = None

    @classmethod
    def parse(cls, text: str) -> "RetryAfter":
        """Read a Retry-After. Raises MalformedValue."""
        match = _RETRY_AFTER.fullmatch(text)
        if match is None:
            raise MalformedValue(f"expected seconds, found {text[:80]!r}")
        duration = find_param(parse_params(match[3] or ""), "duration")
        return cls(
            seconds=parse_number(match[1], HIGHEST_SECONDS, "seconds"),
            duration=parse_number(duration, HIGHEST_SECONDS, "a duration") if duration else None,
        )

    def __str__(self) -> str:
        return f"{self.seconds}" + ("" if self.duration is None else f";duration={self.duration}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """What a body is (§20.15): type and subtype in lower case, parameters as written."""

    type: str
    subtype: str
    params: Params = field(default=())

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Read a Content-Type. Raises MalformedValue."""
        return _read_media_type(text)

    def __str__(self) -> str:
        return f"{self.full_type}{print_params(self.params)}"

    @property
    def full_type(self) -> str:
        """Type and subtype as `application/sdp`."""
        return f"{self.type}/{self.subtype}"

    def param(self, name: str) -> str | None:
        """The parameter's value, unquoted; "" when it has none, None when it is absent."""
        return find_param(self.params, name)


@remembered  # it is nearly always application/sdp
def _read_media_type(text: str) -> MediaType:
    match = _MEDIA_TYPE.fullmatch(text)
    if match is None:
        raise MalformedValue(f"expected a media type, found {text[:80]!r}")
    return MediaType(type=match[1].lower(), subtype=match[2].lower(), params=parse_params(match[3] or ""))

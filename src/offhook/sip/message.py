"""Requests and responses as values, and the response to a request (RFC 3261 §7, §8.2.6).

Made by parse from bytes and by transactions, dialogs and sessions from parts; `bytes(message)` prints one. Header
fields are interpreted when they are first asked for, and remembered until the headers change. An accessor raises
MalformedValue when the peer's field does not follow its grammar; after `parse.validate` none does but `vias`.
"""

from offhook.sip.address import Address, read_tag
from offhook.sip.errors import IllegalValue, MalformedMessage, MalformedValue
from offhook.sip.fields import CSeq, MediaType, Via
from offhook.sip.grammar import is_token, parse_number, split_list
from offhook.sip.headers import Headers
from offhook.sip.methods import METHODS, method
from offhook.sip.status import HIGHEST, LOWEST, reason_phrase
from offhook.sip.uri import Uri, parse_uri

HIGHEST_MAX_FORWARDS = 255  # §20.22


def _required(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if not value:
        raise MalformedValue(f"expected a {name} header")
    return value


def _read_cseq(headers: Headers) -> CSeq:
    return CSeq.parse(_required(headers, "CSeq"))


def _read_from(headers: Headers) -> Address:
    return Address.parse(_required(headers, "From"))


def _read_to(headers: Headers) -> Address:
    return Address.parse(_required(headers, "To"))


def _read_from_tag(headers: Headers) -> str | None:
    return read_tag(_required(headers, "From"))


def _read_to_tag(headers: Headers) -> str | None:
    return read_tag(_required(headers, "To"))


def _read_via(headers: Headers) -> Via:
    return Via.parse(split_list(_required(headers, "Via"))[0])


def _read_vias(headers: Headers) -> tuple[Via, ...]:
    return tuple(Via.parse(value) for value in headers.values("Via"))


def _read_contacts(headers: Headers) -> tuple[Address, ...]:
    return tuple(Address.parse_many(headers.all("Contact")))


def _read_record_route(headers: Headers) -> tuple[Address, ...]:
    return tuple(Address.parse_many(headers.all("Record-Route")))


def _read_route(headers: Headers) -> tuple[Address, ...]:
    return tuple(Address.parse_many(headers.all("Route")))


def _read_max_forwards(headers: Headers) -> int | None:
    value = headers.get("Max-Forwards")
    return None if value is None else parse_number(value, HIGHEST_MAX_FORWARDS, "Max-Forwards")


def _read_content_type(headers: Headers) -> MediaType | None:
    value = headers.get("Content-Type")
    return None if not value else MediaType.parse(value)


class Message:
    """What requests and responses share: headers, body and the fields that both have."""

    __slots__ = ("body", "headers")

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body

    def _start_line(self) -> str:
        raise NotImplementedError

    def __bytes__(self) -> bytes:
        lines = [self._start_line(), *self.headers.lines(without="Content-Length")]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._start_line()}>"

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return _required(self.headers, "Call-ID")

    @property
    def cseq(self) -> CSeq:
        """The CSeq."""
        return self.headers.typed(_read_cseq)

    @property
    def from_(self) -> Address:
        """The From address."""
        return self.headers.typed(_read_from)

    @property
    def to(self) -> Address:
        """The To address."""
        return self.headers.typed(_read_to)

    @property
    def from_tag(self) -> str | None:
        """The tag of the From address."""
        return self.headers.typed(_read_from_tag)

    @property
    def to_tag(self) -> str | None:
        """The tag of the To address."""
        return self.headers.typed(_read_to_tag)

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self.headers.typed(_read_via)

    @property
    def vias(self) -> list[Via]:
        """All Vias, topmost first."""
        return list(self.headers.typed(_read_vias))

    def replace_via(self, via: Via) -> None:
        """Put another topmost Via in the place of the present one."""
        rest = split_list(_required(self.headers, "Via"))[1:]
        self.headers.replace_first("Via", ", ".join([str(via), *rest]))
        self.headers.remember(_read_via, via)

    @property
    def contact(self) -> Address | None:
        """The first Contact, or None."""
        contacts = self.headers.typed(_read_contacts)
        return contacts[0] if contacts else None

    @property
    def contacts(self) -> list[Address]:
        """All Contacts; `[WILDCARD]` for "*"."""
        return list(self.headers.typed(_read_contacts))

    @property
    def record_route(self) -> list[Address]:
        """The Record-Route addresses in the order of the message."""
        return list(self.headers.typed(_read_record_route))

    @property
    def route(self) -> list[Address]:
        """The Route addresses in the order of the message."""
        return list(self.headers.typed(_read_route))

    @property
    def max_forwards(self) -> int | None:
        """How many more hops the request may take, 0 to 255, or None."""
        return self.headers.typed(_read_max_forwards)

    @property
    def content_type(self) -> MediaType | None:
        """What the body is, or None."""
        return self.headers.typed(_read_content_type)

    @property
    def require(self) -> list[str]:
        """The option tags that the recipient must support, in lower case."""
        return self._option_tags("Require")

    @property
    def supported(self) -> list[str]:
        """The option tags that the sender supports, in lower case."""
        return self._option_tags("Supported")

    @property
    def allow(self) -> list[str]:
        """The methods that the sender takes."""
        return self.headers.values("Allow")

    def _option_tags(self, name: str) -> list[str]:
        return [tag.lower() for tag in self.headers.values(name)]


class Request(Message):
    """A request. `text_uri` is its Request-URI as written, `uri` what that means."""

    __slots__ = ("_uri", "method", "text_uri")

    def __init__(self, method: str, uri: Uri | str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.text_uri = str(uri)
        self._uri = None if isinstance(uri, str) else uri
        if method not in METHODS and not is_token(method):
            raise IllegalValue(f"a method is a token, not {method!r}")
        if not self.text_uri or not is_graphic(self.text_uri):
            raise IllegalValue(f"a Request-URI has no spaces and no control characters: {self.text_uri!r}")

    def _start_line(self) -> str:
        return f"{self.method} {self.text_uri} SIP/2.0"

    @property
    def uri(self) -> Uri:
        """The Request-URI. Raises MalformedValue."""
        if self._uri is None:
            self._uri = parse_uri(self.text_uri)
        return self._uri


class Response(Message):
    """A response: status code and reason phrase."""

    __slots__ = ("code", "reason")

    def __init__(self, code: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.code = code
        self.reason = reason
        if not LOWEST <= code <= HIGHEST:
            raise IllegalValue(f"a status code is from {LOWEST} to {HIGHEST}, not {code}")
        if not (reason.isascii() and reason.isprintable()) and not is_graphic(reason.translate(_BLANKS)):
            raise IllegalValue(f"a reason phrase has no control characters: {reason!r}")

    def _start_line(self) -> str:
        return f"SIP/2.0 {self.code} {self.reason}"

    @property
    def is_provisional(self) -> bool:
        """Whether the code is 1xx."""
        return self.code < 200  # noqa: PLR2004  # §7.2

    @property
    def is_final(self) -> bool:
        """Whether the code is 200 or more."""
        return self.code >= 200  # noqa: PLR2004  # §7.2

    @property
    def is_success(self) -> bool:
        """Whether the code is 2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004  # §7.2


_BLANKS = {ord(" "): None, ord("\t"): None}


def is_graphic(text: str) -> bool:
    """Whether the text can stand between spaces of a start line: no white space, control or unencodable character."""
    if text.isascii():
        return text.isprintable() and " " not in text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return min(raw, default=0) > 0x20 and 0x7F not in raw  # noqa: PLR2004  # SP


def response_to(
    request: Request, code: int, reason: str | None = None, *, to_tag: str | None = None, body: bytes = b""
) -> Response:
    """The response to a request with the fields that §8.2.6 copies; Contact and the like are the caller's to add.

    `to_tag` goes into the To when that has no tag yet and the code is above 100. Raises IllegalValue.
    """
    headers = Headers()
    headers.carry(request.headers, "Via")
    if LOWEST < code < 300 and method(request.method).makes_dialog:  # noqa: PLR2004  # §12.1.1
        headers.carry(request.headers, "Record-Route")
    headers.carry(request.headers, "From")
    if to_tag and code > LOWEST and not _has_tag(request):
        headers.add("To", f"{request.headers.get('To')};tag={to_tag}")
    else:
        headers.carry(request.headers, "To")
    headers.carry(request.headers, "Call-ID", "CSeq")
    if code == LOWEST:
        headers.carry(request.headers, "Timestamp")
    return Response(code, reason_phrase(code) if reason is None else reason, headers, body)


def _has_tag(request: Request) -> bool:
    try:
        return request.to_tag is not None
    except MalformedValue:
        return True  # nothing can be added to a To that cannot be read; it goes back as it came


def refusal(error: MalformedMessage, to_tag: str | None = None) -> Response | None:
    """The answer to a request that could not be read, or None when it can or must not be answered."""
    if not error.partial:
        return None
    echoed = Request("UNKNOWN", "sip:unknown.invalid", Headers(error.partial))
    return response_to(echoed, error.code, to_tag=to_tag)

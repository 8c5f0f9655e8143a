"""What can go wrong with SIP: on our side (local, a bug, raised at once) or on the peer's (remote, with a code).

OffhookError
└── SipError
    ├── LocalSipError          we built something that may not go on the wire
    │   ├── IllegalHeader      a header name or value with a character that could end the line
    │   └── IllegalValue       a method, URI, code or field that cannot be printed
    └── RemoteSipError         the peer sent it; `code` is what to answer with
        ├── MalformedMessage   a whole message; `partial` is what an answer needs, when that much was understood
        ├── MalformedValue     one URI, address or field
        └── FramingError       a stream that cannot be cut into messages any more: close the connection
"""

from offhook.base.errors import OffhookError

Fields = tuple[tuple[str, str], ...]


class SipError(OffhookError):
    """Root of everything the SIP package raises."""


class LocalSipError(SipError):
    """Our side asked for something illegal: a bug, raised at once."""


class IllegalHeader(LocalSipError):
    """A header name that is no token, or a value with a control character (header injection)."""


class IllegalValue(LocalSipError):
    """A method, URI, code or field value that cannot stand on the wire."""


class RemoteSipError(SipError):
    """The peer sent something wrong; `code` is the status code to answer with."""

    def __init__(self, message: str, *, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


class MalformedMessage(RemoteSipError):
    """A message that cannot be processed.

    `partial` holds the header fields that an answer must echo (Via, From, To, Call-ID, CSeq). It is empty when the
    message cannot or must not be answered: too little was understood, or it was a response or an ACK.
    """

    def __init__(self, message: str, *, code: int = 400, partial: Fields = ()) -> None:
        super().__init__(message, code=code)
        self.partial = partial


class MalformedValue(RemoteSipError):
    """A URI, an address or a header field's value that does not follow its grammar."""


class FramingError(RemoteSipError):
    """A byte stream in which the next message cannot be found; the connection is of no more use (RFC 3261 §18.3)."""

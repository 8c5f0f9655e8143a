"""What of a SIP message calls are shown: header fields, session description, and text that can be stored."""

from urllib.parse import unquote

from offhook.calls.events import HeaderList
from offhook.sip.address import Address
from offhook.sip.errors import MalformedValue
from offhook.sip.message import Message, Request
from offhook.sip.replaces import Replaces
from offhook.sip.uri import SipUri, parse_uri


def headers_of(message: Message | None) -> HeaderList:
    """All header fields in order, names as they were spelled."""
    if message is None:
        return ()
    return tuple((name, readable(value)) for name, value in message.headers.items())


def readable(value: str) -> str:
    """Text that can be stored and printed: surrogates, which stand for bytes that are not UTF-8, are replaced."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def refer_target(request: Request) -> str:
    """The URI of a Refer-To, its embedded headers included; as written when it cannot be read."""
    value = request.headers.get("Refer-To") or ""
    try:
        return str(Address.parse(value).uri)
    except MalformedValue:
        return value.strip()


def embedded_replaces(target: str) -> Replaces | None:
    """The Replaces header within a URI (RFC 3891 §6.1), None when there is none that can be read."""
    try:
        uri = parse_uri(target)
        headers = uri.headers if isinstance(uri, SipUri) else ()
        value = next((value for name, value in headers if name.lower() == "replaces"), None)
        return None if value is None else Replaces.parse(unquote(value))
    except MalformedValue:
        return None

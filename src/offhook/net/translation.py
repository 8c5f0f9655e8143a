"""The events of the SIP stack in the words of calls: values in place of messages, SDP as bytes."""

from offhook.calls import events as told
from offhook.calls.events import HeaderList, SessionId, SignallingEvent
from offhook.sip import events as sip
from offhook.sip.errors import MalformedValue
from offhook.sip.message import Message, Request, Response

SDP = "application/sdp"
REQUEST_TIMEOUT = 408

EventWithin = sip.AckReceived | sip.AckMissed | sip.OfferReceived | sip.InfoReceived | sip.ByeReceived | sip.ByeAnswered
SessionEvent = (
    sip.InviteReceived
    | sip.CancelReceived
    | sip.ProvisionalReceived
    | sip.InviteAnswered
    | sip.InviteRefused
    | EventWithin
)


def translate(event: SessionEvent, session: SessionId, edge: str) -> SignallingEvent:
    """The same event for the exchange."""
    match event:
        case sip.InviteReceived():
            return _invite_received(event, session, edge)
        case sip.CancelReceived():
            return told.CancelReceived(session=session, headers=headers_of(event.request))
        case sip.ProvisionalReceived(response=response):
            return told.ProvisionalReceived(
                session=session,
                code=response.code,
                reason=response.reason,
                headers=headers_of(response),
                answer=sdp_of(response),
            )
        case sip.InviteAnswered(response=response):
            return told.InviteAnswered(
                session=session,
                code=response.code,
                reason=response.reason,
                headers=headers_of(response),
                answer=sdp_of(response),
                source_host=event.source.host,
            )
        case sip.InviteRefused():
            return told.InviteRefused(
                session=session,
                cause=told.RefusalCause(event.cause.value),
                code=event.code,
                reason=event.reason,
                headers=headers_of(event.response),
            )
        case _:
            return _within(event, session)


def _within(event: EventWithin, session: SessionId) -> SignallingEvent:
    """Events of a session that is up, or about to be."""
    match event:
        case sip.AckReceived():
            return told.AckReceived(session=session, answer=sdp_of(event.request))
        case sip.AckMissed():
            return told.AckMissed(session=session)
        case sip.OfferReceived():
            return told.OfferReceived(session=session, offer=sdp_of(event.request))
        case sip.InfoReceived():
            return told.InfoReceived(session=session, content_type=media_type(event.request), body=event.request.body)
        case sip.ByeReceived():
            return told.ByeReceived(session=session, headers=headers_of(event.request))
        case sip.ByeAnswered(response=response):
            code = REQUEST_TIMEOUT if response is None else response.code
            return told.ByeAnswered(session=session, code=code, headers=headers_of(response))


def _invite_received(event: sip.InviteReceived, session: SessionId, edge: str) -> told.InviteReceived:
    request = event.request
    return told.InviteReceived(
        session=session,
        call_id=readable(request.call_id),
        request_uri=readable(request.text_uri),
        from_uri=readable(str(request.from_.uri)),
        from_display=readable(request.from_.display_name),
        to_uri=readable(str(request.to.uri)),
        headers=headers_of(request),
        offer=sdp_of(request),
        edge=edge,
        transport=event.source.transport.value.lower(),
        source_host=event.source.host,
        source_port=event.source.port,
    )


def headers_of(message: Message | None) -> HeaderList:
    """All header fields in order, names as they were spelled."""
    if message is None:
        return ()
    return tuple((name, readable(value)) for name, value in message.headers.items())


def sdp_of(message: Request | Response) -> bytes | None:
    """The body when it is SDP, else None."""
    return message.body if message.body and media_type(message) == SDP else None


def media_type(message: Message) -> str:
    """The Content-Type without parameters, in lower case; "" when there is none, or none that can be read."""
    try:
        value = message.content_type
    except MalformedValue:
        return ""
    return "" if value is None else value.full_type


def readable(value: str) -> str:
    """Text that can be stored and printed: surrogates, which stand for bytes that are not UTF-8, are replaced."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

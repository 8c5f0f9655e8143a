"""The events of the SIP stack in the words of calls: values in place of messages, SDP as bytes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from offhook.calls import events as told
from offhook.calls.events import SessionId, SignallingEvent
from offhook.net.message_parts import embedded_replaces, headers_of, readable, refer_target
from offhook.sip import events as sip
from offhook.sip.bodies import media_type, session_description
from offhook.sip.replaces import Replaces
from offhook.sip.uri import print_host

REQUEST_TIMEOUT, SERVICE_UNAVAILABLE = 408, 503
MOST_HOPS = 70

SessionEvent = (
    sip.InviteReceived
    | sip.AttemptFailed
    | sip.RedirectReceived
    | sip.CancelReceived
    | sip.ProvisionalReceived
    | sip.InviteAnswered
    | sip.InviteRefused
    | sip.AckReceived
    | sip.AckMissed
    | sip.OfferReceived
    | sip.OfferAsked
    | sip.OfferAnswered
    | sip.InfoReceived
    | sip.ReferReceived
    | sip.ReferAnswered
    | sip.ReferProgressed
    | sip.SessionExpired
    | sip.ByeReceived
    | sip.ByeAnswered
)


class Sessions(Protocol):
    """The sessions of one edge and how others are found from there; satisfied by net.sip_service."""

    edge: str

    def number(self, session: int) -> SessionId:
        """What calls know a session of this edge by."""

    def replaced(self, replaces: Replaces) -> SessionId | None:
        """The session, on whichever edge, that a Replaces names."""


def translate(event: SessionEvent, sessions: Sessions) -> SignallingEvent:
    """The same event for the exchange."""
    return WORDS[type(event)](event, sessions.number(event.session), sessions)


# --- an INVITE of ours -------------------------------------------------------------------------------------------


def _attempt_failed(event: sip.AttemptFailed, session: SessionId, _: Sessions) -> told.AttemptFailed:
    hop, response = event.hop, event.response
    silence = REQUEST_TIMEOUT if event.cause is sip.RefusalCause.TIMEOUT else SERVICE_UNAVAILABLE
    return told.AttemptFailed(
        session=session,
        place=f"{hop.transport.value.lower()} {print_host(hop.host, hop.port)}",
        cause=told.RefusalCause(event.cause.value),
        code=silence if response is None else response.code,
        reason=event.reason if response is None else response.reason,
    )


def _redirect_received(event: sip.RedirectReceived, session: SessionId, _: Sessions) -> told.RedirectReceived:
    return told.RedirectReceived(
        session=session,
        code=event.response.code,
        reason=event.response.reason,
        headers=headers_of(event.response),
        targets=tuple(readable(target) for target in event.targets),
    )


def _provisional_received(event: sip.ProvisionalReceived, session: SessionId, _: Sessions) -> told.ProvisionalReceived:
    return told.ProvisionalReceived(
        session=session,
        code=event.response.code,
        reason=event.response.reason,
        headers=headers_of(event.response),
        answer=session_description(event.response),
    )


def _invite_answered(event: sip.InviteAnswered, session: SessionId, _: Sessions) -> told.InviteAnswered:
    return told.InviteAnswered(
        session=session,
        code=event.response.code,
        reason=event.response.reason,
        headers=headers_of(event.response),
        answer=session_description(event.response),
        source_host=event.source.host,
    )


def _invite_refused(event: sip.InviteRefused, session: SessionId, _: Sessions) -> told.InviteRefused:
    return told.InviteRefused(
        session=session,
        cause=told.RefusalCause(event.cause.value),
        code=event.code,
        reason=event.reason,
        headers=headers_of(event.response),
    )


# --- an INVITE of a peer -----------------------------------------------------------------------------------------


def _invite_received(event: sip.InviteReceived, session: SessionId, sessions: Sessions) -> told.InviteReceived:
    request = event.request
    return told.InviteReceived(
        session=session,
        call_id=readable(request.call_id),
        request_uri=readable(request.text_uri),
        from_uri=readable(str(request.from_.uri)),
        from_display=readable(request.from_.display_name),
        to_uri=readable(str(request.to.uri)),
        headers=headers_of(request),
        offer=session_description(request),
        edge=sessions.edge,
        transport=event.source.transport.value.lower(),
        source_host=event.source.host,
        source_port=event.source.port,
        replaces=None if event.replaces is None else sessions.number(event.replaces),
        max_forwards=MOST_HOPS if request.max_forwards is None else min(MOST_HOPS, request.max_forwards),
    )


def _cancel_received(event: sip.CancelReceived, session: SessionId, _: Sessions) -> told.CancelReceived:
    return told.CancelReceived(session=session, headers=headers_of(event.request))


def _ack_received(event: sip.AckReceived, session: SessionId, _: Sessions) -> told.AckReceived:
    return told.AckReceived(session=session, answer=session_description(event.request))


def _ack_missed(_event: sip.AckMissed, session: SessionId, _: Sessions) -> told.AckMissed:
    return told.AckMissed(session=session)


# --- a session that is up ----------------------------------------------------------------------------------------


def _offer_received(event: sip.OfferReceived, session: SessionId, _: Sessions) -> told.OfferReceived:
    return told.OfferReceived(session=session, offer=session_description(event.request))


def _offer_asked(_event: sip.OfferAsked, session: SessionId, _: Sessions) -> told.OfferAsked:
    return told.OfferAsked(session=session)


def _offer_answered(event: sip.OfferAnswered, session: SessionId, _: Sessions) -> told.OfferAnswered:
    response = event.response
    answer = session_description(response) if response.is_success else None
    return told.OfferAnswered(session=session, code=response.code, answer=answer)


def _info_received(event: sip.InfoReceived, session: SessionId, _: Sessions) -> told.InfoReceived:
    return told.InfoReceived(session=session, content_type=media_type(event.request), body=event.request.body)


def _refer_received(event: sip.ReferReceived, session: SessionId, sessions: Sessions) -> told.ReferReceived:
    target = refer_target(event.request)
    replaces = embedded_replaces(target)
    return told.ReferReceived(
        session=session,
        target=readable(target),
        referred_by=readable(event.request.headers.get("Referred-By") or ""),
        headers=headers_of(event.request),
        replaces=None if replaces is None else sessions.replaced(replaces),
    )


def _refer_answered(event: sip.ReferAnswered, session: SessionId, _: Sessions) -> told.ReferAnswered:
    response = event.response
    return told.ReferAnswered(
        session=session,
        code=REQUEST_TIMEOUT if response is None else response.code,
        reason="" if response is None else response.reason,
        headers=headers_of(response),
    )


def _refer_progressed(event: sip.ReferProgressed, session: SessionId, _: Sessions) -> told.ReferProgressed:
    return told.ReferProgressed(session=session, code=event.code, reason=event.reason, is_final=event.is_final)


def _session_expired(_event: sip.SessionExpired, session: SessionId, _: Sessions) -> told.SessionExpired:
    return told.SessionExpired(session=session)


def _bye_received(event: sip.ByeReceived, session: SessionId, _: Sessions) -> told.ByeReceived:
    return told.ByeReceived(session=session, headers=headers_of(event.request))


def _bye_answered(event: sip.ByeAnswered, session: SessionId, _: Sessions) -> told.ByeAnswered:
    code = REQUEST_TIMEOUT if event.response is None else event.response.code
    return told.ByeAnswered(session=session, code=code, headers=headers_of(event.response))


WORDS: Mapping[type, Callable[[Any, SessionId, Sessions], SignallingEvent]] = MappingProxyType(
    {
        sip.InviteReceived: _invite_received,
        sip.AttemptFailed: _attempt_failed,
        sip.RedirectReceived: _redirect_received,
        sip.CancelReceived: _cancel_received,
        sip.ProvisionalReceived: _provisional_received,
        sip.InviteAnswered: _invite_answered,
        sip.InviteRefused: _invite_refused,
        sip.AckReceived: _ack_received,
        sip.AckMissed: _ack_missed,
        sip.OfferReceived: _offer_received,
        sip.OfferAsked: _offer_asked,
        sip.OfferAnswered: _offer_answered,
        sip.InfoReceived: _info_received,
        sip.ReferReceived: _refer_received,
        sip.ReferAnswered: _refer_answered,
        sip.ReferProgressed: _refer_progressed,
        sip.SessionExpired: _session_expired,
        sip.ByeReceived: _bye_received,
        sip.ByeAnswered: _bye_answered,
    }
)

"""What the first request of a call says of its SIP leg (contract 1 §4.3, §6.4)."""

from dataclasses import replace

from offhook.calls.admission import Admitted
from offhook.calls.call import Call
from offhook.calls.events import InviteReceived
from offhook.calls.header_parameters import header_parameters
from offhook.calls.ports import ProgramStart
from offhook.sip.errors import SipError
from offhook.sip.uri import SipUri


def with_answered_parameters(start: ProgramStart, call: Call) -> ProgramStart:
    """The start with SipCallId, SipDomain, SipSourceIp and the X- headers of the 200 OK."""
    placed, answered = call.leg.placed, call.leg.answered_by
    if placed is None or answered is None:
        return start
    parameters = {
        "SipCallId": placed.call_id,
        "SipDomain": _host_of(placed.to_uri),
        "SipSourceIp": answered.source_host,
        **header_parameters(answered.headers, "SipHeader_"),
    }
    return replace(start, extra_parameters={**start.extra_parameters, **parameters})


def received_parameters(invite: InviteReceived, admitted: Admitted) -> dict[str, str]:
    """What the first request of an inbound call says of its INVITE (contract 1 §6.4); numbers get it as well."""
    route = admitted.route
    parameters = {
        "SipCallId": invite.call_id,
        "SipSourceIp": invite.source_host,
        "SipDomain": route.sip_domain or _host_of(invite.request_uri),
        **header_parameters(invite.headers, "SipHeader_", with_uui=True),
    }
    if route.sip_domain_sid is not None:
        parameters["SipDomainSid"] = route.sip_domain_sid
    if admitted.username is not None:
        parameters["SipUsername"] = admitted.username
    return parameters


def _host_of(uri: str) -> str:
    try:
        return SipUri.parse(uri).host
    except SipError:
        return ""

"""POST Calls: its parameters checked in the order of contract 1 §1.9 (To, Url or Twiml, From, the rest)."""

import re
from dataclasses import dataclass

from offhook.calls.exchange import PlaceCall
from offhook.calls.ports import ProgramStart, SipCredentials
from offhook.calls.recording import RecordingOrder
from offhook.calls.sip_target import InvalidTarget, parse_target
from offhook.model.call import CallEvent, StatusCallback
from offhook.model.numbers import is_e164, is_sip_user, sip_user_of
from offhook.model.sids import AccountSid
from offhook.rest import errors
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form
from offhook.rest.parameters import target, truth, whole
from offhook.rest.recording_order import read_recording_order

TWIML_LENGTH = 4000  # characters
CREDENTIAL_LENGTH = 255
DEFAULT_TIMEOUT = 60
LONGEST_TIMEOUT = 600
LONGEST_CALL = 86_400

# What sip_target only warns of and the API refuses (contract 1 §1.9): the code of each.
_REFUSED_HEADERS = {
    13253: errors.HEADERS_TOO_LONG,
    32111: errors.HEADER_NAME,
    32112: errors.HEADER_VALUE,
}
_SIP = re.compile(r"sips?:", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PUNCTUATION = re.compile(r"[ ().-]")
_DIGITS = re.compile(r"[0-9A-D#*wW]{1,32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Known parameters that nothing acts on yet; a call that asks for them is placed, with a warning on it.
IGNORED = ("MachineDetection", "AsyncAmd", "Byoc", "ClientNotificationUrl")
RECORDING_SOURCE = "OutboundAPI"

Warnings = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOrder:
    """A call to place, and what its maker is warned of."""

    order: PlaceCall
    warnings: Warnings = ()


def read_order(form: Form, account_sid: AccountSid) -> CheckedOrder:
    """The call that a form asks for. Raises InvalidParameter."""
    to = _read_to(form)
    start, start_warnings = read_start(form)
    from_ = _read_from(form, to)
    status_callback, callback_warnings = read_status_callback(form)
    send_digits = form.text("SendDigits")
    if send_digits is not None and not _DIGITS.fullmatch(send_digits):
        message = f"SendDigits takes up to 32 of 0-9 A-D # * w W, not {send_digits[:80]!r}"
        raise InvalidParameter(errors.SEND_DIGITS, message)
    order = PlaceCall(
        account_sid=account_sid,
        to=to,
        from_=from_,
        start=start,
        status_callback=status_callback,
        timeout=whole(form, "Timeout", 1, LONGEST_TIMEOUT, errors.TIMEOUT) or DEFAULT_TIMEOUT,
        time_limit=whole(form, "TimeLimit", 1, LONGEST_CALL, errors.INVALID_PARAMETER),
        send_digits=send_digits,
        caller_id=_read_caller_id(form),
        credentials=_read_credentials(form),
        recording=_read_recording(form),
    )
    return CheckedOrder(order=order, warnings=(*start_warnings, *callback_warnings, *_ignored(form)))


def read_start(form: Form) -> tuple[ProgramStart, Warnings]:
    """What the call runs. Raises InvalidParameter (21205, 21209, 32018)."""
    twiml = form.text("Twiml")
    if form.text("Url") is None and twiml is None:
        raise InvalidParameter(errors.INVALID_URL, "Url parameter is required.")
    document = target(form, "Url", "Method")
    fallback = target(form, "FallbackUrl", "FallbackMethod")
    if document is not None:
        told = ((errors.TWIML_AND_URL, "Url and Twiml were both given: Twiml is ignored"),) if twiml else ()
        return ProgramStart(document=document, fallback=fallback), told
    if twiml is not None and len(twiml) > TWIML_LENGTH:
        message = f"Twiml may have {TWIML_LENGTH} characters at most, this one has {len(twiml)}"
        raise InvalidParameter(errors.TWIML_TOO_LONG, message)
    return ProgramStart(twiml=twiml, fallback=fallback), ()


def read_status_callback(form: Form) -> tuple[StatusCallback | None, Warnings]:
    """Where progress is told; events come as repeated keys or separated by spaces. Raises InvalidParameter."""
    where = target(form, "StatusCallback", "StatusCallbackMethod", is_hostname_strict=True)
    if where is None:
        return None, ()
    events: set[CallEvent] = set()
    unknown: list[str] = []
    for word in " ".join(form.all("StatusCallbackEvent")).split():
        try:
            events.add(CallEvent(word.lower()))
        except ValueError:
            unknown.append(word[:80])
    told = tuple((errors.UNKNOWN_PARAMETERS, f"StatusCallbackEvent: there is no event {word!r}") for word in unknown)
    return StatusCallback(target=where, events=frozenset(events or {CallEvent.COMPLETED})), told[:5]


def number_or_text(text: str) -> str:
    """A number as it was meant: a form decodes an unescaped plus sign to a space, which `text` lost by trimming."""
    return _PUNCTUATION.sub("", text) if is_e164(_PUNCTUATION.sub("", text)) else text


def _read_to(form: Form) -> str:
    to = form.text("To")
    if to is None:
        raise InvalidParameter(errors.NO_TO, "No 'To' number is specified")
    if _SIP.match(to):
        _check_sip(to)
        return to
    number = number_or_text(_with_lost_plus(form, "To", to))
    if not is_e164(number):
        scheme = _SCHEME.match(to)
        what = f"{scheme[0]} addresses are not called by this version" if scheme else "expected +country or sip:"
        raise InvalidParameter(errors.INVALID_TO, f"{_invalid_to(to)} ({what})")
    return number


def _check_sip(to: str) -> None:
    try:
        parsed = parse_target(to)
    except InvalidTarget as error:
        raise InvalidParameter(errors.INVALID_TO, f"{_invalid_to(to)} ({error})") from error
    for code, text in parsed.warnings:
        if code in _REFUSED_HEADERS:
            raise InvalidParameter(_REFUSED_HEADERS[code], text)


def _invalid_to(to: str) -> str:
    return f"The phone number you are attempting to call, {to[:300]}, is not valid."


def _read_from(form: Form, to: str) -> str:
    from_ = form.text("From")
    if from_ is None:
        raise InvalidParameter(errors.NO_FROM, "No 'From' number is specified")
    from_ = number_or_text(_with_lost_plus(form, "From", from_))
    if _SIP.match(to):
        if not is_sip_user(from_):
            message = f"From {from_[:80]!r} is not valid: for a SIP address it takes letters, digits and + - _ ."
            raise InvalidParameter(errors.INVALID_FROM, message)
        return from_
    if not is_e164(from_):
        raise InvalidParameter(errors.INVALID_FROM, f"From {from_[:80]!r} is not a phone number in E.164 form")
    if from_ == to:
        raise InvalidParameter(errors.INVALID_TO, f"{_invalid_to(to)} (it is the caller's own)")
    return from_


def _with_lost_plus(form: Form, name: str, text: str) -> str:
    raw = form.all(name)[-1]
    return f"+{text}" if raw.startswith(" ") and text[:1].isdigit() else text


def _read_caller_id(form: Form) -> str | None:
    text = form.text("CallerId")
    if text is None:
        return None
    user = sip_user_of(_with_lost_plus(form, "CallerId", text))
    if not is_sip_user(user):
        raise InvalidParameter(errors.INVALID_FROM, f"CallerId {text[:80]!r} is no number, SIP address or client")
    return user


def _read_credentials(form: Form) -> SipCredentials | None:
    username, password = form.text("SipAuthUsername"), form.text("SipAuthPassword")
    if username is None:
        return None
    if len(username) > CREDENTIAL_LENGTH:
        raise InvalidParameter(errors.USERNAME_TOO_LONG, "SipAuthUsername must be shorter than 256 characters")
    # RFC 7616 §3.4.2: the colon ends the name in what is hashed.
    if _CONTROL.search(username) or ":" in username:
        raise InvalidParameter(errors.USERNAME_CHARACTERS, "SipAuthUsername has a colon or a control character")
    if password is None:
        raise InvalidParameter(errors.NO_PASSWORD, "SipAuthUsername needs SipAuthPassword")
    if len(password) > CREDENTIAL_LENGTH:
        raise InvalidParameter(errors.PASSWORD_TOO_LONG, "SipAuthPassword must be shorter than 256 characters")
    if _CONTROL.search(password):
        raise InvalidParameter(errors.PASSWORD_CHARACTERS, "SipAuthPassword has a control character")
    return SipCredentials(username=username, password=password)


def _read_recording(form: Form) -> RecordingOrder | None:
    return read_recording_order(form, RECORDING_SOURCE, trim="trim-silence") if truth(form, "Record") else None


def _ignored(form: Form) -> Warnings:
    names = [name for name in IGNORED if form.text(name) is not None and (form.text(name) or "").lower() != "false"]
    return tuple(
        (errors.UNKNOWN_PARAMETERS, f"{name} is not supported by this version and is ignored") for name in names
    )
